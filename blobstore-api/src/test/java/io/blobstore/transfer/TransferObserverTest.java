package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ObservedBlobStore;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.Direction;
import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.ReaderClosed;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.TransferEnded;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.RecordedEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an observer of a manager learns about its transfers and readers. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class TransferObserverTest {
    private final RecordedEvents events = new RecordedEvents();

    private TransferManager manager() {
        return TransferManager.builder().observer(events).build();
    }

    private static UploadOptions parts() {
        return UploadOptions.builder().partSize(10).concurrency(2).build();
    }

    private static BlobSource content(int bytes) {
        return BlobSource.of(ByteBuffer.allocateDirect(bytes));
    }

    private TransferEnded onlyTransfer() {
        assertThat(events.of(TransferStarted.class)).hasSize(1);
        assertThat(events.of(TransferEnded.class)).hasSize(1);
        TransferEnded ended = events.of(TransferEnded.class).get(0);
        assertThat(ended.transfer()).isSameAs(events.of(TransferStarted.class).get(0));
        return ended;
    }

    @Test
    void anUploadAndItsRequestsAreReported() throws Exception {
        ScriptedStore scripted = new ScriptedStore();
        BlobStore store = ObservedBlobStore.of(scripted, events);
        try (TransferManager transfers = manager()) {
            transfers.upload(store, KEY, content(25), parts()).join();
        }

        TransferEnded ended = onlyTransfer();
        assertThat(ended.transfer().direction()).isEqualTo(Direction.UPLOAD);
        assertThat(ended.transfer().store()).isEqualTo(store.toString());
        assertThat(ended.transfer().key()).contains(KEY);
        assertThat(ended.outcome()).isEqualTo(Outcome.SUCCESS);
        assertThat(ended.bytes()).isEqualTo(25);
        assertThat(ended.parts()).isEqualTo(3);
        assertThat(ended.retries()).isZero();
        assertThat(ended.duration()).isPositive();
        assertThat(events.requests())
                .hasSize(5)
                .allSatisfy(request -> assertThat(request.request().transfer()).contains(ended.transfer()));
    }

    @Test
    void whatATransferRepeatsAreRequestsOfTheirOwn() throws Exception {
        AtomicInteger failures = new AtomicInteger();
        ScriptedStore scripted = new ScriptedStore().on(ScriptedStore.Request.PART, part -> {
            if (part == 2 && failures.getAndIncrement() == 0) {
                throw new BlobStoreException(Operation.UPLOAD_PART, KEY, "try again", null, true);
            }
        });
        try (TransferManager transfers = TransferManager.builder()
                .observer(events)
                .clock(new FakeClock())
                .build()) {
            transfers
                    .upload(ObservedBlobStore.of(scripted, events), KEY, content(25), parts())
                    .join();
        }

        assertThat(onlyTransfer().retries()).isEqualTo(1);
        assertThat(events.requests())
                .filteredOn(request -> request.request().operation() == Operation.UPLOAD_PART)
                .hasSize(4)
                .filteredOn(request -> request.outcome() == Outcome.FAILED)
                .hasSize(1);
    }

    @Test
    void aDownloadIsReported() throws Exception {
        try (BlobStore store = BlobStores.open("mem:");
                TransferManager transfers = manager()) {
            store.store(KEY, ByteBuffer.allocate(25));
            transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocateDirect(25)))
                    .join();
            assertThat(onlyTransfer().transfer().direction()).isEqualTo(Direction.DOWNLOAD);
            assertThat(onlyTransfer().bytes()).isEqualTo(25);

            transfers
                    .downloadRanges(store, KEY, List.of(ByteRange.of(1, 2)), ByteBuffer::allocateDirect)
                    .join();
            assertThat(events.of(TransferEnded.class)).hasSize(2);
        }
    }

    @Test
    void aFailureIsReported() throws Exception {
        try (BlobStore store = BlobStores.open("mem:");
                TransferManager transfers = manager()) {
            assertThatExceptionOfType(BlobNotFoundException.class)
                    .isThrownBy(transfers.download(
                            store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocateDirect(25)))::join);
        }
        assertThat(onlyTransfer().outcome()).isEqualTo(Outcome.NOT_FOUND);
        assertThat(onlyTransfer().problem()).containsInstanceOf(BlobNotFoundException.class);
    }

    @Test
    void aCancellationIsReportedOnce() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        ScriptedStore scripted = new ScriptedStore().on(ScriptedStore.Request.PART, part -> {
            inside.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        });
        try (TransferManager transfers = manager()) {
            var transfer = transfers.upload(scripted, KEY, content(25), parts());
            inside.await();
            assertThat(transfer.cancel()).isTrue();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        }
        assertThat(onlyTransfer().outcome()).isEqualTo(Outcome.CANCELLED);
    }

    @Test
    void whatTheCallerDefinesIsReportedWithoutAStore() throws Exception {
        try (TransferManager transfers = manager()) {
            transfers
                    .start(new Nothing(), RetryPolicy.NEVER, 1, TransferListener.NONE)
                    .join();
        }
        assertThat(onlyTransfer().transfer().direction()).isEqualTo(Direction.OTHER);
        assertThat(onlyTransfer().transfer().store()).isEmpty();
        assertThat(onlyTransfer().transfer().key()).isEmpty();
    }

    private static final class Nothing implements TransferTask<String> {
        @Override
        public String description() {
            return "nothing";
        }

        @Override
        public void begin(TransferContext context) {
            context.moved(3);
        }

        @Override
        public String complete(TransferContext context) {
            return "done";
        }

        @Override
        public void release(Throwable problem) {}
    }

    @Test
    void aReaderReportsItsReadAheadWhenItIsClosed() throws Exception {
        int size = 8 << 20;
        try (BlobStore store = BlobStores.open("mem:");
                TransferManager transfers = manager()) {
            store.store(KEY, ByteBuffer.allocate(size));
            BlobReader reader = transfers.openReader(store, KEY);
            ByteBuffer chunk = ByteBuffer.allocateDirect(512 << 10);
            for (int i = 0; i < 8; i++) {
                reader.read(chunk.clear());
            }
            reader.read(chunk.clear().limit(100), 5);
            reader.close();
            reader.close();

            assertThat(events.of(ReaderClosed.class)).hasSize(1);
            ReaderClosed closed = events.of(ReaderClosed.class).get(0);
            assertThat(closed.store()).isEqualTo(store.toString());
            assertThat(closed.key()).isEqualTo(KEY);
            assertThat(closed.size()).hasValue(size);
            assertThat(closed.bytesRead()).isEqualTo((4 << 20) + 100);
            assertThat(closed.bytesPrefetched()).isPositive().isLessThanOrEqualTo(size);
            assertThat(closed.bytesUnused()).isNotNegative().isLessThanOrEqualTo(closed.bytesPrefetched());
            assertThat(closed.bytesPrefetched() - closed.bytesUnused()).isPositive();
        }
    }

    @Test
    void anObserverThatThrowsAffectsNoTransfer() throws Exception {
        try (TransferManager transfers = TransferManager.builder()
                .observer(event -> {
                    throw new IllegalStateException("broken observer of transfers");
                })
                .build()) {
            assertThat(transfers
                            .upload(new ScriptedStore(), KEY, content(25), parts())
                            .join()
                            .size())
                    .isEqualTo(25);
        }
    }

    @Test
    void theThreadOfAWorkerForgetsTheTransfer() throws Exception {
        BlobStore store = ObservedBlobStore.of(new ScriptedStore(), events);
        try (TransferManager transfers = TransferManager.builder()
                .observer(events)
                .executor(Runnable::run)
                .build()) {
            transfers.upload(store, KEY, content(5), parts()).join();
        }
        events.clear();

        store.store(KEY, content(5));

        assertThat(events.requests())
                .extracting(RequestEnded::request)
                .allSatisfy(request -> assertThat(request.transfer()).isEmpty());
    }
}
