package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark s3}. */
@Command(
        name = "s3",
        description = {
            "Uploads and reads an object by this library, by the AWS SDK's clients and by a loop written by hand, each in a JVM"
                    + " of its own, against a server on this machine that throws away what it gets.",
            "",
            "Measures the CPU time of the client's process, user and system, what it allocates on the heap, and its anonymous"
                    + " memory. Without one of the options for what to measure: all of them.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class S3Bench extends StoreBench {
    @Option(names = "--http", description = "Uploads over HTTP.")
    boolean http;

    @Option(names = "--https", description = "Uploads over HTTPS, with the engine of OpenSSL and with the JDK's.")
    boolean https;

    @Option(names = "--read", description = "Ranged reads over HTTP.")
    boolean read;

    @Option(names = "--download", description = "Reads into a new file over HTTP.")
    boolean download;

    @Option(names = "--read-https", description = "Ranged reads over HTTPS. There is no bar for them.")
    boolean readHttps;

    @Option(names = "--memory", description = "Whether memory is bounded: uploads the content 20 times.")
    boolean memory;

    private boolean isAll() {
        return !(http || https || read || download || readHttps || memory);
    }

    @Override
    List<Scenario> scenarios() {
        List<Scenario> scenarios = new ArrayList<>();
        if (http || isAll()) {
            scenarios.add(Scenario.HTTP_UPLOAD);
        }
        if (https || isAll()) {
            scenarios.add(Scenario.HTTPS_UPLOAD);
            scenarios.add(Scenario.HTTPS_UPLOAD_JDK);
        }
        if (read || isAll()) {
            scenarios.add(Scenario.HTTP_READ);
        }
        if (download || isAll()) {
            scenarios.add(Scenario.HTTP_DOWNLOAD);
        }
        if (readHttps || isAll()) {
            scenarios.add(Scenario.HTTPS_READ);
        }
        return scenarios;
    }

    @Override
    boolean measuresMemory() {
        return memory || isAll();
    }
}
