/**
 * Reads JSON of untrusted origin, in bounded memory.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.split.internal.json;

import org.jspecify.annotations.NullMarked;
