/** The JMH benchmarks: {@code java -jar blobstore-benchmarks.jar -h}. Nothing depends on this package. */
@NullMarked
package io.blobstore.bench.jmh;

import org.jspecify.annotations.NullMarked;
