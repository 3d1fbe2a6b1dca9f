package io.blobstore.bench;

import static io.blobstore.bench.ClientType.*;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark gcs}. */
@Command(
        name = "gcs",
        description = {
            "Compares this library's store for Cloud Storage with its store for S3 and with google-cloud-storage's parallel"
                    + " uploads, as benchmark s3 does. Without an option for what to measure: everything.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class GcsBench extends ComparisonBench {
    @Option(names = "--http", description = "Measures uploads over HTTP.")
    boolean http;

    @Option(names = "--https", description = "Measures uploads over HTTPS with BoringSSL.")
    boolean https;

    @Option(names = "--read", description = "Measures reads into memory over HTTP.")
    boolean read;

    @Override
    ClientType subject() {
        return GCS_BLOBSTORE;
    }

    @Override
    List<Comparison> comparisons() {
        boolean isAll = !(http || https || read);
        List<Comparison> all = new ArrayList<>();
        if (http || isAll) {
            all.add(upload(Transport.HTTP));
        }
        if (https || isAll) {
            all.add(upload(Transport.HTTPS));
        }
        if (read || isAll) {
            all.add(comparison(Operation.READ, Transport.HTTP, GCS_BLOBSTORE, BLOBSTORE));
        }
        return all;
    }

    private Comparison upload(Transport transport) {
        return comparison(
                Operation.UPLOAD, transport, GCS_BLOBSTORE, BLOBSTORE, GCS_MULTIPART_CLIENT, GCS_TRANSFER_MANAGER);
    }
}
