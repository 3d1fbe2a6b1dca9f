/**
 * The {@code blobstore} command, which uses the public API only.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.directory}, {@code io.blobstore.memory},
 * {@code io.blobstore.transfer}, {@code io.blobstore.zstd}, {@code io.blobstore.server}, picocli and jackson-jr. Knows
 * backends by their URIs only: the class path determines which are available.
 */
@NullMarked
package io.blobstore.cli;

import org.jspecify.annotations.NullMarked;
