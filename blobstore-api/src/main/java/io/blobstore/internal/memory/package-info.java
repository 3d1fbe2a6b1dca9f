/**
 * Maps and unmaps memory on each JDK, counts leases, and reports leaked ones. Not exported.
 *
 * <p>May depend on the JDK and slf4j only.
 */
@NullMarked
package io.blobstore.internal.memory;

import org.jspecify.annotations.NullMarked;
