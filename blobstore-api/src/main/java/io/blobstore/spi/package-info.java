/**
 * Types that only backends need: the provider through which a store is found, the layout of an upload's parts, the
 * validation of ranges, the states of a multipart upload, the unfinished uploads of a store, and the events for its
 * observer.
 *
 * <p>Used by backends inside and outside this project; applications do not need it. May depend on {@code io.blobstore}
 * (the contract), which refers to this package as {@code java.nio.file} does to {@code java.nio.file.spi}, and on
 * slf4j.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.spi;

import org.jspecify.annotations.NullMarked;
