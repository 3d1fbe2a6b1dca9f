package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark gcs}. */
@Command(
        name = "gcs",
        description = {
            "Uploads and reads an object by this library's store for Google Cloud Storage, by its store for S3, and by"
                    + " google-cloud-storage's own ways to upload in parallel, each in a JVM of its own, against a server on this machine"
                    + " that throws away what it gets.",
            "",
            "Measures the CPU time of the client's process, user and system, what it allocates on the heap, and its anonymous"
                    + " memory. Without one of the options for what to measure: all of them.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class GcsBench extends StoreBench {
    @Option(names = "--http", description = "Uploads over HTTP.")
    boolean http;

    @Option(names = "--https", description = "Uploads over HTTPS, with the engine of OpenSSL.")
    boolean https;

    @Option(names = "--read", description = "Ranged reads over HTTP.")
    boolean read;

    private boolean isAll() {
        return !(http || https || read);
    }

    @Override
    List<Scenario> scenarios() {
        List<Scenario> scenarios = new ArrayList<>();
        if (http || isAll()) {
            scenarios.add(Scenario.GCS_HTTP_UPLOAD);
        }
        if (https || isAll()) {
            scenarios.add(Scenario.GCS_HTTPS_UPLOAD);
        }
        if (read || isAll()) {
            scenarios.add(Scenario.GCS_HTTP_READ);
        }
        return scenarios;
    }

    @Override
    boolean measuresMemory() {
        return false;
    }
}
