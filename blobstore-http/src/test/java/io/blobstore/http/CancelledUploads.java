package io.blobstore.http;

import static io.blobstore.http.ScriptedUploads.require;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
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
    /** How many uploads there may be for each one to be cancelled, until all moments were tried. */
    private static final int MOST = 10;

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
     * Runs a program in a child JVM, and asserts that it succeeded.
     *
     * @param program a class whose {@code main} method calls {@link #main(Supplier, String[])}
     */
    public static void requireSurvival(Class<?> program, Path directory, TlsEngine engine, boolean secure, int times)
            throws IOException, InterruptedException {
        Exit exit = ChildJvm.of(program, directory)
                .with("-D" + TlsEngine.PROPERTY + "=" + engine.name().toLowerCase(Locale.ROOT))
                .run(Duration.ofMinutes(3), Boolean.toString(secure), Integer.toString(times));

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output())
                .contains("after each of " + times + " cancelled uploads")
                .doesNotContain("ERROR", "A fatal error");
        System.out.println((secure ? engine : "plain") + ": " + exit.output().strip());
    }

    // ---- the program

    /** Runs the program twice, as the first run loads classes and libraries, which hold descriptors. */
    protected static void main(Supplier<CancelledUploads> programs, String[] args) throws Exception {
        boolean secure = Boolean.parseBoolean(args[0]);
        int times = Integer.parseInt(args[1]);
        for (int worker = 0; worker < WORKERS; worker++) {
            Calls.makeSparse(file(worker), SIZE);
        }
        programs.get().run(secure, 20);
        OpenDescriptors descriptors = OpenDescriptors.now();
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());

        CancelledUploads all = programs.get();
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
        descriptors.requireNoMore();
        require(all.uploads.left().isEmpty(), "the server still has " + all.uploads.left());
        System.out.println("after each of " + times + " cancelled uploads the memory was unmapped: " + all.cancelled
                + " cancelled, " + all.completed + " completed, " + all.uploads.created() + " created on the server");
        require(all.cancelled.get() >= times, "too few");
        require(all.completed.get() > 0, "all moments must be tried, the end too");
        require(all.uploads.created() < all.numbers.get(), "all moments must be tried, the beginning too");
    }

    private static Path file(int worker) {
        return Path.of("blob-" + worker).toAbsolutePath();
    }

    private static boolean isCounted(Thread thread) {
        return !thread.isDaemon() || thread.getName().startsWith("blobstore-");
    }

    /** Uploads until a number of uploads were cancelled, at all moments. */
    private void run(boolean secure, int times) throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        try (ScriptedServer server = secure
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
                    while (cancelled.get() < times || !(allMoments() || numbers.get() >= MOST * times)) {
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

    /** Returns whether uploads were cancelled before the server knew of them, and after they were completed. */
    private boolean allMoments() {
        return completed.get() > 0 && numbers.get() - uploads.created() >= WORKERS; // the others' may be under way
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
