package io.blobstore.http;

import static io.blobstore.http.ScriptedUploads.require;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.conscrypt.Conscrypt;

/**
 * The program of a child JVM that cancels uploads from mapped files at random points, and unmaps their memory as soon
 * as that is allowed: an access to that memory afterwards would crash the JVM. A backend's subclass opens the store,
 * and its {@link ScriptedUploads} respond.
 */
public abstract class CancelledUploads {
    /** The size of the files in bytes. */
    public static final int SIZE = 11 << 20;

    private static final int PART = 5 << 20;
    private static final int WORKERS = 2;
    private static final int WARM_UP = 10;
    /** The maximum number of uploads per upload to be cancelled, if not all moments have been tried before. */
    private static final int MAX_RATIO = 10;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ScriptedUploads uploads;
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicInteger completed = new AtomicInteger();
    private final AtomicInteger numbers = new AtomicInteger();

    /** Creates the program for a server. */
    protected CancelledUploads(ScriptedUploads uploads) {
        this.uploads = uploads;
    }

    /** Opens a store that trusts the server. */
    protected abstract BlobStore open(ScriptedServer server) throws IOException;

    /** Returns the precondition of an upload. */
    protected Precondition condition(Random random) {
        return Precondition.none();
    }

    // ---- the test

    /**
     * Uploads of which a number is cancelled.
     *
     * @param secure whether they use TLS, by the engine
     */
    public record Series(TlsEngine engine, boolean secure, int times) {
        private boolean isAvailable() {
            return !secure || (engine == TlsEngine.OPENSSL ? OpenSsl.isAvailable() : Conscrypt.isAvailable());
        }

        private String argument() {
            return engine + "," + secure + "," + times;
        }

        private static Series of(String argument) {
            String[] parts = argument.split(",");
            return new Series(TlsEngine.valueOf(parts[0]), Boolean.parseBoolean(parts[1]), Integer.parseInt(parts[2]));
        }

        @Override
        public String toString() {
            return secure ? engine.name() : "plain";
        }
    }

    /**
     * Runs a program in a child JVM, and asserts that it succeeded. Series whose engine this platform does not have are
     * left out.
     *
     * @param program a class whose {@code main} method calls {@link #main(Supplier, String[])}
     */
    public static void requireSurvival(Class<?> program, Path directory, Series... series)
            throws IOException, InterruptedException {
        List<Series> available = Stream.of(series).filter(Series::isAvailable).toList();

        Exit exit = ChildJvm.of(program, directory)
                .with("-XX:+UseSerialGC")
                .run(
                        Duration.ofMinutes(3),
                        available.stream().map(Series::argument).toArray(String[]::new));

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output()).doesNotContain("ERROR", "A fatal error");
        for (Series one : available) {
            assertThat(exit.output()).contains(one + ": after each of " + one.times() + " cancelled uploads");
        }
        System.out.println(exit.output().strip());
        assumeTrue(available.size() == series.length, "this platform has no native library for some series");
    }

    // ---- the program

    /** Runs each series twice, as the first runs load classes and libraries, which hold descriptors. */
    protected static void main(Supplier<CancelledUploads> programs, String[] args) throws Exception {
        List<Series> series = Stream.of(args).map(Series::of).toList();
        for (int worker = 0; worker < WORKERS; worker++) {
            Calls.makeSparse(file(worker), SIZE);
        }
        for (Series one : series) {
            programs.get().run(one, WARM_UP);
        }
        OpenDescriptors descriptors = OpenDescriptors.now();
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());

        for (Series one : series) {
            CancelledUploads uploads = programs.get();
            uploads.run(one, one.times());
            uploads.requireNothingLeft(descriptors, threads);
            uploads.requireAllMoments(one);
        }
    }

    private void requireNothingLeft(OpenDescriptors descriptors, Set<Thread> threads) throws Exception {
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
        descriptors.requireNoMore();
        require(uploads.left().isEmpty(), "the server still has " + uploads.left());
    }

    private void requireAllMoments(Series series) {
        System.out.println(series + ": after each of " + series.times() + " cancelled uploads the memory was unmapped: "
                + cancelled + " cancelled, " + completed + " completed, " + uploads.created()
                + " created on the server");
        require(cancelled.get() >= series.times(), "too few");
        require(completed.get() > 0, "all moments must be tried, the end too");
        require(uploads.created() < numbers.get(), "all moments must be tried, the beginning too");
    }

    private static Path file(int worker) {
        return Path.of("blob-" + worker).toAbsolutePath();
    }

    private static boolean isCounted(Thread thread) {
        return !thread.isDaemon() || thread.getName().startsWith("blobstore-");
    }

    /** Uploads until {@code times} uploads were cancelled and all moments were tried. */
    private void run(Series series, int times) throws Exception {
        System.setProperty(TlsEngine.PROPERTY, series.engine().name().toLowerCase(Locale.ROOT));
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        try (ScriptedServer server = series.secure()
                        ? ScriptedServer.secure(
                                TestAuthority.get().serverContext(TestAuthority.Identity.SERVER), uploads)
                        : ScriptedServer.plain(uploads);
                BlobStore store = open(server);
                TransferManager uploader = TransferManager.create()) {
            Future<?>[] ends = new Future<?>[WORKERS];
            for (int worker = 0; worker < WORKERS; worker++) {
                Path file = file(worker);
                Random random = new Random(worker);
                ends[worker] = workers.submit(() -> {
                    while (cancelled.get() < times || !(allMoments() || numbers.get() >= MAX_RATIO * times)) {
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

    /** Returns whether uploads ended both before their creation on the server and after their completion. */
    private boolean allMoments() {
        return completed.get() > 0 && numbers.get() - uploads.created() >= WORKERS; // others may be running
    }

    private void one(TransferManager uploader, BlobStore store, Path path, Random random) throws Exception {
        BlobKey key = BlobKey.of("blob-" + numbers.incrementAndGet());
        String contentType = "upload/" + key;
        MovedBytes moved = uploads.watch(contentType);
        // Beyond the size, the upload completes. At zero, it is cancelled around its creation.
        long when = random.nextInt(4) == 0 ? 0 : random.nextInt(SIZE + SIZE / 16);
        // Up to 16 ms, short delays being likelier: a connection may be idle, or need a TLS handshake first.
        int nanos = random.nextInt(1 << (10 + random.nextInt(15)));
        boolean closedEarly = random.nextBoolean();
        UploadOptions options = UploadOptions.builder()
                .partSize(PART)
                .concurrency(3)
                .store(StoreOptions.builder()
                        .contentType(contentType)
                        .precondition(condition(random))
                        .build())
                .build();

        MappedFile file = MappedFile.open(path);
        Transfer<StoredBlob> transfer = uploader.upload(store, key, file.region(), options);
        if (closedEarly) {
            file.close();
        }
        if (when < SIZE) {
            moved.await(when, PATIENCE);
            LockSupport.parkNanos(nanos);
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
        require(file.isReleased(), "an upload has ended, but its memory is still in use");
        uploads.forget(contentType);
    }
}
