/**
 * What the engines and the stores must agree on about threads. Exported to the stores' modules only.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.internal.concurrent;

import org.jspecify.annotations.NullMarked;
