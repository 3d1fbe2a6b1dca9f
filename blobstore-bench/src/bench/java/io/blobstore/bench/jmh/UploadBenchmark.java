package io.blobstore.bench.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What it takes to upload a mapped file in parts. */
public class UploadBenchmark extends TransferBenchmark {
    /** Who uploads. */
    public static class Uploads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "SENDFILE",
            "JDK_HTTP_CLIENT",
            "NETTY_ASYNC",
            "NETTY_ASYNC_DEFAULT",
            "CRT_ASYNC",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "CRT_TRANSFER_MANAGER_DEFAULT",
            "NETTY_TRANSFER_MANAGER_DEFAULT",
            "APACHE_SYNC",
            "URL_CONNECTION_SYNC",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "OPENDAL_WHOLE",
            "GCS_BLOBSTORE",
            "GCS_MULTIPART_CLIENT",
            "GCS_TRANSFER_MANAGER",
            "GCS_TRANSFER_MANAGER_DEFAULT",
            "GCS_WRITE_SESSION"
        })
        private String client;

        /** For JMH. */
        public Uploads() {
            super("UPLOAD");
        }
    }

    /** Uploads all of it. */
    @Benchmark
    public void upload(Uploads uploads) throws Exception {
        uploads.move();
    }
}
