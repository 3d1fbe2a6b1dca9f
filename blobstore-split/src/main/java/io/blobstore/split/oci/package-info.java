/**
 * Container images on disk, in the image layout of the Open Container Initiative: which images there are, and the blobs
 * that they consist of. {@code SplitEngine.importImage} stores an image in a repository.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.internal.concurrent},
 * {@code io.blobstore.split.internal.json} and zstd-jni. Knows no repository.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.oci;

import org.jspecify.annotations.NullMarked;
