/**
 * A pool of direct buffers. Exported to the modules of this library only.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.internal.buffer;

import org.jspecify.annotations.NullMarked;
