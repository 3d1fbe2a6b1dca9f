/**
 * The remote tier of a cache server: what is fetched from a bucket or an HTTP cache, and uploaded to it.
 *
 * <p>May depend on the contract, {@code spi}, {@code io.blobstore.transfer}, {@code io.blobstore.internal}, the cache,
 * zstd, blobstore-http, {@code io.blobstore.server} and what its endpoints share. Knows no endpoint.
 */
@NullMarked
package io.blobstore.server.internal.remote;

import org.jspecify.annotations.NullMarked;
