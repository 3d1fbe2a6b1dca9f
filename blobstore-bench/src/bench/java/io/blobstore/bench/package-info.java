/**
 * The benchmarks: this library compared with other clients and with a hand-written baseline; see {@code ./benchmark
 * --help}. They are test code, so that other clients are not on the command's class path.
 */
@NullMarked
package io.blobstore.bench;

import org.jspecify.annotations.NullMarked;
