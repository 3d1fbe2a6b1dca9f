package io.blobstore.bench;

import static io.blobstore.bench.Competitor.APACHE_SYNC;
import static io.blobstore.bench.Competitor.BLOBSTORE;
import static io.blobstore.bench.Competitor.CRT_ASYNC;
import static io.blobstore.bench.Competitor.CRT_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.GCS_BLOBSTORE;
import static io.blobstore.bench.Competitor.GCS_MULTIPART_CLIENT;
import static io.blobstore.bench.Competitor.GCS_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.GCS_WRITE_SESSION;
import static io.blobstore.bench.Competitor.HAND_ROLLED;
import static io.blobstore.bench.Competitor.NETTY_ASYNC;
import static io.blobstore.bench.Competitor.NETTY_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.PARALLEL_READER;
import static io.blobstore.bench.Competitor.READER;
import static io.blobstore.bench.Competitor.READER_WITHOUT_READ_AHEAD;
import static io.blobstore.bench.Competitor.URL_CONNECTION_SYNC;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/**
 * What is measured side by side: which way the bytes go, what they go through, who takes part, and what has to come
 * out.
 */
enum Scenario {
    HTTP_UPLOAD(
            "Upload over HTTP",
            BLOBSTORE,
            Direction.UPLOAD,
            Transport.HTTP,
            List.of(BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER),
            List.of(
                    Bar.cpu(1.25, HAND_ROLLED),
                    Bar.cpu(0.6, CRT_TRANSFER_MANAGER),
                    Bar.cpu(0.25, NETTY_TRANSFER_MANAGER)),
            OptionalInt.of(8)),
    HTTPS_UPLOAD(
            "Upload over HTTPS, OpenSSL engine (BoringSSL)",
            BLOBSTORE,
            Direction.UPLOAD,
            Transport.HTTPS_OPENSSL,
            List.of(BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER),
            List.of(Bar.cpu(1.25, HAND_ROLLED), Bar.cpu(0.6, CRT_TRANSFER_MANAGER)),
            OptionalInt.of(16)),
    HTTPS_UPLOAD_JDK(
            "Upload over HTTPS, the JDK's engine",
            BLOBSTORE,
            Direction.UPLOAD,
            Transport.HTTPS_JDK,
            List.of(BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, APACHE_SYNC, URL_CONNECTION_SYNC),
            List.of(Bar.cpu(1, NETTY_ASYNC, APACHE_SYNC, URL_CONNECTION_SYNC)),
            OptionalInt.empty()),
    HTTP_READ(
            "Ranged reads over HTTP",
            BLOBSTORE,
            Direction.READ,
            Transport.HTTP,
            List.of(
                    BLOBSTORE,
                    HAND_ROLLED,
                    NETTY_ASYNC,
                    CRT_ASYNC,
                    APACHE_SYNC,
                    URL_CONNECTION_SYNC,
                    CRT_TRANSFER_MANAGER,
                    NETTY_TRANSFER_MANAGER),
            List.of(
                    Bar.cpu(1.25, HAND_ROLLED),
                    Bar.cpu(0.2, NETTY_TRANSFER_MANAGER),
                    Bar.cpu(0.5, CRT_TRANSFER_MANAGER),
                    Bar.cpu(1, APACHE_SYNC, URL_CONNECTION_SYNC)),
            OptionalInt.of(8)),
    HTTP_DOWNLOAD(
            "Download to a new file over HTTP",
            BLOBSTORE,
            Direction.DOWNLOAD,
            Transport.HTTP,
            List.of(BLOBSTORE, HAND_ROLLED, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER),
            List.of(Bar.cpu(1.15, HAND_ROLLED)),
            OptionalInt.of(8)),
    HTTPS_READ(
            "Ranged reads over HTTPS, OpenSSL engine (BoringSSL)",
            BLOBSTORE,
            Direction.READ,
            Transport.HTTPS_OPENSSL,
            List.of(BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC),
            List.of(),
            OptionalInt.empty()),
    HTTPS_DOWNLOAD(
            "Download to a new file over HTTPS, OpenSSL engine (BoringSSL)",
            BLOBSTORE,
            Direction.DOWNLOAD,
            Transport.HTTPS_OPENSSL,
            List.of(BLOBSTORE, HAND_ROLLED, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER),
            List.of(),
            OptionalInt.empty()),
    GCS_HTTP_UPLOAD(
            "Upload to Cloud Storage over HTTP",
            GCS_BLOBSTORE,
            Direction.UPLOAD,
            Transport.HTTP,
            List.of(GCS_BLOBSTORE, BLOBSTORE, GCS_MULTIPART_CLIENT, GCS_TRANSFER_MANAGER, GCS_WRITE_SESSION),
            List.of(Bar.cpu(1.1, BLOBSTORE), Bar.cpu(0.4, GCS_MULTIPART_CLIENT), Bar.cpu(0.3, GCS_TRANSFER_MANAGER)),
            OptionalInt.of(8)),
    GCS_HTTPS_UPLOAD(
            "Upload to Cloud Storage over HTTPS, OpenSSL engine (BoringSSL)",
            GCS_BLOBSTORE,
            Direction.UPLOAD,
            Transport.HTTPS_OPENSSL,
            List.of(GCS_BLOBSTORE, BLOBSTORE, GCS_MULTIPART_CLIENT, GCS_TRANSFER_MANAGER, GCS_WRITE_SESSION),
            List.of(Bar.cpu(1.1, BLOBSTORE), Bar.cpu(0.4, GCS_MULTIPART_CLIENT), Bar.cpu(0.3, GCS_TRANSFER_MANAGER)),
            OptionalInt.of(16)),
    GCS_HTTP_READ(
            "Ranged reads from Cloud Storage over HTTP",
            GCS_BLOBSTORE,
            Direction.READ,
            Transport.HTTP,
            List.of(GCS_BLOBSTORE, BLOBSTORE),
            List.of(Bar.cpu(1.1, BLOBSTORE)),
            OptionalInt.of(8)),
    READ_IN_SEQUENCE(
            "In sequence, 1 MiB at a time, from afar",
            READER,
            Direction.SEQUENCE,
            Transport.HTTP,
            List.of(READER, READER_WITHOUT_READ_AHEAD, PARALLEL_READER),
            List.of(Bar.wall(0.1, READER_WITHOUT_READ_AHEAD), Bar.wall(1 / 0.8, PARALLEL_READER)),
            OptionalInt.empty()),
    READ_AT_RANDOM(
            "Here and there, 1 MiB at a time, from afar",
            READER,
            Direction.RANDOM,
            Transport.HTTP,
            List.of(READER, READER_WITHOUT_READ_AHEAD),
            List.of(Bar.wall(1.05, READER_WITHOUT_READ_AHEAD)),
            OptionalInt.empty()),
    HTTP_PUT(Direction.PUT, Transport.HTTP),
    HTTPS_PUT(Direction.PUT, Transport.HTTPS_OPENSSL),
    HTTP_GET(Direction.GET, Transport.HTTP),
    HTTPS_GET(Direction.GET, Transport.HTTPS_OPENSSL);

    /** Which way the bytes go. */
    enum Direction {
        UPLOAD,
        /** Into memory that is there. */
        READ,
        /** Into a new file. */
        DOWNLOAD,
        /** Piece by piece, into the same memory. */
        SEQUENCE,
        /** A few pieces, each from somewhere else. */
        RANDOM,
        /** Small objects, each by one request. */
        PUT,
        /** Small objects, each by one request, into memory that is there. */
        GET;

        boolean isUpload() {
            return this == UPLOAD || this == PUT;
        }

        boolean isOfSmallObjects() {
            return this == PUT || this == GET;
        }

        /** Whether it is the same with hardly any content. */
        boolean canBeRehearsed() {
            return this == UPLOAD || this == READ || this == DOWNLOAD;
        }
    }

    /** What the bytes go through; for HTTPS, by which engine of the client, where it can choose. */
    enum Transport {
        HTTP,
        HTTPS_OPENSSL,
        HTTPS_JDK;

        boolean isEncrypted() {
            return this != HTTP;
        }
    }

    /**
     * The subject must not take more than so many times what another way takes.
     *
     * @param factor the most times
     * @param others the other ways: the cheapest of them counts
     */
    record Bar(Metric metric, double factor, List<Competitor> others) {
        static Bar cpu(double factor, Competitor... others) {
            return new Bar(Metric.CPU, factor, List.of(others));
        }

        static Bar wall(double factor, Competitor... others) {
            return new Bar(Metric.WALL, factor, List.of(others));
        }
    }

    /** What is compared. */
    enum Metric {
        CPU("CPU", Measurement::cpuSeconds),
        WALL("time", Measurement::wallSeconds);

        final String title;
        final ToDoubleFunction<Measurement> seconds;

        Metric(String title, ToDoubleFunction<Measurement> seconds) {
            this.title = title;
            this.seconds = seconds;
        }
    }

    final String title;
    /** Whose bars these are. */
    final Competitor subject;

    final Direction direction;
    final Transport transport;
    final List<Competitor> competitors;
    final List<Bar> bars;
    /** The most MiB that the subject may allocate on the heap for a GiB. */
    final OptionalInt heapBar;

    Scenario(
            String title,
            Competitor subject,
            Direction direction,
            Transport transport,
            List<Competitor> competitors,
            List<Bar> bars,
            OptionalInt heapBar) {
        this.title = title;
        this.subject = subject;
        this.direction = direction;
        this.transport = transport;
        this.competitors = competitors;
        this.bars = bars;
        this.heapBar = heapBar;
    }

    /** Of small objects: anybody, and without bars. */
    Scenario(Direction direction, Transport transport) {
        this(
                direction + " over " + transport,
                BLOBSTORE,
                direction,
                transport,
                List.of(),
                List.of(),
                OptionalInt.empty());
    }

    /** The first of a kind. */
    static Scenario of(Direction direction, boolean encrypted) {
        return Arrays.stream(values())
                .filter(scenario -> scenario.direction == direction && scenario.transport.isEncrypted() == encrypted)
                .findFirst()
                .orElseThrow();
    }

    /** What a round moves of a content. */
    long bytesOf(long size) {
        return switch (direction) {
            case RANDOM -> ReaderClient.RANDOM_BYTES;
            case PUT, GET -> SmallObjectsClient.OBJECTS * size;
            default -> size;
        };
    }
}
