package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.SourceChangedException;
import io.blobstore.StoredBlob;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests whose failure would end the JVM, each in a separate JVM. */
@Tag("jdk")
class MappedMemoryCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    @BeforeEach
    void onLinux() {
        ProcessMaps.assumeReadable();
    }

    private Exit run(Class<?> main, String mapper, String... args) throws Exception {
        return ChildJvm.of(main, directory)
                .with("-Dio.blobstore.mapper=" + mapper)
                .run(PATIENCE, args);
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    // ---- accesses that leases prevent

    /** Breaks the rule of leases: reads a buffer after its lease was closed, all over a large file. */
    static final class ReadAfterUnmapping {
        private ReadAfterUnmapping() {}

        public static void main(String[] args) throws Exception {
            Path path = Path.of("file").toAbsolutePath();
            try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
                sparse.setLength(1 << 29);
            }
            MappedFile file = MappedFile.open(path);
            Lease lease = file.region().acquire();
            ByteBuffer buffer = lease.buffers().get(0);
            lease.close();
            file.close();
            require(file.isReleased(), "the file must be unmapped");
            try {
                // Everywhere, as the JVM may have mapped other memory at some of these addresses.
                for (int at = 0; at < buffer.limit(); at += 4096) {
                    buffer.get(at);
                }
                System.out.println("read it all");
            } catch (IllegalStateException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void readingAfterTheLeaseIsAnExceptionAtBestAndACrashAtWorst(String mapper) throws Exception {
        Exit exit = run(ReadAfterUnmapping.class, mapper);

        switch (mapper) {
            case "arena" -> {
                assertThat(exit.output()).contains("refused: Already closed");
                assertThat(exit.code()).isZero();
            }
            case "unsafe" -> {
                assertThat(exit.output()).contains("A fatal error", "SIGSEGV").doesNotContain("read it all");
                assertThat(exit.code()).isNotZero();
            }
            default -> { // unmapped only when no buffer is reachable
                assertThat(exit.output()).contains("read it all");
                assertThat(exit.code()).isZero();
            }
        }
    }

    // ---- cancelling and closing at random moments

    /** Cancels thousands of transfers at random moments and closes their file at once, while other threads read it. */
    static final class CancelAndClose {
        private static final int TRANSFERS = CampaignScale.of(3000);
        private static final int PARTS = 8;
        private static final int PART_SIZE = 16 << 10;

        private CancelAndClose() {}

        public static void main(String[] args) throws Exception {
            Random random = new Random(42);
            byte[] content = new byte[PARTS * PART_SIZE];
            random.nextBytes(content);
            Path path = Files.write(Path.of("file").toAbsolutePath(), content);
            Crc32c checksum = Crc32c.of(ByteBuffer.wrap(content));

            List<Thread> started = new CopyOnWriteArrayList<>();
            ExecutorService threads = Executors.newFixedThreadPool(8, task -> {
                Thread thread = new Thread(task);
                started.add(thread);
                return thread;
            });
            AtomicInteger cancelled = new AtomicInteger();
            AtomicInteger rightReads = new AtomicInteger();
            try (TransferManager uploader =
                    TransferManager.builder().executor(threads).build()) {
                for (int i = 0; i < TRANSFERS; i++) {
                    transfer(uploader, threads, path, checksum, random, cancelled, rightReads);
                }
            }
            threads.shutdown();
            require(threads.awaitTermination(1, TimeUnit.MINUTES), "a task hangs");
            for (Thread thread : started) {
                thread.join(PATIENCE.toMillis()); // a pool terminates shortly before its last thread
                require(!thread.isAlive(), "a thread hangs");
            }
            System.out.println(cancelled + " of " + TRANSFERS + " were cancelled");
            require(cancelled.get() > 0 && cancelled.get() < TRANSFERS, "all moments must be tried");
            require(rightReads.get() == TRANSFERS, "a reader saw something else");
            require(LeaseTicket.openLeases().isEmpty(), "all leases must be back");
            require(LeaseTicket.leaked() == 0, "nothing may be forgotten");
            require(ProcessMaps.collectUntil(() -> !ProcessMaps.contains(path)), "nothing may stay mapped");
        }

        private static void transfer(
                TransferManager uploader,
                ExecutorService threads,
                Path path,
                Crc32c checksum,
                Random random,
                AtomicInteger cancelled,
                AtomicInteger rightReads)
                throws Exception {
            MappedFile file = MappedFile.open(path);
            int fatalPart = 1 + random.nextInt(2 * PARTS); // half of the transfers succeed
            boolean fromWithin = random.nextBoolean();
            AtomicBoolean reached = new AtomicBoolean();
            ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
                if (part == fatalPart) {
                    reached.set(true);
                }
                if (Thread.currentThread().isInterrupted()) {
                    ScriptedStore.awaitInterrupt(); // fails at once
                }
            });
            Lease besides = file.region().acquire();
            threads.execute(() -> {
                try (besides) {
                    CRC32C crc = new CRC32C(); // an intrinsic: it crashes on unmapped memory
                    besides.buffers().forEach(buffer -> crc.update(buffer.duplicate()));
                    if ((int) crc.getValue() == checksum.value()) {
                        rightReads.incrementAndGet();
                    }
                }
            });
            Transfer<StoredBlob> transfer = uploader.upload(
                    store,
                    ScriptedStore.KEY,
                    file.region(),
                    UploadOptions.builder().partSize(PART_SIZE).concurrency(4).build());
            if (fatalPart <= PARTS) {
                for (int spins = random.nextInt(2000); spins > 0 && !(fromWithin && reached.get()); spins--) {
                    Thread.onSpinWait();
                }
                transfer.cancel();
            }
            file.close();
            try {
                StoredBlob stored = transfer.join(PATIENCE);
                require(stored.checksum().orElseThrow().equals(checksum), "something else was stored");
            } catch (CancellationException e) {
                cancelled.incrementAndGet();
            }
            require(store.inside() == 0, "completed while a thread was inside the store");
            require(file.awaitReleased(PATIENCE), "the file was not released");
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void cancellingAndClosingAtAnyMomentReadsNoUnmappedMemory(String mapper) throws Exception {
        Exit exit = run(CancelAndClose.class, mapper);

        assertThat(exit.output())
                .contains(" of " + CancelAndClose.TRANSFERS + " were cancelled")
                .doesNotContain("ERROR");
        assertThat(exit.code()).as(exit.output()).isZero();
    }

    // ---- truncation, which leases do not prevent

    /** Truncates a mapped file between two parts, while no thread reads it. */
    static final class TruncateBetweenParts {
        private TruncateBetweenParts() {}

        public static void main(String[] args) throws Exception {
            Path path = Files.write(Path.of("file").toAbsolutePath(), new byte[1 << 20]);
            ScriptedStore store = new ScriptedStore();
            TransferListener truncating = new TransferListener() {
                @Override
                public void onProgress(TransferProgress progress) { // after the lease of the part was closed
                    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                        file.setLength(1 << 18);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            MappedFile file = MappedFile.open(path);
            try (TransferManager uploader = TransferManager.create()) {
                Transfer<StoredBlob> transfer = uploader.upload(
                        store,
                        ScriptedStore.KEY,
                        file.region(),
                        UploadOptions.builder()
                                .partSize(1 << 18)
                                .concurrency(1)
                                .listener(truncating)
                                .build());
                file.close();
                transfer.join();
                throw new AssertionError("a truncated file must not be stored");
            } catch (SourceChangedException e) {
                System.out.println("noticed: " + e.getMessage());
            }
            require(store.requests().equals(List.of("CREATE", "PART 1", "PART 2", "ABORT")), store.requests() + "");
            require(store.stored().isEmpty(), "nothing may be visible");
            require(file.isReleased(), "the file must be unmapped");
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void aMappedFileTruncatedBeforeAPartIsNoticed(String mapper) throws Exception {
        Exit exit = run(TruncateBetweenParts.class, mapper);

        assertThat(exit.output()).contains("noticed: ", "it shrank from 1048576 to 262144 bytes");
        assertThat(exit.code()).isZero();
    }

    /** Truncates and restores a file repeatedly while it is read by copying. */
    static final class TruncateWhileCopying {
        private static final int SIZE = 3 << 18;

        private TruncateWhileCopying() {}

        public static void main(String[] args) throws Exception {
            Path path = Files.write(Path.of("file").toAbsolutePath(), new byte[SIZE]);
            AtomicBoolean done = new AtomicBoolean();
            List<Throwable> problems = new ArrayList<>();
            Thread truncating = new Thread(() -> {
                Random random = new Random(42);
                try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                    while (!done.get()) {
                        file.setLength(random.nextInt(SIZE));
                        file.setLength(SIZE);
                        for (int spins = random.nextInt(20_000); spins > 0; spins--) {
                            Thread.onSpinWait();
                        }
                    }
                } catch (IOException e) {
                    problems.add(e);
                }
            });
            truncating.start();
            int noticed = 0;
            int read = 0;
            Crc32c zeros = Crc32c.of(ByteBuffer.allocate(SIZE));
            try {
                while (noticed < 200) {
                    BlobSource source = BlobSource.ofPath(path);
                    if (source.size() != SIZE) {
                        continue;
                    }
                    try {
                        require(Crc32c.of(source).equals(zeros), "a short read passed for the content");
                        read++;
                    } catch (SourceChangedException e) {
                        noticed++;
                    }
                }
            } finally {
                done.set(true);
                truncating.join();
            }
            require(problems.isEmpty(), problems.toString());
            System.out.println("noticed " + noticed + " times, read " + read + " times");
        }
    }

    @Test
    void aFileTruncatedWhileItIsCopiedIsATypedErrorOrASuccess() throws Exception {
        Exit exit = run(TruncateWhileCopying.class, "gc");

        assertThat(exit.output()).contains("noticed 200 times");
        assertThat(exit.code()).isZero();
    }
}
