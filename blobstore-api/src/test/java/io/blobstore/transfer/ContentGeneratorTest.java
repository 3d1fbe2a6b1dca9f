package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.SuppressedFailures;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests uploads of content that a generator makes meanwhile. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class ContentGeneratorTest {
    private static final int PART = BlobWriterTest.PART;

    private final ScriptedStore store = new ScriptedStore();
    private final AtomicInteger closed = new AtomicInteger();

    private interface Body {
        void write(BlobWriter writer) throws IOException;
    }

    /** A generator that counts how often it is closed, and whose result is a text. */
    private final class Generator implements ContentGenerator<String> {
        private final Body body;
        private final long total;

        Generator(Body body, long total) {
            this.body = body;
            this.total = total;
        }

        @Override
        public long progressTotal() {
            return total;
        }

        @Override
        public void generate(BlobWriter writer) throws IOException {
            assertThat(closed).hasValue(0);
            body.write(writer);
        }

        @Override
        public String result(StoredBlob stored) {
            assertThat(closed).hasValue(0);
            return stored.size() + " bytes";
        }

        @Override
        public void close() throws IOException {
            assertThat(store.inside()).isZero();
            closed.incrementAndGet();
            throw new IOException("logged only");
        }
    }

    private Transfer<String> upload(TransferManager transfers, Body body) {
        return transfers.upload(store, KEY, new Generator(body, TransferProgress.UNKNOWN), BlobWriterTest.OPTIONS);
    }

    @Test
    void theResultIsTheGenerators() throws Exception {
        byte[] content = BlobWriterTest.bytes(4321);
        AtomicReference<BlobWriter> kept = new AtomicReference<>();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = upload(transfers, writer -> {
                kept.set(writer);
                writer.reserve(10);
                writer.write(ByteBuffer.wrap(content).position(10));
                writer.setReserved(ByteBuffer.wrap(content).limit(10));
                assertThatIllegalStateException().isThrownBy(writer::complete);
            });
            assertThat(transfer.join()).isEqualTo("4321 bytes");
            assertThat(closed).hasValue(1);
            assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> kept.get().write(ByteBuffer.allocate(1)));
        }
        assertThat(store.stored())
                .hasValueSatisfying(stored -> assertThat(stored).isEqualTo(content));
    }

    @Test
    void aGeneratorThatWritesNothingStoresAnEmptyBlob() throws Exception {
        try (TransferManager transfers = TransferManager.create()) {
            assertThat(upload(transfers, BlobWriter::close).join()).isEqualTo("0 bytes");
        }
        assertThat(store.requests()).containsExactly("STORE");
    }

    @Test
    void aGeneratorThatThrowsMakesNothingVisible() {
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = upload(transfers, writer -> {
                writer.write(ByteBuffer.allocate(3500));
                throw new IOException("its source is gone");
            });
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(transfer::join)
                    .withMessage("its source is gone");
        }
        assertThat(closed).hasValue(1);
        assertThat(store.requests()).endsWith("ABORT");
        assertThat(store.stored()).isEmpty();
    }

    @Test
    void aFailedPartStopsTheGenerator() {
        ScriptedStore failing = new ScriptedStore().on(Request.PART, part -> {
            if (part == 2) {
                throw ScriptedStore.failure("for good", false);
            }
        });
        AtomicInteger written = new AtomicInteger();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = transfers.upload(
                    failing,
                    KEY,
                    new Generator(
                            writer -> {
                                for (; ; ) { // until it throws
                                    written.addAndGet(writer.write(ByteBuffer.allocate(PART)));
                                }
                            },
                            TransferProgress.UNKNOWN),
                    BlobWriterTest.OPTIONS);
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(transfer::join)
                    .withMessageContaining("for good")
                    .satisfies(e -> assertThat(SuppressedFailures.of(e)).isEmpty());
        }
        assertThat(closed).hasValue(1);
        assertThat(failing.requests()).endsWith("ABORT");
    }

    @Test
    void cancellingInterruptsTheGenerator() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = upload(transfers, writer -> {
                writer.write(ByteBuffer.allocate(3500));
                inside.countDown();
                ScriptedStore.awaitInterrupt();
            });
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(transfer.cancel()).isTrue();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        }
        assertThat(closed).hasValue(1);
        assertThat(store.requests()).endsWith("ABORT");
    }

    @Test
    void aTransferThatNeverBeginsClosesItsGenerator() {
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager transfers =
                TransferManager.builder().executor(tasks::add).build()) {
            Transfer<String> transfer = upload(transfers, writer -> {});
            assertThat(transfer.cancel()).isTrue();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(closed).hasValue(1);
        }
        tasks.forEach(Runnable::run);
        assertThat(store.requests()).isEmpty();
        assertThat(closed).hasValue(1);
    }

    @Test
    void aTransferThatIsRefusedClosesItsGenerator() {
        TransferManager rejecting = TransferManager.builder()
                .executor(task -> {
                    throw new RejectedExecutionException("for a test");
                })
                .build();
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> upload(rejecting, writer -> {}));
        assertThat(closed).hasValue(1);
        rejecting.close();
        assertThatIllegalStateException().isThrownBy(() -> upload(rejecting, writer -> {}));
        assertThat(closed).hasValue(2);
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void memoryIsReleasedBeforeTheTransferEnds(Ending ending) throws Exception {
        AtomicReference<Transfer<String>> running = new AtomicReference<>();
        CountDownLatch started = new CountDownLatch(1);
        ScriptedStore watched = new ScriptedStore().on(Request.PART, part -> {
            ScriptedStore.await(started);
            if (part == 3) {
                ending.reach(running.get());
            }
        });
        try (TransferManager transfers = TransferManager.create()) {
            running.set(transfers.upload(
                    watched,
                    KEY,
                    new Generator(writer -> writer.write(ByteBuffer.allocate(5500)), TransferProgress.UNKNOWN),
                    BlobWriterTest.OPTIONS));
            started.countDown();
            running.get()
                    .toCompletableFuture()
                    .handle((result, problem) -> {
                        assertThat(closed).hasValue(1);
                        assertThat(watched.inside()).isZero();
                        return null;
                    })
                    .get();
        }
        assertThat(watched.stored().isPresent()).isEqualTo(ending == Ending.SUCCESS);
    }

    @Test
    void progressCountsTheGeneratorsUnitsAsTheyAreStored() throws Exception {
        List<TransferProgress> events = new CopyOnWriteArrayList<>();
        TransferListener listener = new TransferListener() {
            @Override
            public void onProgress(TransferProgress progress) {
                events.add(progress);
            }
        };
        try (TransferManager transfers = TransferManager.create()) {
            transfers
                    .upload(
                            store,
                            KEY,
                            new Generator(
                                    writer -> {
                                        writer.reserve(10);
                                        for (int i = 1; i <= 7; i++) {
                                            writer.write(ByteBuffer.allocate(500));
                                            writer.reportProgress(i * 10_000L);
                                        }
                                        writer.setReserved(ByteBuffer.allocate(10));
                                    },
                                    70_000),
                            BlobWriterTest.OPTIONS.toBuilder()
                                    .listener(listener)
                                    .build())
                    .join();
        }
        assertThat(events).hasSize(4);
        assertThat(events).isSortedAccordingTo((a, b) -> Long.compare(a.bytesTransferred(), b.bytesTransferred()));
        TransferProgress last = events.get(3);
        assertThat(last.bytesTransferred()).isEqualTo(70_000);
        assertThat(events).allSatisfy(event -> assertThat(event.totalBytes()).isEqualTo(70_000));
        assertThat(last.totalParts()).isEqualTo(4);
    }
}
