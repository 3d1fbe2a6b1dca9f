/**
 * Mapped memory and its lifetime: files mapped as a whole, their regions as blob sources, and leases.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.internal.memory},
 * {@code io.blobstore.internal.file} and slf4j. Independent of stores and of the transfer engine.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.memory;

import org.jspecify.annotations.NullMarked;
