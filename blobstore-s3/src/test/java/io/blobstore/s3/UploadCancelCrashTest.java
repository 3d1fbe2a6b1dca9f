package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.StoredBlob;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TlsEngine;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ParallelUploader;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.UploadOptions;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A thousand uploads in all, cancelled at random points, their memory unmapped as soon as that is allowed: what would end
 * the JVM if anything still used that memory, so in a JVM of its own.
 */
class UploadCancelCrashTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"http, 600", "https, 400"})
    void cancellingAnUploadAtAnyPointAndUnmappingIsSafe(String scheme, int times) throws Exception {
        ProcessMaps.assumeReadable();
        assumeTrue(OpenSsl.isAvailable() || scheme.equals("http"), "this platform has no native library for OpenSSL");

        Exit exit = ChildJvm.of(Child.class, directory)
                .with("-D" + TlsEngine.PROPERTY + "=openssl")
                .run(Duration.ofMinutes(3), scheme, Integer.toString(times));

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output())
                .contains("after each of " + times + " cancelled uploads")
                .doesNotContain("ERROR", "A fatal error");
        System.out.println(scheme + ": " + exit.output().strip());
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** A server of multipart uploads that remembers what became of them. */
    private static final class Uploads {
        private final AtomicInteger numbers = new AtomicInteger();
        private final Set<String> open = ConcurrentHashMap.newKeySet();
        /** By key: how many bytes of its parts have arrived. */
        private final Map<String, AtomicLong> progress = new ConcurrentHashMap<>();

        void answer(ScriptedExchange exchange) throws IOException {
            String path = exchange.target().replaceFirst("\\?.*", "");
            String id = exchange.target().replaceFirst(".*uploadId=([^&]*).*", "$1");
            switch (exchange.method()) {
                case "PUT" -> {
                    AtomicLong moved = progress.getOrDefault(path, new AtomicLong());
                    while (exchange.bodyReceived() < exchange.bodyLength()) {
                        long some = Math.min(64 << 10, exchange.bodyLength() - exchange.bodyReceived());
                        exchange.discardBody(some);
                        moved.addAndGet(some);
                    }
                    exchange.answer(200, "", ScriptedS3.ETAG);
                }
                case "DELETE" -> {
                    require(open.remove(id), "an upload was freed twice, or after its completion");
                    exchange.answer(204, "");
                }
                case "POST" -> {
                    exchange.discardBody();
                    if (exchange.target().contains("uploadId=")) {
                        require(open.remove(id), "an upload was completed that was ended before");
                        exchange.answer(
                                200,
                                "<CompleteMultipartUploadResult><ETag>\"1-3\"</ETag></CompleteMultipartUploadResult>");
                    } else {
                        String created = "upload-" + numbers.incrementAndGet();
                        open.add(created);
                        exchange.answer(
                                200,
                                "<InitiateMultipartUploadResult><UploadId>" + created
                                        + "</UploadId></InitiateMultipartUploadResult>");
                    }
                }
                default -> throw new AssertionError("unexpected: " + exchange);
            }
        }
    }

    /** The child. */
    static final class Child {
        private static final int PART = 5 << 20;
        private static final int SIZE = 2 * PART + (1 << 20);
        private static final int WORKERS = 2;
        private static final Duration PATIENCE = Duration.ofSeconds(20);
        private static final UploadOptions OPTIONS =
                UploadOptions.builder().partSize(PART).concurrency(3).build();

        private final AtomicInteger cancelled = new AtomicInteger();
        private final AtomicInteger completed = new AtomicInteger();
        private final AtomicInteger numbers = new AtomicInteger();
        private final Uploads uploads = new Uploads();

        public static void main(String[] args) throws Exception {
            boolean secure = args[0].equals("https");
            int times = Integer.parseInt(args[1]);
            for (int worker = 0; worker < WORKERS; worker++) {
                try (RandomAccessFile sparse = new RandomAccessFile(file(worker).toFile(), "rw")) {
                    sparse.setLength(SIZE);
                }
            }
            new Child().run(secure, 20); // loads classes and libraries, which hold descriptors
            long descriptors = descriptors();
            Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());

            Child all = new Child();
            all.run(secure, times);

            require(LeaseTicket.openLeases().isEmpty(), "leases are left: " + LeaseTicket.openLeases());
            require(LeaseTicket.leaked() == 0, "leases were forgotten");
            for (int worker = 0; worker < WORKERS; worker++) {
                require(!ProcessMaps.contains(file(worker)), "mappings are left");
            }
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (!threads.contains(thread) && isCounted(thread)) {
                    thread.join(PATIENCE.toMillis());
                    require(!thread.isAlive(), "thread " + thread + " is left");
                }
            }
            long left = descriptors() - descriptors;
            require(left <= 0, left + " descriptors are left");
            require(all.uploads.open.isEmpty(), "the server still has " + all.uploads.open);
            System.out.println("after each of " + times + " cancelled uploads the memory was unmapped: " + all.cancelled
                    + " cancelled, " + all.completed + " completed, " + all.uploads.numbers + " created on the server");
            require(all.cancelled.get() >= times, "too few");
            require(all.completed.get() > 0, "all moments must be tried, the end too");
            int begun = all.numbers.get();
            require(all.uploads.numbers.get() < begun, "all moments must be tried, the beginning too");
        }

        private static Path file(int worker) {
            return Path.of("blob-" + worker).toAbsolutePath();
        }

        private static boolean isCounted(Thread thread) {
            return !thread.isDaemon() || thread.getName().startsWith("blobstore-");
        }

        private static long descriptors() throws IOException {
            long count = 0;
            try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
                for (Path ignored : all) {
                    count++;
                }
            }
            return count;
        }

        /** Uploads until so many were cancelled. */
        private void run(boolean secure, int times) throws Exception {
            ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
            try (ScriptedServer server = secure
                            ? ScriptedServer.secure(
                                    TestAuthority.get().serverContext(TestAuthority.Identity.SERVER), uploads::answer)
                            : ScriptedServer.plain(uploads::answer);
                    BlobStore store = ScriptedS3.store(server)
                            .trustManagers(TestAuthority.get().trustManagers())
                            .open();
                    ParallelUploader uploader = ParallelUploader.create()) {
                Future<?>[] ends = new Future<?>[WORKERS];
                for (int worker = 0; worker < WORKERS; worker++) {
                    Path file = file(worker);
                    Random random = new Random(worker);
                    ends[worker] = workers.submit(() -> {
                        while (cancelled.get() < times) {
                            one(uploader, store, file, random);
                        }
                        return null;
                    });
                }
                for (Future<?> end : ends) {
                    end.get();
                }
            } finally {
                workers.shutdown();
                require(workers.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS), "a worker hangs");
            }
        }

        private void one(ParallelUploader uploader, BlobStore store, Path path, Random random) throws Exception {
            BlobKey key = BlobKey.of("blob-" + numbers.incrementAndGet());
            AtomicLong moved = new AtomicLong();
            uploads.progress.put("/" + ScriptedS3.BUCKET + "/" + key, moved);
            // Beyond the size: this one runs through. At zero: around its creation.
            long when = random.nextInt(4) == 0 ? 0 : random.nextInt(SIZE + SIZE / 16);
            int spins = random.nextInt(when == 0 ? 200_000 : 20_000);
            boolean closedEarly = random.nextBoolean();

            MappedFile file = MappedFile.open(path);
            Transfer<StoredBlob> transfer = uploader.upload(store, key, file.region(), OPTIONS);
            if (closedEarly) {
                file.close();
            }
            if (when < SIZE) {
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (moved.get() < when && System.nanoTime() - deadline < 0) {
                    Thread.onSpinWait();
                }
                for (int spin = 0; spin < spins; spin++) {
                    Thread.onSpinWait();
                }
                transfer.cancel();
            }
            try {
                transfer.join(PATIENCE);
                completed.incrementAndGet();
            } catch (CancellationException e) {
                cancelled.incrementAndGet();
            }
            if (!closedEarly) {
                file.close();
            }
            require(file.isReleased(), "an upload is over, and its memory still in use");
            uploads.progress.remove("/" + ScriptedS3.BUCKET + "/" + key);
        }
    }
}
