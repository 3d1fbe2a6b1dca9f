/**
 * The definition of an interrupted operation that the transfer engine and the stores share. Exported to the stores'
 * modules only.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.internal.concurrent;

import org.jspecify.annotations.NullMarked;
