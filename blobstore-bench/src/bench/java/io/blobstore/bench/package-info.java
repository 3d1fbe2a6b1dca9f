/**
 * The benchmarks: this library against the ways that other libraries, and a loop written by hand, move the same bytes.
 *
 * <p>Test code, as its class path holds what it compares with; see {@code ./benchmark --help}. This library is opened
 * by its URI, as anybody does it.
 */
@NullMarked
package io.blobstore.bench;

import org.jspecify.annotations.NullMarked;
