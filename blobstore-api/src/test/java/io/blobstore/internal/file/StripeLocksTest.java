package io.blobstore.internal.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.contract.ChildJvm;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StripeLocksTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String NAME = "name";
    /** The file of {@link #NAME}'s stripe. */
    private static final String STRIPE = Integer.toString(Math.floorMod(NAME.hashCode(), 64));

    private static final LongConsumer NEVER = nanos -> {
        throw new AssertionError("waited");
    };

    @TempDir
    private Path directory;

    private FileChannel stripe() throws IOException {
        return FileChannel.open(directory.resolve(STRIPE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    @Test
    void aFreeLockIsTakenWithoutWaitingAndIsReleased() throws IOException {
        StripeLocks locks = StripeLocks.in(directory, NEVER);
        for (int i = 0; i < 2; i++) {
            assertThat(locks.exclusively(NAME, () -> 42)).isEqualTo(42);
        }
        assertThatThrownBy(() -> locks.exclusively(NAME, () -> {
                    throw new IOException("failed");
                }))
                .hasMessage("failed");
        assertThat(locks.exclusively(NAME, () -> 43)).isEqualTo(43);
    }

    @Test
    void anotherHolderOfTheFilesLockIsWaitedForWithGrowingPauses() throws IOException {
        List<Long> pauses = new ArrayList<>();
        try (FileChannel holder = stripe()) {
            assertThat(holder.lock().isValid()).isTrue();
            StripeLocks locks = StripeLocks.in(directory, nanos -> {
                pauses.add(nanos);
                if (pauses.size() == 50) {
                    close(holder);
                }
            });
            assertThat(locks.exclusively(NAME, () -> pauses.size())).isEqualTo(50);
        }
        assertThat(pauses.get(0)).isLessThanOrEqualTo(20_000);
        assertThat(pauses).allMatch(nanos -> nanos <= 4_000_000);
        assertThat(pauses.subList(10, 50)).allMatch(nanos -> nanos >= 2_000_000);
    }

    @Test
    void whoWaitsForTheStripeKeepsTheTurnAndNobodyDoesDuringTheAction() throws IOException {
        try (FileChannel holder = stripe()) {
            assertThat(holder.lock(1, 1, false).isValid()).isTrue();
            List<Boolean> turnWasFree = new ArrayList<>();
            StripeLocks locks = StripeLocks.in(directory, nanos -> {
                turnWasFree.add(ProbeTurn.isFree(directory));
                close(holder);
            });
            assertThat(locks.exclusively(NAME, () -> ProbeTurn.isFree(directory)))
                    .isTrue();
            assertThat(turnWasFree).containsExactly(false);
        }
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Tells whether another process could take the turn. */
    static final class ProbeTurn {
        private ProbeTurn() {}

        public static void main(String[] args) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                System.out.println(channel.tryLock(0, 1, false) != null ? "free" : "taken");
            }
        }

        static boolean isFree(Path directory) {
            try {
                return ChildJvm.of(ProbeTurn.class, directory)
                        .run(PATIENCE, directory.resolve(STRIPE).toString())
                        .output()
                        .contains("free");
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Holds the stripe until it is told to end. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws IOException {
            int read = StripeLocks.in(Path.of(args[0])).exclusively(NAME, () -> {
                System.out.println("holding");
                return System.in.read();
            });
            System.out.println("released by " + read);
        }
    }

    @Test
    void anotherProcessIsWaitedForAndAnInterruptEndsTheWait() throws Exception {
        try (ChildJvm.Running child = ChildJvm.of(Holder.class, directory).start(directory.toString())) {
            child.awaitLine("holding"::equals, PATIENCE);
            StripeLocks interrupted =
                    StripeLocks.in(directory, nanos -> Thread.currentThread().interrupt());
            assertThatThrownBy(() -> interrupted.exclusively(NAME, () -> 1))
                    .isInstanceOf(FileLockInterruptionException.class);
            assertThat(Thread.interrupted()).isTrue();

            List<Long> pauses = new ArrayList<>();
            StripeLocks waiting = StripeLocks.in(directory, nanos -> {
                pauses.add(nanos);
                if (pauses.size() == 3) {
                    end(child);
                }
            });
            assertThat(waiting.exclusively(NAME, () -> 1)).isEqualTo(1);
            assertThat(pauses.size()).isGreaterThanOrEqualTo(3);
        }
    }

    private static void end(ChildJvm.Running child) {
        try (OutputStream toChild = child.process().getOutputStream()) {
            toChild.write('\n');
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anInterruptEndsTheWaitForAnotherThread() throws Exception {
        StripeLocks locks = StripeLocks.in(directory, NEVER);
        CountDownLatch holding = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        FutureTask<Integer> holder = new FutureTask<>(() -> locks.exclusively(NAME, () -> {
            holding.countDown();
            await(release);
            return 1;
        }));
        new Thread(holder).start();
        holding.await();
        FutureTask<Integer> waiter = new FutureTask<>(() -> locks.exclusively(NAME, () -> 2));
        Thread waiting = new Thread(waiter);
        waiting.start();
        waiting.interrupt();
        assertThatThrownBy(waiter::get).hasCauseInstanceOf(FileLockInterruptionException.class);
        release.countDown();
        assertThat(holder.get()).isEqualTo(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As if two class loaders had loaded the class, or one directory were mounted twice. */
    @Test
    void locksThatWereOpenedTwiceInOneProcessExcludeEachOther() throws Exception {
        List<StripeLocks> twice = List.of(StripeLocks.in(directory, NEVER), StripeLocks.in(directory, NEVER));
        int[] counter = new int[1];
        List<FutureTask<Integer>> threads = new ArrayList<>();
        for (StripeLocks locks : twice) {
            FutureTask<Integer> thread = new FutureTask<>(() -> {
                for (int i = 0; i < 2000; i++) {
                    locks.exclusively(NAME, () -> counter[0]++);
                }
                return 0;
            });
            threads.add(thread);
            new Thread(thread).start();
        }
        for (FutureTask<Integer> thread : threads) {
            thread.get();
        }
        assertThat(counter[0]).isEqualTo(4000);
    }

    @Test
    void aLockFileThatWasDeletedIsCreatedAgain() throws IOException {
        StripeLocks locks = StripeLocks.in(directory, NEVER);
        locks.exclusively(NAME, () -> 1);
        Files.delete(directory.resolve(STRIPE));
        assertThat(locks.exclusively(NAME, () -> 2)).isEqualTo(2);
    }
}
