package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.CampaignScale;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills {@code upload --resume} and {@code download --resume}, as {@code kill -9} does, at random points, and runs the
 * same command again until it succeeds. Counts at the server what is sent again: at most what is in flight at each
 * kill.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class KilledTransferTest {
    private static final String BUCKET = "some-bucket";
    private static final int UPLOAD_PART = 5 << 20;
    private static final int DOWNLOAD_PART = 1 << 20;
    private static final int CONCURRENCY = 2;
    private static final int PARTS = 6;
    private static final int SIZE = (PARTS - 1) * UPLOAD_PART + 777;

    @TempDir
    Path directory;

    private final Random random = new Random(29);
    private final int kills = CampaignScale.isFull() ? 100 : 1; // each takes a second or two
    private FakeGcs server;
    private Path file;
    private Path work;

    @BeforeEach
    void start() throws IOException {
        server = FakeGcs.start().createBucket(BUCKET);
        work = Files.createDirectory(directory.resolve("work"));
        file = Cli.file(directory.resolve("file"), SIZE);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    @Test
    void anUploadSendsAgainAtMostWhatWasInFlight() throws Exception {
        for (int killed = 0; killed < kills; ) {
            server.forgetRequests();
            int before = killed;
            while (!runAndKill(
                            request -> request.method().equals("PUT"),
                            PARTS,
                            List.of("upload", file.toString(), "--key", "key", "--part-size", "5MiB"))
                    && !isStored()) {
                killed++;
            }

            assertThat(server.object(BUCKET, "key").orElseThrow().content()).isEqualTo(Files.readAllBytes(file));
            assertThat(sum(request -> request.method().equals("PUT"), ScriptedExchange::bodyReceived))
                    .isBetween((long) SIZE, SIZE + (killed - before) * (long) CONCURRENCY * UPLOAD_PART);
            assertThat(server.uploads(BUCKET)).isEmpty();
            assertThat(Cli.run("delete", "key", "--store", store()).code()).isZero();
        }
        assertThat(journals()).isEmpty();
    }

    @Test
    void aDownloadRequestsAgainAtMostWhatWasInFlight() throws Exception {
        assertThat(Cli.run("upload", file, "--key", "key", "--store", store()).code())
                .isZero();
        Path back = work.resolve("back");
        for (int killed = 0; killed < kills; ) {
            server.forgetRequests();
            int before = killed;
            while (!runAndKill(
                            request -> request.header("Range").isPresent(),
                            SIZE / DOWNLOAD_PART,
                            List.of("download", "key", "--to", back.toString(), "--part-size", "1MiB"))
                    && Files.notExists(back)) {
                killed++;
            }

            assertThat(back).hasSameBinaryContentAs(file);
            assertThat(sum(request -> request.header("Range").isPresent(), ScriptedExchange::bodySent))
                    .isBetween((long) SIZE, SIZE + (killed - before) * (long) CONCURRENCY * DOWNLOAD_PART);
            try (Stream<Path> left = Files.list(work)) {
                assertThat(left).noneMatch(path -> path.toString().endsWith("part"));
            }
            Files.delete(back);
        }
    }

    /** Returns whether a process was killed after it had completed its upload. */
    private boolean isStored() throws IOException {
        return server.object(BUCKET, "key").isPresent() && journals().isEmpty();
    }

    private List<Path> journals() throws IOException {
        return Cli.tree(work).stream()
                .filter(path -> path.toString().endsWith(".upload"))
                .toList();
    }

    private String store() {
        return "gs://" + BUCKET + "?endpoint=" + server.endpoint();
    }

    private long sum(Predicate<ScriptedExchange> which, ToLongFunction<ScriptedExchange> bytes) {
        return server.requests().stream().filter(which).mapToLong(bytes).sum();
    }

    /**
     * Runs a command with {@code --resume}, and kills it some time after the server has received one of its requests
     * for content.
     *
     * @param requests the number of requests of a whole transfer
     * @return whether it succeeded before
     */
    private boolean runAndKill(Predicate<ScriptedExchange> content, int requests, List<String> command)
            throws Exception {
        ProcessBuilder builder = Cli.inChildJvm(
                List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Duser.home=" + work),
                Stream.concat(command.stream(), Stream.of("--resume", "--concurrency", CONCURRENCY, "--store", store()))
                        .toArray());
        builder.environment().put("XDG_STATE_HOME", work.resolve("state").toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("GOOGLE_") || name.contains("proxy"));
        Path output = directory.resolve("output");
        AtomicInteger left = new AtomicInteger(1 + random.nextInt(requests));
        int micros = random.nextInt(20_000);
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            server.fault(
                    exchange -> {
                        if (content.test(exchange) && left.decrementAndGet() == 0) {
                            CompletableFuture.delayedExecutor(micros, TimeUnit.MICROSECONDS)
                                    .execute(process::destroyForcibly);
                        }
                        return false;
                    },
                    ScriptedFault.disconnect());
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
            left.set(0);
            assertThat(process.exitValue()).as(Files.readString(output)).isIn(0, 128 + 9);
            return process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }
}
