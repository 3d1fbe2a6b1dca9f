package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests the events of a read. */
@Timeout(120)
class ReadListenerTest {
    private static final byte[] CONTENT = ReadPlanTest.content(1000);

    private final FakeClock clock = new FakeClock();
    private final List<String> events = new ArrayList<>(); // without a lock: the engine guarantees one call at a time
    private final List<TransferProgress> progress = new ArrayList<>();

    private final TransferListener recorder = new TransferListener() {
        @Override
        public void onProgress(TransferProgress now) {
            progress.add(now);
            events.add("progress");
        }

        @Override
        public void onRetry(String what, int attempt, Throwable failure, Duration delay) {
            events.add(what + ", attempt " + attempt + ", " + failure.getMessage());
        }

        @Override
        public void onEnd(TransferProgress now, Throwable failure) {
            progress.add(now);
            events.add(
                    "end: " + (failure == null ? "success" : failure.getClass().getSimpleName()));
        }
    };

    private Transfer<ReadResult> read(
            TransferManager reader, ScriptedReads store, int concurrency, TransferListener listener)
            throws IOException {
        return reader.download(
                store,
                KEY,
                ByteRange.all(),
                BlobTarget.of(ByteBuffer.allocate(1000)),
                DownloadOptions.builder()
                        .partSize(10)
                        .concurrency(concurrency)
                        .listener(listener)
                        .build());
    }

    private TransferManager reader() {
        return TransferManager.builder().clock(clock).build();
    }

    @Test
    void progressNeverGoesBackAndEndsWithAllOfIt() throws Exception {
        Transfer<ReadResult> transfer;
        try (TransferManager reader = reader()) {
            transfer = read(reader, ScriptedReads.of(CONTENT), 8, recorder);
            transfer.join();
        }
        assertThat(progress).hasSize(101);
        for (int i = 0; i < 100; i++) {
            assertThat(progress.get(i).partsTransferred()).isEqualTo(i + 1);
            assertThat(progress.get(i).bytesTransferred()).isEqualTo(10 * (i + 1));
            assertThat(progress.get(i).totalBytes()).isEqualTo(1000);
            assertThat(progress.get(i).totalParts()).isEqualTo(100);
        }
        assertThat(events).endsWith("end: success").containsOnlyOnce("end: success");
        assertThat(transfer.progress()).isEqualTo(progress.get(100));
    }

    @Test
    void theTotalIsUnknownUntilTheFirstResponse() throws Exception {
        List<TransferProgress> seen = new ArrayList<>();
        AtomicReference<Transfer<ReadResult>> transfer = new AtomicReference<>();
        ScriptedReads store =
                ScriptedReads.of(CONTENT).on(read -> seen.add(transfer.get().progress()));
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager reader =
                TransferManager.builder().executor(tasks::add).clock(clock).build()) {
            transfer.set(read(reader, store, 1, recorder));
            tasks.get(0).run();
        }
        assertThat(seen.get(0).totalBytes()).isEqualTo(TransferProgress.UNKNOWN);
        assertThat(seen.get(0).totalParts()).isEqualTo(1);
        assertThat(seen.get(1).totalBytes()).isEqualTo(1000);
        assertThat(seen.get(1).totalParts()).isEqualTo(100);
    }

    @Test
    void retriesAreReportedAndBytesThatHadArrivedAreNotCountedTwice() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        ScriptedReads store = ScriptedReads.of(CONTENT);
        store.responding((read, right) -> {
            if (read.offset() / 10 == 2 && tries.incrementAndGet() <= 2) {
                throw store.cut(read, right, 4);
            }
            return right;
        });
        try (TransferManager reader = reader()) {
            Transfer<ReadResult> transfer = read(reader, store, 8, recorder);
            transfer.join();
            assertThat(transfer.progress().retries()).isEqualTo(2);
            assertThat(transfer.progress().bytesTransferred()).isEqualTo(1000);
        }
        assertThat(events.stream().filter(event -> event.contains("attempt")))
                .containsExactly(
                        "part 3, attempt 1, read 'key': cut after 4", "part 3, attempt 2, read 'key': cut after 4");
    }

    @Test
    void failuresAreReportedLast() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == 500) {
                throw ScriptedReads.failure("for good", false);
            }
        });
        try (TransferManager reader = reader()) {
            assertThatThrownBy(read(reader, store, 8, recorder)::join)
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("for good");
        }
        assertThat(events).endsWith("end: BlobStoreException").containsOnlyOnce("end: BlobStoreException");
    }

    @Test
    void whatAListenerThrowsChangesNothing() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        TransferListener hostile = new TransferListener() {
            @Override
            public void onProgress(TransferProgress progress) {
                calls.incrementAndGet();
                throw new IllegalStateException("from the listener");
            }

            @Override
            public void onEnd(TransferProgress progress, Throwable failure) {
                calls.incrementAndGet();
                throw new AssertionError("from the listener");
            }
        };
        try (TransferManager reader = reader()) {
            assertThat(read(reader, ScriptedReads.of(CONTENT), 8, hostile)
                            .join()
                            .length())
                    .isEqualTo(1000);
        }
        assertThat(calls).hasValue(101);
    }

    @Test
    void aListenerMayCancel() throws Exception {
        AtomicReference<Transfer<ReadResult>> transfer = new AtomicReference<>();
        ScriptedReads store = ScriptedReads.of(CONTENT);
        TransferListener cancelling = new TransferListener() {
            @Override
            public void onProgress(TransferProgress progress) {
                if (progress.partsTransferred() == 5) {
                    transfer.get().cancel();
                }
            }
        };
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager reader =
                TransferManager.builder().executor(tasks::add).build()) {
            transfer.set(read(reader, store, 8, cancelling));
            tasks.get(0).run(); // the other workers never run
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> transfer.get().join());
        }
        assertThat(store.requests()).hasSize(5);
        assertThat(Thread.interrupted()).isFalse();
    }
}
