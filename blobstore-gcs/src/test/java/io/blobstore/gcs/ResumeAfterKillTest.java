package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.contract.ChildJvm;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills processes that transfer, at random points, and repeats their calls until the transfer is complete. Counts at
 * the server what is sent again: at most what is in flight at each kill.
 */
class ResumeAfterKillTest {
    private static final BlobKey KEY = BlobKey.of("some/key");
    private static final int UPLOAD_PART = 5 << 20;
    private static final int DOWNLOAD_PART = 1 << 20;
    private static final int CONCURRENCY = 2;
    private static final int PARTS = 6;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private final Random random = new Random(17);
    private FakeGcs server;
    private byte[] content;

    /** Returns how many times a process is killed in each direction. */
    int kills() {
        return 1;
    }

    @BeforeEach
    void startServer() throws IOException {
        server = FakeGcs.start().createBucket(FakeServer.BUCKET);
        content = new byte[(PARTS - 1) * UPLOAD_PART + 777];
        random.nextBytes(content);
    }

    @AfterEach
    void closeServer() throws IOException {
        server.close();
    }

    @Test
    void anUploadSendsAgainAtMostWhatWasInFlight() throws Exception {
        Path file = Files.write(directory.resolve("file"), content);
        int killed = 0;
        while (killed < kills()) {
            server.forgetRequests();
            int before = killed;
            for (boolean ended = false; !ended; killed += ended ? 0 : 1) {
                ended = runAndKill("upload", request -> request.method().equals("PUT"), 1 + random.nextInt(PARTS))
                        || (!server.names(FakeServer.BUCKET).isEmpty()
                                && Files.notExists(directory.resolve("journal")));
            }

            assertThat(Arrays.mismatch(
                            server.object(FakeServer.BUCKET, KEY.toString())
                                    .orElseThrow()
                                    .content(),
                            content))
                    .isEqualTo(-1);
            long sent = server.requests().stream()
                    .filter(request -> request.method().equals("PUT"))
                    .mapToLong(ScriptedExchange::bodyReceived)
                    .sum();
            assertThat(sent)
                    .isBetween(
                            (long) content.length,
                            content.length + (killed - before) * (long) CONCURRENCY * UPLOAD_PART);
            assertThat(server.uploads(FakeServer.BUCKET)).isEmpty();
            Files.deleteIfExists(directory.resolve("journal.lock")); // of a process that was killed after its upload
            assertOnlyFile(file);
            try (var store = open(server.endpoint())) {
                store.delete(KEY);
            }
        }
    }

    @Test
    void aDownloadRequestsAgainAtMostWhatWasInFlight() throws Exception {
        Path file = directory.resolve("file");
        try (var store = open(server.endpoint())) {
            store.store(KEY, BlobSource.of(java.nio.ByteBuffer.wrap(content)));
        }
        int killed = 0;
        while (killed < kills()) {
            server.forgetRequests();
            int before = killed;
            for (boolean ended = false; !ended; killed += ended ? 0 : 1) {
                ended = runAndKill(
                                "download",
                                request -> request.header("Range").isPresent(),
                                1 + random.nextInt(content.length / DOWNLOAD_PART))
                        || Files.exists(file);
            }

            assertThat(Arrays.mismatch(Files.readAllBytes(file), content)).isEqualTo(-1);
            long received = server.requests().stream()
                    .filter(request -> request.header("Range").isPresent())
                    .mapToLong(ScriptedExchange::bodySent)
                    .sum();
            assertThat(received)
                    .isBetween(
                            (long) content.length,
                            content.length + (killed - before) * (long) CONCURRENCY * DOWNLOAD_PART);
            try (Stream<Path> files = Files.list(directory)) {
                for (Path left : files.toList()) {
                    assertThat(left.getFileName().toString()).doesNotEndWith("part");
                    Files.delete(left);
                }
            }
        }
    }

    /**
     * Runs a process, and kills it some time after the server has received the n-th request of its content.
     *
     * @return whether it was done before
     */
    private boolean runAndKill(String what, java.util.function.Predicate<ScriptedExchange> content, int request)
            throws Exception {
        AtomicInteger left = new AtomicInteger(request);
        int micros = random.nextInt(20_000);
        try (ChildJvm.Running child = ChildJvm.of(Child.class, directory)
                .with("-XX:TieredStopAtLevel=1", "-Xshare:auto")
                .start(what, server.endpoint().toString())) {
            server.fault(
                    exchange -> {
                        if (content.test(exchange) && left.decrementAndGet() == 0) {
                            CompletableFuture.delayedExecutor(micros, TimeUnit.MICROSECONDS)
                                    .execute(child::kill);
                        }
                        return false;
                    },
                    ScriptedFault.disconnect());
            ChildJvm.Exit exit = child.join(TIMEOUT);
            left.set(0);
            assertThat(exit.code()).as(exit.output()).isIn(0, 137);
            return exit.code() == 0;
        }
    }

    private void assertOnlyFile(Path file) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    private static GcsBlobStore open(URI endpoint) throws IOException {
        return GcsBlobStore.builder(FakeServer.BUCKET)
                .endpoint(endpoint)
                .credentials(NoCredentials.getInstance())
                .nativeConditions(true)
                .open();
    }

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            try (GcsBlobStore store = open(URI.create(args[1]));
                    TransferManager transfers = TransferManager.create()) {
                if (args[0].equals("upload")) {
                    UploadOptions options = UploadOptions.builder()
                            .partSize(UPLOAD_PART)
                            .concurrency(CONCURRENCY)
                            .resumable(Path.of("journal"))
                            .build();
                    transfers
                            .upload(store, KEY, BlobSource.ofPath(Path.of("file")), options)
                            .join();
                } else {
                    DownloadOptions options = DownloadOptions.builder()
                            .partSize(DOWNLOAD_PART)
                            .concurrency(CONCURRENCY)
                            .resumable(true)
                            .build();
                    BlobTarget target = BlobTarget.ofPath(Path.of("file"));
                    transfers
                            .download(store, KEY, ByteRange.all(), target, options)
                            .join();
                }
            }
        }
    }
}
