/**
 * How memory is mapped, counted and unmapped on each JDK, and how a forgotten lease is noticed. Not exported.
 *
 * <p>May depend on the JDK and slf4j only.
 */
@NullMarked
package io.blobstore.internal.memory;

import org.jspecify.annotations.NullMarked;
