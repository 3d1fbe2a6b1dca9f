/**
 * The code that the S3 and the Cloud Storage backends share: the bucket and its error translation, ranged reads,
 * conditional requests, listings, URI parameters and the settings of a builder. Internal: exported to these backends
 * and to the cache server.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.spi}, {@code io.blobstore.internal.concurrent},
 * {@code io.blobstore.http} and slf4j. Independent of any SDK and any particular server.
 */
@NullMarked
package io.blobstore.http.objects;

import org.jspecify.annotations.NullMarked;
