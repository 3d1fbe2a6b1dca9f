/**
 * Files on a local file system: detecting that a source file changed, publishing a file in one step, and sharing a
 * directory with other processes. Exported to the local store only.
 *
 * <p>May depend on the JDK and slf4j only.
 */
@NullMarked
package io.blobstore.internal.file;

import org.jspecify.annotations.NullMarked;
