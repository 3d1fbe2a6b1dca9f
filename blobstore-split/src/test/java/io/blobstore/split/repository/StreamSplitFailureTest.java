package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.Sha256;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ScriptedChannel;
import io.blobstore.split.Splitter;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A split of a stream that fails or is cancelled makes nothing visible and holds nothing, such as temporary files. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class StreamSplitFailureTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .maxAttempts(8)
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .throttlingMaxDelay(Duration.ofNanos(1))
            .build();

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = repository(store);
    /** Small files, and two that pass through temporary files, of which one is hashed in sections. */
    private final ByteBuffer tar = tar();

    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private static ByteBuffer tar() {
        List<byte[]> files = new ArrayList<>(Fixture.files(1, 100, 3000));
        files.addAll(Fixture.files(2, 1, 9 << 20));
        files.addAll(Fixture.files(3, 100, 3000));
        files.addAll(Fixture.files(4, 1, 2 << 20));
        return Fixture.tar(files);
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private static SplitOptions.Builder options() {
        return SplitOptions.builder().concurrency(4).retry(FAST).ref("r");
    }

    private Transfer<SplitResult> start(Repository into, InputStream stream) {
        return SplitEngine.of(transfers).split(into, "s", stream, options().build());
    }

    private SplitResult split(Repository into, ScriptedChannel channel, SplitOptions options) throws Exception {
        return SplitEngine.of(transfers).split(into, "s", channel, options).join(LIMIT);
    }

    private ScriptedChannel channel() {
        return new ScriptedChannel(tar, new Random(1));
    }

    private void assertNothingIsVisible() throws IOException {
        assertThat(repository.streams()).isEmpty();
        assertThat(repository.refs()).isEmpty();
        assertThat(store.openUploads()).isEmpty();
        assertThat(store.list(ListOptions.prefix(".split/")).hasNext()).isFalse();
    }

    // ---- the stream

    /** A channel whose read at an offset throws. */
    private static final class ThrowingChannel extends ScriptedChannel {
        private final int left;
        private final Supplier<Throwable> failure;

        ThrowingChannel(ByteBuffer content, int offset, Supplier<Throwable> failure) {
            super(content, new Random(1));
            this.left = content.remaining() - offset;
            this.failure = failure;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            if (left() <= left) {
                sneakyThrow(failure.get());
            }
            return super.read(target);
        }

        @SuppressWarnings("unchecked")
        private static <E extends Throwable> void sneakyThrow(Throwable e) throws E {
            throw (E) e;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 300, 300_000, 1_000_000, 9_600_000, 12_000_000})
    void whateverAStreamThrowsIsTheFailure(int offset) throws Exception {
        for (Supplier<Throwable> failure : List.<Supplier<Throwable>>of(
                () -> new IOException("scripted"),
                () -> new IllegalStateException("scripted"),
                () -> new OutOfMemoryError("scripted"))) {
            assertThatThrownBy(() -> split(
                            repository,
                            new ThrowingChannel(tar, offset, failure),
                            options().build()))
                    .hasMessage("scripted")
                    .hasSameClassAs(failure.get());
            assertNothingIsVisible();
        }
    }

    @Test
    void aStreamThatEndsEarlyIsRefused() throws Exception {
        ByteBuffer truncated = tar.slice(0, 5_000_000);
        assertThatThrownBy(() -> split(
                        repository,
                        new ScriptedChannel(truncated, new Random(1)),
                        options().build()))
                .hasMessageContaining("the input ends after");
        Splitter blind = (input, sink) -> sink.object(5_000_001, "all of it");
        assertThatThrownBy(() -> split(
                        repository,
                        new ScriptedChannel(truncated, new Random(1)),
                        options().splitter(blind).build()))
                .isInstanceOf(EOFException.class)
                .hasMessageContainingAll("byte 5000000", "5000001 bytes");
        assertNothingIsVisible();
    }

    /** What a header claims is not allocated before it has arrived. */
    @Test
    void anImpossibleSizeIsRefusedWithoutMemoryForIt() throws Exception {
        Splitter claiming = (input, sink) -> {
            assertThatThrownBy(() -> sink.object(15L << 40, "all of it")).isInstanceOf(EOFException.class);
            assertThat(input.position()).isZero();
            sink.object(input.available(Long.MAX_VALUE), "what there is");
        };
        assertThat(AllocatedBytes.of(() -> {
                    try (TransferManager own =
                            TransferManager.builder().executor(Runnable::run).build()) {
                        SplitEngine.of(own)
                                .split(
                                        repository,
                                        "s",
                                        channel(),
                                        options().splitter(claiming).build())
                                .join();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }))
                .isLessThan(100 << 20);
        Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
    }

    @Test
    void anotherDigestThanExpectedIsRefused() throws Exception {
        Sha256 wrong = Sha256.ofBytes(new byte[32]);
        assertThatThrownBy(() ->
                        split(repository, channel(), options().expected(wrong).build()))
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining(Sha256.of(tar.duplicate()).hex());
        assertNothingIsVisible();
        split(
                repository,
                channel(),
                options().expected(Sha256.of(tar.duplicate())).build());
        assertThat(repository.refs()).containsExactly("r");
    }

    // ---- stores

    @Test
    void anyFatalErrorFailsTheSplitAndReleasesTheStream() throws Exception {
        FaultyBlobStore counting = FaultyBlobStore.over(new InMemoryBlobStore()).build();
        split(repository(counting), channel(), options().build());
        int stores = counting.requests(Operation.STORE);
        assertThat(stores).isEqualTo(202 + 4);
        int step = CampaignScale.isFull() ? 7 : 50;
        for (int k = 1; k <= stores; k += step) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .at(Operation.STORE, k, Fault.FATAL_ERROR)
                    .build();
            assertThatThrownBy(
                            () -> split(repository(faulty), channel(), options().build()))
                    .as("store %s", k)
                    .isInstanceOf(BlobStoreException.class);
            assertNothingIsVisible();
            store.deleteAll("objects/");
        }
    }

    @Test
    void lostAnswersAndThrottlingAreRepeated() throws Exception {
        int injected = 0;
        for (int seed = 0; seed < CampaignScale.of(50, 3); seed++) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            FaultyBlobStore faulty = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.05)
                    .chance(Fault.RESPONSE_LOST, 0.05)
                    .chance(Fault.THROTTLED, 0.05)
                    .retryAfter(Duration.ofNanos(1))
                    .build();
            split(repository(faulty), channel(), options().build());
            injected += faulty.injected();
            Fixture.assertSame(Fixture.merge(transfers, repository(memory), "refs/r", tar.remaining()), tar);
        }
        assertThat(injected).isPositive();
    }

    // ---- cancellation

    @Test
    void aCancelledSplitEndsAndHoldsNothing() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        int cancelled = 0;
        for (int round = 0; round < CampaignScale.of(300, 20); round++) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            Transfer<SplitResult> split = SplitEngine.of(transfers)
                    .split(repository(memory), "s", channel(), options().build());
            LockSupport.parkNanos(random.nextLong(30_000_000));
            split.cancel();
            try {
                split.join(LIMIT);
            } catch (CancellationException e) {
                cancelled++;
                assertThat(repository(memory).refs()).isEmpty();
            }
            assertThat(memory.list(ListOptions.prefix(".split/")).hasNext()).isFalse();
            assertThat(memory.openUploads()).isEmpty();
        }
        assertThat(cancelled).isPositive();
    }

    @Test
    void aSplitThatIsStuckInTheStoreCanBeCancelled() throws Exception {
        FaultyBlobStore stalling = FaultyBlobStore.over(store)
                .at(Operation.STORE, 150, Fault.STALL)
                .build();
        Transfer<SplitResult> split = SplitEngine.of(transfers)
                .split(repository(stalling), "s", channel(), options().build());
        stalling.awaitStall();
        assertThat(split.cancel()).isTrue();
        assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertNothingIsVisible();
    }

    @Test
    void aReadOfAChannelThatWaitsIsEndedByCancelling() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4);
        Pipe pipe = Pipe.open();
        try (TransferManager own = TransferManager.builder().executor(executor).build();
                Pipe.SinkChannel sink = pipe.sink();
                Pipe.SourceChannel source = pipe.source()) {
            Transfer<SplitResult> split =
                    SplitEngine.of(own).split(repository, "s", source, options().build());
            sink.write(tar.slice(0, 10_000));
            assertThat(split.cancel()).isTrue();
            assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        } finally {
            executor.shutdown();
        }
        assertNothingIsVisible();
    }

    @Test
    void aReadOfAStreamThatHeedsInterruptsIsEndedByCancelling() throws Exception {
        try (PipedOutputStream sink = new PipedOutputStream();
                PipedInputStream stream = new PipedInputStream(sink)) {
            Transfer<SplitResult> split = start(repository, stream);
            sink.write(tar.array(), 0, 1000);
            assertThat(split.cancel()).isTrue();
            assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
        assertNothingIsVisible();
    }

    /** As standard input may be: only more content, or its end, ends a read. */
    private static final class StubbornStream extends InputStream {
        private final CountDownLatch reading = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        @Override
        public int read() {
            throw new AssertionError("not used");
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            reading.countDown();
            boolean interrupted = false;
            while (true) {
                try {
                    released.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return -1;
        }
    }

    @Test
    void aReadThatIgnoresInterruptsDelaysTheEndUntilItReturns() throws Exception {
        StubbornStream stream = new StubbornStream();
        Transfer<SplitResult> split = start(repository, stream);
        stream.reading.await();
        assertThat(split.cancel()).isTrue();
        assertThat(split.toCompletableFuture()).isNotDone(); // its thread may still use what the transfer holds
        stream.released.countDown();
        assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertNothingIsVisible();
    }

    @Test
    void anInterruptOfTheReaderCancelsTheSplit() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try (TransferManager own = TransferManager.builder().executor(executor).build();
                PipedOutputStream sink = new PipedOutputStream();
                PipedInputStream stream = new PipedInputStream(sink)) {
            Transfer<SplitResult> split =
                    SplitEngine.of(own).split(repository, "s", stream, options().build());
            sink.write(tar.array(), 0, 1000);
            executor.shutdownNow(); // interrupts its threads
            assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
        assertThat(repository.streams()).isEmpty();
    }
}
