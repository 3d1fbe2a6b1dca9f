package io.blobstore.server.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class UploadTurnsTest {
    @Test
    void turnsAreGivenInTheOrderInWhichTheyWereAskedFor() {
        UploadTurns turns = new UploadTurns(2);
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            asked.add(turns.take());
        }
        for (int given = 0; given <= 3; given++) {
            assertThat(asked.stream().filter(CompletableFuture::isDone).count()).isEqualTo(2L + given);
            assertThat(asked.get(1 + given)).isDone();
            if (given < 3) {
                turns.give();
            }
        }
        turns.give();
        turns.give();
        assertThat(turns.take()).isDone();
        assertThat(turns.take()).isDone();
        assertThat(turns.take()).isNotDone();
    }

    @Test
    void aWaitThatWasEndedGetsNoTurnAndOneThatWasGivenStays() {
        UploadTurns turns = new UploadTurns(1);
        assertThat(turns.take()).isDone();
        CompletableFuture<Void> ended = turns.take();
        CompletableFuture<Void> next = turns.take();
        turns.cancel(ended);
        assertThat(ended).isCancelled();
        turns.give();
        assertThat(next).isCompleted();
        turns.cancel(next);
        assertThat(next).isCompleted();
        assertThat(turns.take()).as("still taken").isNotDone();
    }

    @Test
    void noMoreThanTheNumberAreTakenByAnyThreads() throws InterruptedException {
        UploadTurns turns = new UploadTurns(3);
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                for (int round = 0; round < 2_000; round++) {
                    turns.take().join();
                    most.accumulateAndGet(taken.incrementAndGet(), Math::max);
                    taken.decrementAndGet();
                    turns.give();
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most.get()).isBetween(1, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(turns.take()).as("all were given back").isDone();
        }
    }
}
