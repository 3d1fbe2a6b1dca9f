package io.blobstore.bench.jmh;

import org.openjdk.jmh.annotations.Benchmark;

/**
 * How an upload scales: to be run over one of the parameters at a time, as in {@code -p client=BLOBSTORE -p
 * transport=HTTP -p mib=256,1024,4096,8192}.
 */
public class ScalingBenchmark extends TransferBenchmark {
    /** Uploads all of it. */
    @Benchmark
    public void upload(UploadBenchmark.Uploads uploads) throws Exception {
        uploads.move();
    }
}
