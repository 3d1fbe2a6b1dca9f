package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The check of a store: its outcome, and its bounds in time and threads. */
@ExtendWith(LeakCheck.class)
class StoreProbeTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void aStoreThatRespondsIsUp() throws IOException {
        try (BlobStore store = BlobStores.open("mem:")) {
            assertThat(new StoreProbe("a", store, LONG).check()).isEmpty();
        }
    }

    @Test
    void aFailureIsReported() throws IOException {
        try (BlobStore store = listing(() -> {
            throw new StoreNotFoundException(Operation.LIST, null, "there is no such bucket", null);
        })) {
            assertThat(new StoreProbe("a", store, LONG).check().orElseThrow())
                    .isInstanceOf(StoreNotFoundException.class)
                    .hasMessageContaining("there is no such bucket");
        }
    }

    /** An uninterruptible store keeps one thread, however often it is asked. */
    @Test
    void aStoreThatHangsIsAskedOnce() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch calls = new CountDownLatch(2);
        try (BlobStore store = listing(() -> {
            calls.countDown();
            awaitUninterruptibly(end);
        })) {
            StoreProbe probe = new StoreProbe("a", store, Duration.ofMillis(20));

            assertThat(probe.check().orElseThrow()).hasMessage("no response within 20 ms");
            assertThat(probe.check().orElseThrow()).hasMessage("an earlier check has not ended");
            assertThat(calls.getCount()).isEqualTo(1);
        } finally {
            end.countDown();
        }
    }

    @Test
    void aCheckIsInterruptedWhenItsTimeIsOver() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        try (BlobStore store = listing(() -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw new InterruptedIOException("interrupted");
            }
        })) {
            assertThat(new StoreProbe("a", store, Duration.ofMillis(20)).check())
                    .isPresent();

            interrupted.await();
        }
    }

    /** What a store does when it is listed. */
    private interface Listing {
        void run() throws IOException;
    }

    private static BlobStore listing(Listing behaviour) throws IOException {
        return new ForwardingBlobStore(BlobStores.open("mem:")) {
            @Override
            public BlobListing list(ListOptions options) throws IOException {
                behaviour.run();
                return super.list(options);
            }
        };
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
