package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class HedgingTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final int PART = 1000;
    private static final int PARTS = 20;
    private static final byte[] CONTENT = new byte[PARTS * PART - 1];

    static {
        new SplittableRandom(3).nextBytes(CONTENT);
    }

    @TempDir
    Path directory;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final TransferManager reader = TransferManager.create();

    @BeforeEach
    void fillStore() throws IOException {
        memory.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)));
    }

    @AfterEach
    void close() {
        reader.close();
    }

    /** A store in which the first requests for one part block until they are interrupted. */
    private final class Hanging extends ForwardingBlobStore {
        final AtomicInteger requests = new AtomicInteger();
        final AtomicInteger inside = new AtomicInteger();
        final AtomicInteger interrupted = new AtomicInteger();
        final CountDownLatch hangs = new CountDownLatch(1);
        private final int part;
        private final AtomicInteger left;

        Hanging(int part, int times) {
            super(memory);
            this.part = part;
            this.left = new AtomicInteger(times);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            requests.incrementAndGet();
            inside.incrementAndGet();
            try {
                if (range.offset() == (long) part * PART && left.getAndDecrement() > 0) {
                    hang(target);
                }
                return delegate().read(key, range, target, options);
            } finally {
                inside.decrementAndGet();
            }
        }

        private void hang(BlobTarget.Window target) throws IOException {
            target.buffer().duplicate().put((byte) 0); // as of a request that has received some bytes
            hangs.countDown();
            try {
                ScriptedStore.awaitInterrupt();
            } finally {
                interrupted.incrementAndGet();
            }
        }
    }

    private static DownloadOptions options(int concurrency) {
        return DownloadOptions.builder()
                .partSize(PART)
                .concurrency(concurrency)
                .hedging(Hedging.builder().percentile(0.9).minParts(3).build())
                .build();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, PARTS - 1})
    void aPartThatHangsIsRequestedAgainAndTheFirstRequestAwaited(int part) throws Exception {
        Hanging store = new Hanging(part, 1);
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);

        reader.download(store, KEY, ByteRange.all(), BlobTarget.of(target), options(4))
                .join();

        assertThat(store.inside).hasValue(0);
        assertThat(store.interrupted).hasValue(1);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(store.requests.get()).isBetween(PARTS + 1, PARTS + 4);
    }

    @Test
    void filesAndMappingsAreReadSoToo() throws Exception {
        Path file = directory.resolve("file");
        reader.download(new Hanging(5, 1), KEY, ByteRange.all(), BlobTarget.ofPath(file), options(4))
                .join();
        assertThat(file).hasBinaryContent(CONTENT);

        try (MappedFile mapped = MappedFile.create(directory.resolve("mapped"), CONTENT.length)) {
            reader.download(new Hanging(5, 1), KEY, ByteRange.all(), mapped.region(), options(4))
                    .join();
            mapped.force();
        }
        assertThat(Files.readAllBytes(directory.resolve("mapped"))).isEqualTo(CONTENT);
    }

    @Test
    void anInterruptedWorkerWorksForOtherTransfers() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (TransferManager shared =
                TransferManager.builder().executor(threads).build()) {
            for (int i = 0; i < 50; i++) {
                ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
                shared.download(
                                new Hanging(1 + i % (PARTS - 1), 1),
                                KEY,
                                ByteRange.all(),
                                BlobTarget.of(target),
                                options(4))
                        .join();
                assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(threads.submit(() -> Thread.currentThread().isInterrupted())
                                .get())
                        .isFalse();
            }
        } finally {
            threads.shutdown();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void cancellingEndsBothRequests() throws Exception {
        Hanging store = new Hanging(7, 2);
        Transfer<ReadResult> transfer = reader.download(
                store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(CONTENT.length)), options(4));
        store.hangs.await();
        transfer.cancel();

        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        assertThat(store.inside).hasValue(0);
    }

    @Test
    void aSecondRequestThatFailsDoesNotFailTheRead() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        AtomicInteger requested = new AtomicInteger();
        ForwardingBlobStore store = new ForwardingBlobStore(memory) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                if (range.offset() == 7 * PART && requested.incrementAndGet() == 1) {
                    ScriptedStore.awaitUninterruptibly(failed);
                } else if (range.offset() == 7 * PART) {
                    failed.countDown();
                    throw new BlobStoreException(Operation.READ, key, "only for the second", null, false);
                }
                return delegate().read(key, range, target, options);
            }
        };
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);

        reader.download(store, KEY, ByteRange.all(), BlobTarget.of(target), options(4))
                .join();

        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(requested).hasValue(2);
    }

    @Test
    void nothingIsRequestedTwiceWithoutHedging() throws Exception {
        Hanging store = new Hanging(PARTS, 0);
        reader.download(
                        store,
                        KEY,
                        ByteRange.all(),
                        BlobTarget.of(ByteBuffer.allocate(CONTENT.length)),
                        DownloadOptions.builder().partSize(PART).build())
                .join();

        assertThat(store.requests).hasValue(PARTS);
    }

    @Test
    void whatIsNoPercentileIsRefused() {
        for (double percentile : new double[] {0, -1, 1.1, Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            Hedging.builder().percentile(percentile).minParts(1).build());
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Hedging.builder().percentile(0.5).minParts(0).build());
    }
}
