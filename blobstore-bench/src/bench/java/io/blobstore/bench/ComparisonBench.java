package io.blobstore.bench;

import static io.blobstore.bench.ClientType.APACHE_SYNC;
import static io.blobstore.bench.ClientType.BLOBSTORE;
import static io.blobstore.bench.ClientType.CRT_ASYNC;
import static io.blobstore.bench.ClientType.CRT_TRANSFER_MANAGER;
import static io.blobstore.bench.ClientType.GCS_BLOBSTORE;
import static io.blobstore.bench.ClientType.GCS_MULTIPART_CLIENT;
import static io.blobstore.bench.ClientType.GCS_TRANSFER_MANAGER;
import static io.blobstore.bench.ClientType.HAND_ROLLED;
import static io.blobstore.bench.ClientType.NETTY_ASYNC;
import static io.blobstore.bench.ClientType.NETTY_TRANSFER_MANAGER;
import static io.blobstore.bench.ClientType.READER;
import static io.blobstore.bench.ClientType.READER_WITHOUT_READ_AHEAD;
import static io.blobstore.bench.ClientType.WHOLE_DOWNLOAD;
import static io.blobstore.bench.Operation.DOWNLOAD;
import static io.blobstore.bench.Operation.RANDOM;
import static io.blobstore.bench.Operation.READ;
import static io.blobstore.bench.Operation.SEQUENTIAL;
import static io.blobstore.bench.Operation.UPLOAD;
import static io.blobstore.bench.Transport.HTTP;
import static io.blobstore.bench.Transport.HTTPS;
import static io.blobstore.bench.Transport.HTTPS_JDK;

import io.blobstore.bench.report.ComparisonResult;
import io.blobstore.bench.report.MarkdownReport;
import io.blobstore.bench.report.Verdict;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that runs comparisons, prints their tables, and checks their thresholds. */
@SuppressWarnings("NullAway.Init") // picocli sets the command
abstract class ComparisonBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 7;

    @Option(names = "--repeats", paramLabel = "N", description = "Transfers in a round. Default: ${DEFAULT-VALUE}.")
    int repeats = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description =
                    "How long each client first rehearses with little content, and then at least works with all of it:"
                            + " until its JIT compilers are idle, or for another minute. 0 for none. Default: ${DEFAULT-VALUE}.")
    int warmUp = 10;

    @Option(names = "--mib", paramLabel = "N", description = "MiB of content. Default: ${DEFAULT-VALUE}.")
    int mib = 1024;

    @Option(names = "--part-mib", paramLabel = "N", description = "MiB of a part. Default: ${DEFAULT-VALUE}.")
    int partMib = 8;

    @Option(names = "--concurrency", paramLabel = "N", description = "Concurrent parts. Default: ${DEFAULT-VALUE}.")
    int concurrency = 4;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "The clients to measure: ${COMPLETION-CANDIDATES}. Default: all that the benchmark compares.")
    Set<ClientType> only = EnumSet.allOf(ClientType.class);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "Where to put the content. Default: /dev/shm if it has room, where nothing is written back to a"
                            + " disk, or else the directory for temporary files.")
    @Nullable Path directory;

    /** The client whose thresholds are checked. */
    private final ClientType subject;

    private final int leastMib;
    private final int mostMib;

    ComparisonBench(ClientType subject, int leastMib, int mostMib) {
        this.subject = subject;
        this.leastMib = leastMib;
        this.mostMib = mostMib;
    }

    /** Returns the comparisons, with all clients. */
    abstract List<Comparison> comparisons();

    final Comparison comparison(Operation operation, Transport transport, ClientType... clients) {
        return Plan.comparison(operation, transport, (long) mib << 20, partMib << 20, concurrency, clients);
    }

    Conditions conditions() {
        return Conditions.NONE;
    }

    @Override
    public Integer call() throws Exception {
        if (mib < leastMib || mib > mostMib) {
            throw new ParameterException(command.commandLine(), "--mib must be " + leastMib + " to " + mostMib);
        }
        if (partMib < 5 || partMib > mib || rounds < 1 || repeats < 1 || warmUp < 0 || concurrency < 1) {
            throw new ParameterException(
                    command.commandLine(),
                    "--part-mib must be 5 to --mib, --rounds, --repeats and --concurrency 1 or more, --warm-up 0 or more");
        }
        PrintWriter out = command.commandLine().getOut();
        Machine.describe().forEach(line -> out.println(line.replaceFirst("\t", ": ")));
        Comparison.Pace pace = new Comparison.Pace(WarmUp.ofSeconds(warmUp), rounds, repeats, 0);
        List<Verdict> verdicts = new ArrayList<>();
        Path parent = Workspace.parent(Optional.ofNullable(directory), 3L * mib << 20);
        try (BenchmarkEnvironment environment = new BenchmarkEnvironment(parent, (long) mib << 20, conditions())) {
            for (Comparison all : comparisons()) {
                Comparison comparison = all.only(only);
                if (!comparison.clients().isEmpty()) {
                    verdicts.addAll(run(comparison, pace, environment, out));
                }
            }
        }
        out.println("\n" + MarkdownReport.verdicts(verdicts));
        out.flush();
        return verdicts.stream().allMatch(Verdict::isMet) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private List<Verdict> run(
            Comparison comparison, Comparison.Pace pace, BenchmarkEnvironment environment, PrintWriter out) {
        out.println("\n" + comparison.title() + ": " + comparison.setting() + "; " + pace + "\n");
        out.flush();
        ComparisonResult result = ComparisonRunner.run(comparison, pace, environment);
        out.print(MarkdownReport.comparisons(List.of(result)));
        if (comparison.transport().isEncrypted()) {
            result.clients().forEach(client -> out.println(client.title() + ": " + client.security()));
        }
        out.flush();
        return comparison.thresholds().stream()
                .filter(threshold -> threshold.subject() == subject && only.contains(subject))
                .map(threshold -> threshold.judge(result, false))
                .toList();
    }

    /** The options that S3 and Cloud Storage have in common. */
    abstract static class OfStore extends ComparisonBench {
        @Option(names = "--http", description = "Measures uploads over HTTP.")
        boolean http;

        @Option(
                names = "--https",
                description = "Measures uploads over HTTPS with BoringSSL; for s3 also with the JDK.")
        boolean https;

        @Option(names = "--read", description = "Measures reads into memory over HTTP.")
        boolean read;

        OfStore(ClientType subject) {
            super(subject, 1, 1024);
        }
    }

    /** {@code benchmark s3}. */
    @Command(
            name = "s3",
            description = {
                "Compares this library with clients of the AWS SDK and a hand-written baseline: each uploads and reads an"
                        + " object in a JVM of its own, against a server on this machine that discards content. Measures"
                        + " CPU time, heap allocation and anonymous memory. Without an option for what to measure:"
                        + " everything.",
                ""
            },
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class S3 extends OfStore {
        private static final ClientType[] UPLOADS = {
            BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
        };
        private static final ClientType[] READS = {
            BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC, APACHE_SYNC, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER
        };

        @Option(names = "--download", description = "Measures downloads into a new file over HTTP.")
        boolean download;

        @Option(names = "--read-https", description = "Measures reads over HTTPS, which have no threshold.")
        boolean readHttps;

        S3() {
            super(BLOBSTORE);
        }

        @Override
        List<Comparison> comparisons() {
            boolean isAll = !(http || https || read || download || readHttps);
            List<Comparison> all = new ArrayList<>();
            if (http || isAll) {
                all.add(comparison(UPLOAD, HTTP, UPLOADS));
            }
            if (https || isAll) {
                all.add(comparison(UPLOAD, HTTPS, UPLOADS));
                all.add(comparison(UPLOAD, HTTPS_JDK, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, APACHE_SYNC));
            }
            if (read || isAll) {
                all.add(comparison(READ, HTTP, READS));
            }
            if (download || isAll) {
                all.add(comparison(
                        DOWNLOAD, HTTP, BLOBSTORE, HAND_ROLLED, CRT_TRANSFER_MANAGER, NETTY_TRANSFER_MANAGER));
            }
            if (readHttps || isAll) {
                all.add(comparison(READ, HTTPS, BLOBSTORE, HAND_ROLLED, NETTY_ASYNC, CRT_ASYNC));
            }
            return all;
        }
    }

    /** {@code benchmark gcs}. */
    @Command(
            name = "gcs",
            description = {
                "Compares this library's store for Cloud Storage with its store for S3 and with google-cloud-storage's"
                        + " parallel uploads, as benchmark s3 does. Without an option for what to measure: everything.",
                ""
            },
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class Gcs extends OfStore {
        private static final ClientType[] UPLOADS = {
            GCS_BLOBSTORE, BLOBSTORE, GCS_MULTIPART_CLIENT, GCS_TRANSFER_MANAGER
        };

        Gcs() {
            super(GCS_BLOBSTORE);
        }

        @Override
        List<Comparison> comparisons() {
            boolean isAll = !(http || https || read);
            List<Comparison> all = new ArrayList<>();
            if (http || isAll) {
                all.add(comparison(UPLOAD, HTTP, UPLOADS));
            }
            if (https || isAll) {
                all.add(comparison(UPLOAD, HTTPS, UPLOADS));
            }
            if (read || isAll) {
                all.add(comparison(READ, HTTP, GCS_BLOBSTORE, BLOBSTORE));
            }
            return all;
        }
    }

    /** {@code benchmark reader}. */
    @Command(
            name = "reader",
            description = {
                "Reads an object piece by piece, sequentially and at random, with and without read-ahead, from a server on"
                        + " this machine with the latency and the bandwidth per connection of an object store.",
                ""
            },
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class Reader extends ComparisonBench {
        @Option(names = "--latency-ms", paramLabel = "N", description = "Latency. Default: ${DEFAULT-VALUE}.")
        int latencyMillis = 20;

        @Option(
                names = "--connection-mib",
                paramLabel = "N",
                description = "MiB per second of a connection. Default: ${DEFAULT-VALUE}.")
        int connectionMib = 50;

        Reader() {
            super(READER, 16, 16 * 1024);
            rounds = 3;
            repeats = 1;
            warmUp = 0; // there is more waiting than work
            mib = 2048;
            concurrency = 8;
        }

        @Override
        Conditions conditions() {
            return new Conditions(latencyMillis, (long) connectionMib << 20);
        }

        @Override
        List<Comparison> comparisons() {
            return List.of(
                    comparison(SEQUENTIAL, HTTP, READER, READER_WITHOUT_READ_AHEAD, WHOLE_DOWNLOAD),
                    comparison(RANDOM, HTTP, READER, READER_WITHOUT_READ_AHEAD));
        }
    }
}
