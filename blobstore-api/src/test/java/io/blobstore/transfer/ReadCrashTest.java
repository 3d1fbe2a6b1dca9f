package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ReadResult;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.MappedFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests reads into memory that is unmapped as soon as they have ended: a later write would end the JVM. */
@Tag("jdk")
class ReadCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    @BeforeEach
    void onLinux() {
        ProcessMaps.assumeReadable();
    }

    /** Cancels or fails thousands of reads at random moments, and closes their file at once. */
    static final class CancelAndClose {
        private static final int TRANSFERS = CampaignScale.of(3000);
        private static final int PARTS = 8;
        private static final int PART_SIZE = 16 << 10;

        private static final Random RANDOM = new Random(42);
        private static final byte[] CONTENT = ReadPlanTest.content(PARTS * PART_SIZE);
        private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(CONTENT));

        private CancelAndClose() {}

        private static void require(boolean condition, String what) {
            if (!condition) {
                throw new AssertionError(what);
            }
        }

        public static void main(String[] args) throws Exception {
            Path path = Files.write(Path.of("file").toAbsolutePath(), new byte[CONTENT.length]);
            ExecutorService threads = Executors.newFixedThreadPool(8);
            int cancelled = 0;
            try (TransferManager reader =
                    TransferManager.builder().executor(threads).build()) {
                for (int i = 0; i < TRANSFERS; i++) {
                    cancelled += read(reader, path) ? 0 : 1;
                }
            }
            threads.shutdown();
            require(threads.awaitTermination(1, TimeUnit.MINUTES), "a task hangs");
            System.out.println(cancelled + " of " + TRANSFERS + " were cancelled");
            require(cancelled > 0 && cancelled < TRANSFERS, "all moments must be tried");
            require(LeaseTicket.openLeases().isEmpty(), "all leases must be back");
            require(LeaseTicket.leaked() == 0, "nothing may be forgotten");
            require(ProcessMaps.collectUntil(() -> !ProcessMaps.contains(path)), "nothing may stay mapped");
        }

        private static boolean read(TransferManager reader, Path path) throws Exception {
            MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE);
            long fatalPart = RANDOM.nextInt(2 * PARTS); // half of the reads succeed
            boolean fromWithin = RANDOM.nextBoolean();
            AtomicBoolean reached = new AtomicBoolean();
            ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
                if (read.offset() == fatalPart * PART_SIZE) {
                    reached.set(true);
                }
                for (int at = 0; at < read.target().limit(); at += 4096) {
                    read.target().put(at, (byte) 0xDB); // as a socket would, until the end
                }
                if (Thread.currentThread().isInterrupted()) {
                    ScriptedStore.awaitInterrupt(); // fails at once
                }
            });
            Transfer<ReadResult> transfer = reader.download(
                    store,
                    ScriptedStore.KEY,
                    ByteRange.all(),
                    file.region(),
                    DownloadOptions.builder().partSize(PART_SIZE).concurrency(4).build());
            file.close();
            if (fatalPart < PARTS) {
                for (int spins = RANDOM.nextInt(2000); spins > 0 && !(fromWithin && reached.get()); spins--) {
                    Thread.onSpinWait();
                }
                transfer.cancel();
            }
            boolean success = true;
            try {
                require(transfer.join(PATIENCE).checksum().equals(CHECKSUM), "something else was read");
                require(Crc32c.of(ByteBuffer.wrap(Files.readAllBytes(path))).equals(CHECKSUM), "not in the file");
            } catch (CancellationException e) {
                success = false;
            }
            require(store.inside() == 0, "completed while a thread was inside the store");
            require(file.awaitReleased(PATIENCE), "the file was not released");
            return success;
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void cancellingAndClosingAtAnyMomentWritesToNoUnmappedMemory(String mapper) throws Exception {
        Exit exit = ChildJvm.of(CancelAndClose.class, directory)
                .with("-Dio.blobstore.mapper=" + mapper)
                .run(PATIENCE);

        assertThat(exit.output())
                .contains(" of " + CancelAndClose.TRANSFERS + " were cancelled")
                .doesNotContain("ERROR");
        assertThat(exit.code()).as(exit.output()).isZero();
    }
}
