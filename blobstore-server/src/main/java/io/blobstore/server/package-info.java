/** A cache server over a {@link io.blobstore.cas.ContentCache}, to be embedded. */
@NullMarked
package io.blobstore.server;

import org.jspecify.annotations.NullMarked;
