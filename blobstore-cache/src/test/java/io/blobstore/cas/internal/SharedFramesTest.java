package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cache.pieces.Blocking;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Tests that frames are shared among threads, and that none of them works on after the call has returned. */
class SharedFramesTest {
    private final Set<Integer> done = ConcurrentHashMap.newKeySet();

    private void workOnAll(SharedFrames frames) {
        for (int frame = frames.take(); frame >= 0; frame = frames.take()) {
            done.add(frame);
        }
    }

    @Test
    void aHelperThatIsRunLateDoesNothing() throws IOException {
        List<Runnable> later = new ArrayList<>();
        SharedFrames frames = new SharedFrames(3, 10);
        assertThat(frames.run(this::workOnAll, later::add, 2)).isEqualTo(10);
        frames.throwFailure();
        assertThat(done).containsExactlyInAnyOrder(3, 4, 5, 6, 7, 8, 9);
        done.clear();
        assertThat(later).hasSize(2);
        later.forEach(Runnable::run);
        assertThat(done).isEmpty();
    }

    @Test
    void anExecutorThatRefusesDelaysNothing() throws IOException {
        SharedFrames frames = new SharedFrames(0, 5);
        int end = frames.run(
                this::workOnAll,
                task -> {
                    throw new RejectedExecutionException();
                },
                2);
        assertThat(end).isEqualTo(5);
        assertThat(done).hasSize(5);
    }

    @Test
    void aHelperThatWorksIsWaitedForWhenAnotherCannotBeStarted() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        CountDownLatch works = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean finished = new AtomicBoolean();
        List<Runnable> submitted = new ArrayList<>();
        SharedFrames frames = new SharedFrames(0, 5);
        try {
            Thread caller = new Thread(() -> assertThatThrownBy(() -> frames.run(
                            shared -> {
                                works.countDown();
                                Blocking.await(go);
                                finished.set(true);
                            },
                            task -> {
                                if (!submitted.isEmpty()) {
                                    Blocking.until(() -> works.getCount() == 0);
                                    throw new OutOfMemoryError("unable to create native thread (scripted)");
                                }
                                submitted.add(task);
                                executor.execute(task);
                            },
                            2))
                    .satisfies(failure -> assertThat(finished).isTrue())
                    .isInstanceOf(OutOfMemoryError.class));
            AtomicBoolean asExpected = new AtomicBoolean(true);
            caller.setUncaughtExceptionHandler((thread, failure) -> asExpected.set(false));
            caller.start();
            Blocking.until(() -> caller.getState() == Thread.State.WAITING || !caller.isAlive());
            go.countDown();
            caller.join();
            assertThat(asExpected).isTrue();
        } finally {
            go.countDown();
            executor.shutdown();
        }
    }

    @Test
    void theFirstFailureCountsAndEndsTheRest() throws IOException {
        SharedFrames frames = new SharedFrames(0, 100);
        int end = frames.run(
                shared -> {
                    int first = shared.take();
                    int second = shared.take();
                    shared.fail(second, new IOException("second"));
                    shared.fail(first, new IOException("first"));
                    assertThat(shared.take()).isEqualTo(-1);
                },
                task -> {},
                1);
        assertThat(end).isZero();
        assertThatThrownBy(frames::throwFailure).hasMessage("first");
    }

    @Test
    void aHelperThatWorksIsWaitedForInSpiteOfAnInterrupt() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            CountDownLatch helping = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            AtomicBoolean returned = new AtomicBoolean();
            AtomicBoolean returnedEarly = new AtomicBoolean();
            AtomicBoolean interrupted = new AtomicBoolean();
            Thread caller = new Thread(() -> {
                SharedFrames frames = new SharedFrames(0, 2);
                try {
                    frames.run(
                            shared -> {
                                shared.take();
                                if (Thread.currentThread().getName().equals("caller")) {
                                    awaitQuietly(helping);
                                    Thread.currentThread().interrupt();
                                } else {
                                    helping.countDown();
                                    awaitQuietly(go);
                                    returnedEarly.set(returned.get());
                                }
                            },
                            executor,
                            1);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                returned.set(true);
                interrupted.set(Thread.interrupted());
            });
            caller.setName("caller");
            caller.start();
            helping.await();
            caller.join(50); // it cannot end: long enough to notice if it did
            assertThat(returned).isFalse();
            go.countDown();
            caller.join();
            assertThat(returned).isTrue();
            assertThat(returnedEarly).isFalse();
            assertThat(interrupted).isTrue();
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
