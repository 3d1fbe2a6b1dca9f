/** The remote tier of a cache server: what is fetched from a remote cache, and uploaded to it. */
@NullMarked
package io.blobstore.server.internal.remote;

import org.jspecify.annotations.NullMarked;
