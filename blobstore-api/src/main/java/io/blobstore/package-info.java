/**
 * The contract: what a blob store is, the values it speaks in, the content it takes, and the errors it throws.
 *
 * <p>Implemented by the backends, used by everything else. May depend on {@code io.blobstore.internal.memory} and
 * {@code io.blobstore.internal.file}; knows no engine, no backend and no SDK.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore;

import org.jspecify.annotations.NullMarked;
