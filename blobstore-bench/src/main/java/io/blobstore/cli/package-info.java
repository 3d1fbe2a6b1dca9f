/**
 * The {@code blobstore} command: a user of the library like any other.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.memory}, {@code io.blobstore.transfer},
 * picocli and jackson-jr. Knows backends by their URIs only: which of them are there is decided by the class path.
 */
@NullMarked
package io.blobstore.cli;

import org.jspecify.annotations.NullMarked;
