package io.blobstore.bench;

import static io.blobstore.bench.ClientType.*;
import static io.blobstore.bench.Operation.*;
import static io.blobstore.bench.Transport.*;

import io.blobstore.bench.report.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark s3}. */
@Command(
        name = "s3",
        description = {
            "Compares this library with clients of the AWS SDK and a hand-written baseline: each uploads and reads an object in"
                    + " a JVM of its own, against a server on this machine that discards content. Measures CPU time, heap"
                    + " allocation and anonymous memory. Without an option for what to measure: everything.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class S3Bench extends ComparisonBench {
    private static final ClientType[] UPLOADS = {
        BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
    };
    private static final ClientType[] READS = {
        BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC, APACHE_SYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
    };

    @Option(names = "--http", description = "Measures uploads over HTTP.")
    boolean http;

    @Option(names = "--https", description = "Measures uploads over HTTPS, with BoringSSL and with the JDK's engine.")
    boolean https;

    @Option(names = "--read", description = "Measures reads into memory over HTTP.")
    boolean read;

    @Option(names = "--download", description = "Measures downloads into a new file over HTTP.")
    boolean download;

    @Option(names = "--read-https", description = "Measures reads over HTTPS, which have no threshold.")
    boolean readHttps;

    @Option(names = "--memory", description = "Measures whether memory is bounded: uploads the content 20 times.")
    boolean memory;

    private boolean isAll() {
        return !(http || https || read || download || readHttps || memory);
    }

    @Override
    List<Comparison> comparisons() {
        List<Comparison> all = new ArrayList<>();
        if (http || isAll()) {
            all.add(comparison(UPLOAD, HTTP, UPLOADS));
        }
        if (https || isAll()) {
            all.add(comparison(UPLOAD, HTTPS, UPLOADS));
            all.add(comparison(UPLOAD, HTTPS_JDK, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, APACHE_SYNC));
        }
        if (read || isAll()) {
            all.add(comparison(READ, HTTP, READS));
        }
        if (download || isAll()) {
            all.add(comparison(DOWNLOAD, HTTP, BLOBSTORE, HAND_ROLLED, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER));
        }
        if (readHttps || isAll()) {
            all.add(comparison(READ, HTTPS, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC));
        }
        return all;
    }

    @Override
    List<Verdict> measureMore(BenchmarkEnvironment environment, PrintWriter out)
            throws IOException, InterruptedException {
        return memory || isAll() ? new MemoryBound(environment, partMib << 20, only, out).run() : List.of();
    }
}
