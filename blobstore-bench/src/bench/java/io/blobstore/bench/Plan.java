package io.blobstore.bench;

import static io.blobstore.bench.ClientType.APACHE_SYNC;
import static io.blobstore.bench.ClientType.BLOBSTORE;
import static io.blobstore.bench.ClientType.CRT_ASYNC;
import static io.blobstore.bench.ClientType.CRT_TRANSFER_MANAGER;
import static io.blobstore.bench.ClientType.GCS_BLOBSTORE;
import static io.blobstore.bench.ClientType.GCS_MULTIPART_CLIENT;
import static io.blobstore.bench.ClientType.GCS_TRANSFER_MANAGER;
import static io.blobstore.bench.ClientType.HAND_ROLLED;
import static io.blobstore.bench.ClientType.JDK_HTTP_CLIENT;
import static io.blobstore.bench.ClientType.NETTY_ASYNC;
import static io.blobstore.bench.ClientType.NETTY_TRANSFER_MANAGER;
import static io.blobstore.bench.Operation.DOWNLOAD;
import static io.blobstore.bench.Operation.READ;
import static io.blobstore.bench.Operation.UPLOAD;
import static io.blobstore.bench.Transport.HTTP;
import static io.blobstore.bench.Transport.HTTPS;
import static io.blobstore.bench.Transport.HTTPS_JDK;

import io.blobstore.bench.Comparison.Pace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What is compared: operations, transports, clients, sizes and thresholds. */
final class Plan {
    private static final int MIB = 1 << 20;
    private static final int PART = 8 * MIB;
    private static final int CONCURRENCY = 4;

    /** Comparisons that are measured, and stored in one file, as a whole. */
    record Step(String name, Pace pace, List<Comparison> comparisons) {}

    /** A comparison of a suite. */
    record Choice(String option, Operation operation, Transport transport, ClientType... clients) {
        String title() {
            return Plan.title(operation, transport);
        }

        /** Returns the comparison with no other clients than the given ones. */
        Comparison of(Set<ClientType> only, long size, int partSize, int concurrency) {
            ClientType[] types = Arrays.stream(clients).filter(only::contains).toArray(ClientType[]::new);
            return comparison(operation, transport, size, partSize, concurrency, types);
        }
    }

    /**
     * The comparisons of a command.
     *
     * @param subject the client whose thresholds are checked
     * @param leastMib the least allowed size
     * @param mostMib the greatest allowed size
     * @param choices the comparisons, which are selected by their options; all if no option is given
     */
    record Suite(
            String name, String description, ClientType subject, int leastMib, int mostMib, List<Choice> choices) {}

    private static final ClientType[] S3_UPLOADS = {
        BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
    };
    private static final ClientType[] S3_READS = {
        BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC, APACHE_SYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
    };
    private static final ClientType[] GCS_UPLOADS = {
        GCS_BLOBSTORE, BLOBSTORE, GCS_MULTIPART_CLIENT, GCS_TRANSFER_MANAGER
    };

    static final Suite S3 = new Suite(
            "s3",
            "Compares this library with clients of the AWS SDK and a hand-written baseline: each uploads and reads an"
                    + " object in a JVM of its own, against a server on this machine that discards content. Measures CPU"
                    + " time, heap allocation and anonymous memory. Without an option for what to measure: everything.",
            BLOBSTORE,
            1,
            1024,
            List.of(
                    new Choice("--http", UPLOAD, HTTP, S3_UPLOADS),
                    new Choice("--https", UPLOAD, HTTPS, S3_UPLOADS),
                    new Choice("--https", UPLOAD, HTTPS_JDK, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, APACHE_SYNC),
                    new Choice("--read", READ, HTTP, S3_READS),
                    new Choice(
                            "--download",
                            DOWNLOAD,
                            HTTP,
                            BLOBSTORE,
                            HAND_ROLLED,
                            CRT_TRANSFER_MANAGER,
                            NETTY_TRANSFER_MANAGER),
                    new Choice("--read-https", READ, HTTPS, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC)));

    static final Suite GCS = new Suite(
            "gcs",
            "Compares this library's store for Cloud Storage with its store for S3 and with google-cloud-storage's"
                    + " parallel uploads, as benchmark s3 does. Without an option for what to measure: everything.",
            GCS_BLOBSTORE,
            1,
            1024,
            List.of(
                    new Choice("--http", UPLOAD, HTTP, GCS_UPLOADS),
                    new Choice("--https", UPLOAD, HTTPS, GCS_UPLOADS),
                    new Choice("--read", READ, HTTP, GCS_BLOBSTORE, BLOBSTORE)));

    /** The clients of a quick report. */
    private static final Set<ClientType> QUICK = EnumSet.of(
            BLOBSTORE,
            HAND_ROLLED,
            JDK_HTTP_CLIENT,
            CRT_TRANSFER_MANAGER,
            NETTY_TRANSFER_MANAGER,
            APACHE_SYNC,
            GCS_BLOBSTORE,
            GCS_MULTIPART_CLIENT,
            GCS_TRANSFER_MANAGER);

    private Plan() {}

    private static String title(Operation operation, Transport transport) {
        return operation.title + " over " + transport.title;
    }

    /** Creates a comparison with the thresholds of its operation and transport. */
    static Comparison comparison(
            Operation operation, Transport transport, long size, int partSize, int concurrency, ClientType... clients) {
        List<ClientType> types = List.of(clients);
        List<Threshold> thresholds = thresholds(operation, transport).stream()
                .filter(threshold -> types.contains(threshold.subject()))
                .toList();
        return new Comparison(
                title(operation, transport), operation, transport, size, partSize, concurrency, types, thresholds);
    }

    private static List<Threshold> thresholds(Operation operation, Transport transport) {
        return switch (operation + "/" + transport) {
            case "UPLOAD/HTTP" ->
                List.of(
                        Threshold.cpu(BLOBSTORE, 1.25, HAND_ROLLED),
                        Threshold.cpu(BLOBSTORE, 0.6, CRT_TRANSFER_MANAGER),
                        Threshold.cpu(BLOBSTORE, 0.25, NETTY_TRANSFER_MANAGER),
                        Threshold.heap(BLOBSTORE, 8),
                        Threshold.cpu(GCS_BLOBSTORE, 1.1, BLOBSTORE),
                        Threshold.cpu(GCS_BLOBSTORE, 0.4, GCS_MULTIPART_CLIENT),
                        Threshold.cpu(GCS_BLOBSTORE, 0.3, GCS_TRANSFER_MANAGER),
                        Threshold.heap(GCS_BLOBSTORE, 8));
            case "UPLOAD/HTTPS" ->
                List.of(
                        Threshold.cpu(BLOBSTORE, 1.25, HAND_ROLLED),
                        Threshold.cpu(BLOBSTORE, 0.6, CRT_TRANSFER_MANAGER),
                        Threshold.heap(BLOBSTORE, 16),
                        Threshold.cpu(GCS_BLOBSTORE, 1.1, BLOBSTORE),
                        Threshold.cpu(GCS_BLOBSTORE, 0.4, GCS_MULTIPART_CLIENT),
                        Threshold.cpu(GCS_BLOBSTORE, 0.3, GCS_TRANSFER_MANAGER),
                        Threshold.heap(GCS_BLOBSTORE, 16));
            case "UPLOAD/HTTPS_JDK" -> List.of(Threshold.cpu(BLOBSTORE, 1, NETTY_ASYNC, APACHE_SYNC));
            case "READ/HTTP" ->
                List.of(
                        Threshold.cpu(BLOBSTORE, 1.25, HAND_ROLLED),
                        Threshold.cpu(BLOBSTORE, 0.2, NETTY_TRANSFER_MANAGER),
                        Threshold.cpu(BLOBSTORE, 0.5, CRT_TRANSFER_MANAGER),
                        Threshold.cpu(BLOBSTORE, 1, APACHE_SYNC),
                        Threshold.heap(BLOBSTORE, 8),
                        Threshold.cpu(GCS_BLOBSTORE, 1.1, BLOBSTORE),
                        Threshold.heap(GCS_BLOBSTORE, 8));
            case "DOWNLOAD/HTTP" -> List.of(Threshold.cpu(BLOBSTORE, 1.15, HAND_ROLLED), Threshold.heap(BLOBSTORE, 8));
            default -> List.of();
        };
    }

    /** Creates the steps of a report, with no other clients than the given ones. */
    static List<Step> report(boolean quick, Set<ClientType> only) {
        List<ClientType> clients =
                only.stream().filter(type -> !quick || QUICK.contains(type)).toList();
        int size = (quick ? 256 : 512) * MIB;
        Pace brief = new Pace(WarmUp.ofSeconds(2, 2, 3), 3, 0, 0.3);
        Pace steady = quick ? brief : new Pace(WarmUp.ofSeconds(5, 10, 26), 5, 0, 0.6);
        // The CPU time of new files varies by a factor of two with every client: a turn has three or more.
        Pace files = quick ? brief : new Pace(steady.warmUp(), 7, 0, 2.0);
        Pace small = quick ? brief : new Pace(WarmUp.ofSeconds(0, 3, 10), 4, 0, 0.4);
        List<Step> steps = new ArrayList<>();
        for (Transport transport : List.of(HTTP, HTTPS)) {
            for (Operation operation : List.of(UPLOAD, READ, DOWNLOAD)) {
                Pace pace = operation == DOWNLOAD ? files : steady;
                Comparison all =
                        comparison(operation, transport, size, PART, CONCURRENCY, supporting(operation, clients));
                steps.add(new Step(operation + "-" + transport, pace, List.of(all)));
            }
            List<Comparison> comparisons = new ArrayList<>();
            for (Operation operation : List.of(Operation.PUT, Operation.GET)) {
                for (int bytes : quick ? List.of(4096) : List.of(4096, 65_536, MIB)) {
                    ClientType[] types = supporting(operation, clients);
                    comparisons.add(comparison(operation, transport, bytes, bytes, CONCURRENCY, types));
                }
            }
            if (!quick || transport == HTTP) {
                steps.add(new Step("small-objects-" + transport, small, comparisons));
            }
        }
        return steps;
    }

    private static ClientType[] supporting(Operation operation, List<ClientType> clients) {
        return clients.stream().filter(type -> type.supports(operation)).toArray(ClientType[]::new);
    }
}
