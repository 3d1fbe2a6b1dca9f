package io.blobstore.bench.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What it takes to read an object in ranges: into mapped memory every page of which is there, and into a new file. */
public class DownloadBenchmark extends TransferBenchmark {
    /** Who reads into memory. */
    public static class Reads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "JDK_HTTP_CLIENT",
            "NETTY_ASYNC",
            "CRT_ASYNC",
            "APACHE_SYNC",
            "URL_CONNECTION_SYNC",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "GCS_BLOBSTORE",
            "GCS_STORAGE",
            "GCS_STORAGE_DEFAULT"
        })
        private String client;

        /** For JMH. */
        public Reads() {
            super("READ");
        }
    }

    /** Who downloads. */
    public static class Downloads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "JDK_HTTP_CLIENT",
            "NETTY_ASYNC_DEFAULT",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "CRT_TRANSFER_MANAGER_DEFAULT",
            "NETTY_TRANSFER_MANAGER_DEFAULT",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "GCS_BLOBSTORE",
            "GCS_TRANSFER_MANAGER",
            "GCS_TRANSFER_MANAGER_DEFAULT",
            "GCS_STORAGE_DEFAULT"
        })
        private String client;

        /** For JMH. */
        public Downloads() {
            super("DOWNLOAD");
        }
    }

    /** Reads all of it into memory. */
    @Benchmark
    public void intoMemory(Reads reads) throws Exception {
        reads.move();
    }

    /** Reads all of it into a new file. */
    @Benchmark
    public void intoFile(Downloads downloads) throws Exception {
        downloads.move();
    }
}
