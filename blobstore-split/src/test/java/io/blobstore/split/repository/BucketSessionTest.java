package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BucketSessionTest {
    private static final Duration GRACE = Duration.ofHours(24);

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final AtomicLong nanos = new AtomicLong(-5);

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void itIsShownOnceAMinute() throws IOException {
        FaultyBlobStore counted = FaultyBlobStore.over(memory).build();
        try (BucketSession session = BucketSession.begin(counted, UUID.randomUUID(), GRACE, nanos::get)) {
            for (int second = 0; second < 600; second++) {
                pass(Duration.ofSeconds(1));
                session.keepAlive();
            }
            assertThat(counted.requests(Operation.STORE)).isBetween(10, 11);
        }
        assertThat(memory.list(ListOptions.prefix(BucketSession.PREFIX)).hasNext())
                .isFalse();
    }

    @Test
    void aFailureToShowItIsMadeUpFor() throws IOException {
        FaultyBlobStore faulty =
                FaultyBlobStore.over(memory).at(Operation.STORE, 2, Fault.ERROR).build();
        try (BucketSession session = BucketSession.begin(faulty, UUID.randomUUID(), GRACE, nanos::get)) {
            pass(Duration.ofSeconds(61));
            session.keepAlive();
            session.keepAlive();
            assertThat(faulty.requests(Operation.STORE)).isEqualTo(2);
            pass(Duration.ofSeconds(61));
            session.keepAlive();
            assertThat(faulty.requests(Operation.STORE)).isEqualTo(3);
        }
    }

    @Test
    void itFailsLongBeforeACollectionTakesItForDead() throws IOException {
        FaultyBlobStore faulty =
                FaultyBlobStore.over(memory).at(Operation.STORE, 2, Fault.ERROR).build();
        try (BucketSession session = BucketSession.begin(faulty, UUID.randomUUID(), GRACE, nanos::get)) {
            pass(GRACE.dividedBy(4));
            assertThatThrownBy(session::keepAlive).isInstanceOf(BlobStoreException.class);
        }
    }

    /** Whether it is over is decided by the collection, which deletes its blob. */
    @Test
    void aSessionThatStoodStillGoesOnUnlessACollectionHasEndedIt() throws IOException {
        try (BucketSession session = BucketSession.begin(memory, UUID.randomUUID(), GRACE, nanos::get)) {
            pass(GRACE.plusSeconds(1));
            session.keepAlive();
            memory.delete(BlobKey.of(
                    memory.list(ListOptions.prefix(BucketSession.PREFIX)).next().name()));
            pass(GRACE.plusSeconds(1));
            for (int again = 0; again < 2; again++) {
                assertThatThrownBy(session::sync)
                        .isInstanceOf(BlobStoreException.class)
                        .hasMessageContaining("start again");
            }
            assertThatThrownBy(session::keepAlive)
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("start again");
        }
    }
}
