package io.blobstore.bench;

import static io.blobstore.bench.ClientType.*;

import io.blobstore.bench.Comparison.Pace;
import java.util.ArrayList;
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

    private Plan() {}

    /** Creates a comparison with the thresholds of its operation and transport. */
    static Comparison comparison(
            Operation operation, Transport transport, long size, int partSize, int concurrency, ClientType... clients) {
        String title = operation.title + " over " + transport.title;
        List<ClientType> types = List.of(clients);
        List<Threshold> thresholds = thresholds(operation, transport).stream()
                .filter(threshold -> types.contains(threshold.subject()))
                .toList();
        return new Comparison(title, operation, transport, size, partSize, concurrency, types, thresholds);
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
            case "SEQUENTIAL/HTTP" ->
                List.of(Threshold.time(0.1, READER_WITHOUT_READ_AHEAD), Threshold.time(1 / 0.8, WHOLE_DOWNLOAD));
            case "RANDOM/HTTP" -> List.of(Threshold.time(1.05, READER_WITHOUT_READ_AHEAD), Threshold.fetched(1.1));
            default -> List.of();
        };
    }

    /** Creates the steps of a report. */
    static List<Step> report(boolean quick) {
        int size = (quick ? 256 : 512) * MIB;
        Pace brief = new Pace(WarmUp.ofSeconds(2, 2, 3), 3, 0, 0.3);
        Pace steady = quick ? brief : new Pace(WarmUp.ofSeconds(5, 10, 26), 5, 0, 0.6);
        // The CPU time of new files varies by a factor of two with every client: a turn has three or more.
        Pace files = quick ? brief : new Pace(steady.warmUp(), 7, 0, 2.0);
        Pace small = quick ? brief : new Pace(WarmUp.ofSeconds(0, 3, 10), 4, 0, 0.4);
        List<Step> steps = new ArrayList<>();
        for (Transport transport : List.of(Transport.HTTP, Transport.HTTPS)) {
            steps.add(step(Operation.UPLOAD, transport, steady, size, quick));
            steps.add(step(Operation.READ, transport, steady, size, quick));
            steps.add(step(Operation.DOWNLOAD, transport, files, size, quick));
            if (!quick || transport == Transport.HTTP) {
                steps.add(new Step("small-objects-" + transport, small, smallObjects(transport, quick)));
            }
        }
        return steps;
    }

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

    /** Returns the clients of a report that support an operation. */
    private static ClientType[] clients(Operation operation, boolean quick) {
        return (quick ? QUICK : EnumSet.allOf(ClientType.class))
                .stream().filter(type -> type.supports(operation)).toArray(ClientType[]::new);
    }

    private static Step step(Operation operation, Transport transport, Pace pace, long size, boolean quick) {
        Comparison comparison = comparison(operation, transport, size, PART, CONCURRENCY, clients(operation, quick));
        return new Step(operation + "-" + transport, pace, List.of(comparison));
    }

    private static List<Comparison> smallObjects(Transport transport, boolean quick) {
        List<Comparison> comparisons = new ArrayList<>();
        for (Operation operation : List.of(Operation.PUT, Operation.GET)) {
            for (int bytes : quick ? List.of(4096) : List.of(4096, 65_536, MIB)) {
                ClientType[] clients = clients(operation, quick);
                comparisons.add(comparison(operation, transport, bytes, bytes, CONCURRENCY, clients));
            }
        }
        return comparisons;
    }
}
