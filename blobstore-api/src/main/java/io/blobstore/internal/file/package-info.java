/**
 * Detects whether a source file is still the one that was opened. Not exported.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.internal.file;

import org.jspecify.annotations.NullMarked;
