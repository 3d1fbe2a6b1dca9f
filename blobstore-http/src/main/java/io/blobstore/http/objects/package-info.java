/**
 * What the S3 and the Cloud Storage backend have in common: the bucket and its error translation, ranged reads,
 * conditional requests, listings, URI parameters and the settings of a builder. Internal: exported to these backends
 * only.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.spi}, {@code io.blobstore.internal.concurrent} and
 * {@code io.blobstore.http}. Knows no SDK and no particular server.
 */
@NullMarked
package io.blobstore.http.objects;

import org.jspecify.annotations.NullMarked;
