/**
 * Directory trees: uploads a tree to the blobs below a prefix, downloads, copies, synchronizes and deletes them.
 * {@code DirectoryTransfer} is the entry point.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.transfer} (which moves each file),
 * {@code io.blobstore.internal.buffer}, {@code io.blobstore.internal.concurrent}, {@code io.blobstore.internal.file}
 * and slf4j. Independent of backends.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.directory;

import org.jspecify.annotations.NullMarked;
