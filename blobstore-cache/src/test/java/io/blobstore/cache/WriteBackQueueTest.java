package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whose turn it is. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class WriteBackQueueTest {
    private static final Duration LATER = Duration.ofHours(1);
    private static final Digest CONTENT = new Digest(Sha256.of(ByteBuffer.allocate(1)), 1);

    private final WriteBackQueue queue = new WriteBackQueue(Integer.MAX_VALUE, Long.MAX_VALUE);

    private static PendingBlob blob(int key) {
        BlobMetadata metadata = BlobMetadata.builder(
                        BlobKey.of("key" + key), CONTENT.size(), new BlobVersion("v"), Instant.EPOCH)
                .build();
        return new PendingBlob(new PendingRecord(1, metadata, CONTENT), false);
    }

    private static BlobKey key(PendingBlob blob) {
        return blob.record.blob().key();
    }

    private PendingBlob take() throws InterruptedException {
        return queue.take().orElseThrow();
    }

    @Test
    void blobsAreTakenInTheOrderInWhichTheyWereAdded() throws InterruptedException {
        List<PendingBlob> added = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            added.add(blob(i));
            queue.add(added.get(i));
        }
        for (PendingBlob expected : added) {
            assertThat(take()).isSameAs(expected);
        }
    }

    @Test
    void whatFailedWaitsWhileOthersAreTakenAndIsDueWhenSomebodyWaitsForIt() throws Exception {
        PendingBlob failed = blob(1);
        PendingBlob other = blob(2);
        queue.add(failed);
        queue.add(other);
        assertThat(take()).isSameAs(failed);
        assertThat(queue.attempted(failed, new IOException("scripted"), LATER)).isFalse();
        assertThat(take()).isSameAs(other);
        assertThat(queue.attempted(other, null, Duration.ZERO)).isTrue();
        queue.unlockKey(key(other));

        assertThat(queue.awaitEmpty(Duration.ofNanos(1))).isFalse();
        assertThat(take()).isSameAs(failed);
    }

    /** Compares with a queue that looks at every blob, as long as there is one whose turn it is. */
    @Test
    void anyOrderOfEventsIsThatOfAModel() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        Map<BlobKey, PendingBlob> latest = new LinkedHashMap<>();
        Set<BlobKey> busy = new HashSet<>();
        Set<PendingBlob> later = new HashSet<>();
        List<PendingBlob> taken = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            int event = random.nextInt(4);
            if (event == 0) {
                PendingBlob added = blob(random.nextInt(40));
                latest.remove(key(added));
                latest.put(key(added), added);
                if (queue.add(added)) {
                    queue.takeReplaced(added);
                    queue.unlockKey(key(added));
                }
            } else if (event == 1 && !taken.isEmpty()) {
                PendingBlob ended = taken.remove(random.nextInt(taken.size()));
                boolean failed = random.nextBoolean();
                boolean done = !failed || latest.get(key(ended)) != ended;
                assertThat(queue.attempted(ended, failed ? new IOException("scripted") : null, LATER))
                        .isEqualTo(done);
                if (done) {
                    latest.remove(key(ended), ended);
                    queue.unlockKey(key(ended));
                } else {
                    later.add(ended);
                }
                busy.remove(key(ended));
            } else if (event == 2) {
                BlobKey key = BlobKey.of("key" + random.nextInt(40));
                if (!busy.contains(key)) { // somebody else changes the key, instead of uploading the blob
                    queue.lockKey(Operation.DELETE, key);
                    if (latest.containsKey(key) && random.nextBoolean()) {
                        assertThat(queue.remove(latest.remove(key))).isTrue();
                    }
                    queue.unlockKey(key);
                }
            } else {
                PendingBlob expected = latest.values().stream()
                        .filter(blob -> !busy.contains(key(blob)) && !later.contains(blob))
                        .findFirst()
                        .orElse(null);
                if (expected != null) {
                    assertThat(take()).isSameAs(expected);
                    busy.add(key(expected));
                    taken.add(expected);
                }
            }
        }
        assertThat(later).as("the test has let some fail").isNotEmpty();
    }
}
