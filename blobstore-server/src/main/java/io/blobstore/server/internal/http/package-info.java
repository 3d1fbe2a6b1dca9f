/** The HTTP endpoint. */
@NullMarked
package io.blobstore.server.internal.http;

import org.jspecify.annotations.NullMarked;
