/**
 * The engine of the content-addressed cache: its index, its directory, its files. Internal: not exported.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cas.internal;

import org.jspecify.annotations.NullMarked;
