package io.blobstore.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * How an upload scales: to be run over one of the parameters at a time, as in {@code -p client=BLOBSTORE -p transport=HTTP
 * -p mib=256,1024,4096,8192}.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-Djmh.shutdownTimeout=2"})
public class ScalingBenchmark {
    /** Uploads all of it. */
    @Benchmark
    public void upload(UploadBenchmark.Uploads uploads, BenchmarkParams benchmark) throws Exception {
        uploads.move(benchmark);
    }
}
