package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests reads into mapped memory that is unmapped as soon as they have ended, in a separate JVM, which a mistake would
 * crash.
 */
@Tag("jdk")
class BlobReaderCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** Ends many reads at random moments, by closing the reader or by an interrupt, and unmaps their target at once. */
    static final class EndAndUnmap {
        private static final int ROUNDS = CampaignScale.of(600);
        private static final int SIZE = 20 << 20;

        private int closed;
        private int interrupted;
        private int ended;

        private EndAndUnmap() {}

        public static void main(String[] args) throws Exception {
            Path path = Files.write(Path.of("file").toAbsolutePath(), new byte[SIZE]);
            ExecutorService threads = Executors.newFixedThreadPool(6);
            EndAndUnmap all = new EndAndUnmap();
            Random random = new Random(42);
            try (TransferManager reader =
                    TransferManager.builder().executor(threads).build()) {
                for (int round = 0; round < ROUNDS; round++) {
                    all.round(reader, path, random);
                    require(reader.readAheadMemory().taken() == 0, "memory is kept");
                }
            }
            threads.shutdown();
            require(threads.awaitTermination(1, TimeUnit.MINUTES), "a task hangs");
            System.out.println(
                    all.closed + " were closed, " + all.interrupted + " interrupted, " + all.ended + " came to an end");
            require(all.closed > ROUNDS / 6 && all.interrupted > ROUNDS / 6, "all moments must be tried");
            require(all.closed + all.interrupted + all.ended == ROUNDS, "a read failed otherwise");
            require(LeaseTicket.openLeases().isEmpty(), "all leases must be back");
            require(ProcessMaps.collectUntil(() -> !ProcessMaps.contains(path)), "nothing may stay mapped");
        }

        private void round(TransferManager reader, Path path, Random random) throws Exception {
            PatternStore store = new PatternStore(1L << 40);
            BlobReader blob = reader.openReader(store, KEY);
            boolean byInterrupt = random.nextBoolean();
            int step = random.nextBoolean() ? 9 << 20 : 1 << 18; // with parallel requests, or from prefetched bytes
            int nanos = random.nextInt(10_000_000);
            CountDownLatch requests = new CountDownLatch(random.nextInt(12));
            store.onRead(read -> requests.countDown());
            MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE);
            Thread reading = new Thread(() -> read(blob, file, step));
            reading.start();
            require(requests.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS), "a read does not go on");
            LockSupport.parkNanos(nanos);
            if (byInterrupt) {
                reading.interrupt();
            } else {
                blob.close();
                require(store.inside() == 0, "closed while a thread was inside the store");
            }
            reading.join(PATIENCE.toMillis());
            require(!reading.isAlive(), "a read hangs");
            blob.close();
            require(file.isReleased(), "the file must be unmapped");
        }

        /**
         * Fills a file's memory by sequential and positional reads, and unmaps it as soon as one of them has failed.
         */
        private void read(BlobReader blob, MappedFile file, int step) {
            try (file;
                    Lease lease = file.region().acquireWritable()) {
                ByteBuffer memory = lease.buffers().get(0);
                for (int round = 0; round < 3; round++) {
                    for (int at = 0; at + step <= SIZE; at += step) {
                        blob.read(memory.slice(at, step));
                        blob.read(memory.slice(at, step), at);
                    }
                }
                ended++;
            } catch (ClosedChannelException e) {
                closed++;
            } catch (InterruptedIOException e) {
                interrupted++;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void endingAReadAtAnyMomentAndUnmappingItsTargetIsSafe(String mapper) throws Exception {
        ProcessMaps.assumeReadable();

        Exit exit = ChildJvm.of(EndAndUnmap.class, directory)
                .with("-Dio.blobstore.mapper=" + mapper)
                .run(PATIENCE);

        assertThat(exit.output()).contains(" interrupted, ").doesNotContain("ERROR", "AssertionError", "A fatal error");
        assertThat(exit.code()).as(exit.output()).isZero();
    }
}
