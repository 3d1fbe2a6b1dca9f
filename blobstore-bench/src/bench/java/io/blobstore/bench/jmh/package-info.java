/**
 * The JMH benchmarks, one class for each question: {@code java -jar blobstore-benchmarks.jar -h}.
 *
 * <p>May depend on {@code io.blobstore.bench} for who is compared, and on the library's public face. Nothing depends on
 * this package.
 */
@NullMarked
package io.blobstore.bench.jmh;

import org.jspecify.annotations.NullMarked;
