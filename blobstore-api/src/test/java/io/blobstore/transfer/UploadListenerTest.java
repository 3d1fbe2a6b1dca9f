package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests the events of an upload and their order, and that a failing listener does not affect it. */
@Timeout(120)
class UploadListenerTest {
    private final FakeClock clock = new FakeClock();

    private record Event(String kind, TransferProgress progress, Object detail) {}

    /** Records events without a lock, because the engine guarantees one call at a time. */
    private static class Recorder implements TransferListener {
        final List<Event> events = new ArrayList<>();
        final AtomicInteger inside = new AtomicInteger();
        volatile boolean overlapped;

        private void record(Event event) {
            if (inside.incrementAndGet() != 1) {
                overlapped = true;
            }
            events.add(event);
            inside.decrementAndGet();
        }

        @Override
        public void onProgress(TransferProgress progress) {
            record(new Event("progress", progress, ""));
        }

        @Override
        public void onRetry(String what, int attempt, Throwable failure, Duration delay) {
            record(new Event("retry", null, what + ", attempt " + attempt + ", " + failure.getMessage()));
        }

        @Override
        public void onEnd(TransferProgress progress, Throwable failure) {
            record(new Event("end", progress, failure == null ? "success" : failure));
        }
    }

    private Transfer<StoredBlob> upload(TransferManager uploader, ScriptedStore store, TransferListener listener) {
        return upload(uploader, store, listener, 10);
    }

    private Transfer<StoredBlob> upload(
            TransferManager uploader, ScriptedStore store, TransferListener listener, int partSize) {
        return uploader.upload(
                store,
                KEY,
                BlobSource.of(ByteBuffer.allocateDirect(1000)),
                UploadOptions.builder()
                        .partSize(partSize)
                        .concurrency(8)
                        .listener(listener)
                        .build());
    }

    private TransferManager uploader() {
        return TransferManager.builder().clock(clock).build();
    }

    @Test
    void progressNeverGoesBackAndEndsWithAllOfIt() throws Exception {
        Recorder recorder = new Recorder();
        Transfer<StoredBlob> transfer;
        try (TransferManager uploader = uploader()) {
            transfer = upload(uploader, new ScriptedStore(), recorder);
            transfer.join();
        }

        assertThat(recorder.overlapped).isFalse();
        assertThat(recorder.events).hasSize(101);
        for (int i = 0; i < 100; i++) {
            Event event = recorder.events.get(i);
            assertThat(event.kind()).isEqualTo("progress");
            assertThat(event.progress().partsTransferred()).isEqualTo(i + 1);
            assertThat(event.progress().bytesTransferred()).isEqualTo(10 * (i + 1));
            assertThat(event.progress().totalBytes()).isEqualTo(1000);
            assertThat(event.progress().totalParts()).isEqualTo(100);
        }
        assertThat(recorder.events.get(100).kind()).isEqualTo("end");
        assertThat(recorder.events.get(100).detail()).isEqualTo("success");
        assertThat(transfer.progress()).isEqualTo(recorder.events.get(100).progress());
    }

    @Test
    void elapsedTimeIsConstantAfterTheEnd() throws Exception {
        try (TransferManager uploader = uploader()) {
            Transfer<StoredBlob> transfer = upload(uploader, new ScriptedStore(), TransferListener.NONE);
            transfer.join();
            assertThat(transfer.progress().elapsed()).isEqualTo(Duration.ZERO);

            clock.advance(Duration.ofSeconds(5));

            assertThat(transfer.progress().elapsed()).isEqualTo(Duration.ZERO);
        }
    }

    @Test
    void retriesAreReportedAndCounted() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (part == 3 && tries.incrementAndGet() <= 2) {
                throw ScriptedStore.failure("try again", true);
            }
        });
        Recorder recorder = new Recorder();
        try (TransferManager uploader = uploader()) {
            Transfer<StoredBlob> transfer = upload(uploader, store, recorder);
            transfer.join();
            assertThat(transfer.progress().retries()).isEqualTo(2);
            assertThat(transfer.progress().partsTransferred()).isEqualTo(100);
        }
        assertThat(recorder.events.stream()
                        .filter(event -> event.kind().equals("retry"))
                        .map(Event::detail))
                .containsExactly(
                        "part 3, attempt 1, store 'key': try again", "part 3, attempt 2, store 'key': try again");
    }

    @Test
    void failuresAreReportedLast() throws Exception {
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (part == 50) {
                throw ScriptedStore.failure("for good", false);
            }
        });
        Recorder recorder = new Recorder();
        try (TransferManager uploader = uploader()) {
            Transfer<StoredBlob> transfer = upload(uploader, store, recorder);
            assertThatThrownBy(transfer::join).hasMessageContaining("for good");
        }
        Event last = recorder.events.get(recorder.events.size() - 1);
        assertThat(last.kind()).isEqualTo("end");
        assertThat(last.detail()).isInstanceOf(BlobStoreException.class);
        assertThat(recorder.events.stream().filter(event -> event.kind().equals("end")))
                .hasSize(1);
    }

    @Test
    void whatAListenerThrowsChangesNothing() throws Exception {
        ScriptedStore store = new ScriptedStore();
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
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (TransferManager uploader = uploader()) {
            assertThat(upload(uploader, store, hostile, 400).join().size()).isEqualTo(1000);
        } finally {
            System.setErr(before);
        }
        assertThat(calls).hasValue(4);
        assertThat(store.stored()).isPresent();
        assertThat(log.toString(StandardCharsets.UTF_8)).containsOnlyOnce("the listener threw");
    }

    @Test
    void aListenerMayCancel() throws Exception {
        AtomicReference<Transfer<StoredBlob>> transfer = new AtomicReference<>();
        ScriptedStore store = new ScriptedStore();
        TransferListener cancelling = new TransferListener() {
            @Override
            public void onProgress(TransferProgress progress) {
                if (progress.partsTransferred() == 5) {
                    transfer.get().cancel();
                }
            }
        };
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager uploader =
                TransferManager.builder().executor(tasks::add).build()) {
            transfer.set(upload(uploader, store, cancelling));
            tasks.get(0).run(); // the other workers never run
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> transfer.get().join());
        }
        assertThat(store.requests())
                .containsExactly("CREATE", "PART 1", "PART 2", "PART 3", "PART 4", "PART 5", "ABORT");
        assertThat(Thread.interrupted()).isFalse();
    }
}
