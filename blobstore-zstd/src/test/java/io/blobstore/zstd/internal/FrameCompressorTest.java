package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.github.luben.zstd.ZstdDecompressCtx;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("jdk")
@Timeout(60)
@ExtendWith(LeakCheck.class)
class FrameCompressorTest {
    private static final int FRAME = 64 << 10;
    private static final Runnable NOTHING = () -> {};

    @TempDir
    private Path directory;

    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Decodes what it receives. */
    private static final class Decoder implements FrameCompressor.Sink {
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        final List<Integer> storedLengths = new ArrayList<>();

        @Override
        public void frame(int contentLength, ByteBuffer stored) {
            byte[] bytes = new byte[stored.remaining()];
            stored.duplicate().get(bytes);
            storedLengths.add(bytes.length);
            try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
                content.writeBytes(context.decompress(bytes, contentLength));
            }
        }
    }

    /** Returns a compressor of frames with checksums that hashes what it compresses. */
    private static FrameCompressor compressor(Executor executor, int tasks, int level, FrameCompressor.Sink sink) {
        return new FrameCompressor(executor, tasks, level, true, new ContentHasher()::update, sink);
    }

    private static void addAll(FrameCompressor compressor, BlobSource content, int frameSize) throws IOException {
        for (long at = 0; at < content.size(); at += frameSize) {
            compressor.add(content.slice(at, Math.min(frameSize, content.size() - at)), NOTHING);
        }
        compressor.finish();
    }

    private void assertRoundTrip(
            BlobSource source, byte[] content, int frameSize, int level, int tasks, Executor executor)
            throws IOException {
        Decoder decoder = new Decoder();
        ContentHasher hasher = new ContentHasher();
        try (FrameCompressor compressor = new FrameCompressor(executor, tasks, level, true, hasher::update, decoder)) {
            addAll(compressor, source, frameSize);
            assertThat(decoder.content.toByteArray()).isEqualTo(content);
            ByteBuffer bytes = ByteBuffer.wrap(content);
            assertThat(hasher.digest())
                    .isEqualTo(new ContentDigest(content.length, Crc32c.of(bytes), Sha256.of(bytes)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5})
    void framesAreHandedOnInOrderAndDecodeToTheContent(int tasks) throws IOException {
        byte[] content = Contents.text(tasks, 20 * FRAME + 17);
        Arrays.fill(content, FRAME, 3 * FRAME, (byte) 0);
        System.arraycopy(Contents.random(1, 2 * FRAME), 0, content, 5 * FRAME, 2 * FRAME);
        assertRoundTrip(BlobSource.of(Contents.direct(content)), content, FRAME, 1, tasks, threads);
    }

    @ParameterizedTest
    @ValueSource(ints = {-5, 3, 9})
    void levelsOfZstdCanBeChosen(int level) throws IOException {
        byte[] content = Contents.text(level, 2 * FRAME + 1);
        assertRoundTrip(BlobSource.of(Contents.direct(content)), content, FRAME, level, 1, threads);
    }

    @Test
    void contentOnTheHeapAndInSeveralBuffersIsGathered() throws IOException {
        byte[] content = Contents.text(7, 9 * FRAME);
        BlobSource heap = BlobSource.of(ByteBuffer.wrap(content));
        assertRoundTrip(heap, content, FRAME, 1, 2, threads);
        ByteBuffer direct = Contents.direct(content);
        BlobSource pieces = BlobSource.of(
                direct.slice(0, 100),
                direct.slice(100, 5 * FRAME),
                ByteBuffer.wrap(content, 100 + 5 * FRAME, 4 * FRAME - 100));
        assertRoundTrip(pieces, content, FRAME, 1, 2, threads);
    }

    @Test
    void filesAreCompressedFromTheirMappingAndByReads() throws IOException {
        byte[] content = Contents.text(8, 9 * FRAME + 5);
        Path path = Files.write(directory.resolve("file"), content);
        assertRoundTrip(BlobSource.ofPath(path), content, FRAME, 1, 2, threads);
        try (MappedFile file = MappedFile.open(path)) {
            assertRoundTrip(file.region(), content, FRAME, 1, 2, threads);
        }
    }

    @Test
    void compressorsThatShareEncodersHaveFewFramesInMemoryTogether() throws Exception {
        int compressors = 12;
        int most = 6;
        byte[] content = Contents.text(4, 30 * FRAME);
        ByteBuffer bytes = Contents.direct(content);
        AtomicInteger peak = new AtomicInteger();
        try (SharedEncoders encoders = new SharedEncoders(1, true, 4, most)) {
            List<Future<?>> ends = new ArrayList<>();
            ExecutorService users = Executors.newFixedThreadPool(compressors);
            for (int i = 0; i < compressors; i++) {
                ends.add(users.submit(() -> {
                    Decoder decoder = new Decoder();
                    FrameCompressor.Sink watching = (length, stored) -> {
                        peak.accumulateAndGet(encoders.buffers(), Math::max);
                        decoder.frame(length, stored);
                    };
                    try (FrameCompressor compressor =
                            new FrameCompressor(threads, 2, encoders, new ContentHasher()::update, watching)) {
                        addAll(compressor, BlobSource.of(bytes.duplicate()), FRAME);
                    }
                    assertThat(decoder.content.toByteArray()).isEqualTo(content);
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            users.shutdown();
            // Between the question for room and the answer, each of the others may take one more.
            assertThat(peak.get()).isBetween(1, most + 2 * compressors);
            assertThat(encoders.buffers()).as("all were given back").isZero();
        }
    }

    @Test
    void aCompressorThatIsClosedGivesBackItsShare() throws IOException {
        byte[] content = Contents.text(5, 4 * FRAME);
        try (SharedEncoders encoders = new SharedEncoders(1, true, 4, 100)) {
            FrameCompressor compressor =
                    new FrameCompressor(task -> {}, 2, encoders, bytes -> {}, (length, stored) -> {});
            for (int i = 0; i < 4; i++) {
                compressor.add(BlobSource.of(Contents.direct(content)).slice((long) i * FRAME, FRAME), NOTHING);
            }
            assertThat(encoders.buffers()).isPositive();
            compressor.close();
            compressor.close();
            assertThat(encoders.buffers()).isZero();
        }
    }

    @Test
    void anExecutorThatRunsNothingRejectsOrRunsInTheCallerBlocksNothing() throws IOException {
        byte[] content = Contents.text(9, 12 * FRAME);
        BlobSource source = BlobSource.of(Contents.direct(content));
        assertRoundTrip(source, content, FRAME, 1, 2, task -> {});
        assertRoundTrip(source, content, FRAME, 1, 2, Runnable::run);
        assertRoundTrip(source, content, FRAME, 1, 2, task -> {
            throw new RejectedExecutionException("for a test");
        });
    }

    @Test
    void aTaskThatRunsAfterTheEndTouchesNothing() throws IOException {
        List<Runnable> late = new ArrayList<>();
        byte[] content = Contents.text(10, 3 * FRAME);
        WatchedSource source = new WatchedSource(BlobSource.of(Contents.direct(content)), visit -> {});
        FrameCompressor compressor = compressor(late::add, 2, 1, (length, stored) -> {});
        compressor.add(source.slice(0, FRAME), NOTHING);
        compressor.add(source.slice(FRAME, FRAME), NOTHING);
        compressor.close();
        assertThat(late).hasSize(2);
        late.forEach(Runnable::run);
        assertThatIllegalStateException().isThrownBy(() -> compressor.add(source, NOTHING));
    }

    // ---- formats

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 65791, 65792, 131071, 131072, 131073, 262144, 1 << 20})
    void storedFramesHaveRawBlocksWithLengthAndChecksum(int size) throws IOException {
        byte[] content = Contents.random(size, size);
        Decoder decoder = new Decoder();
        try (FrameCompressor compressor = compressor(threads, 0, FrameEncoder.STORED, decoder)) {
            addAll(compressor, BlobSource.of(Contents.direct(content)), size);
        }
        assertThat(decoder.content.toByteArray()).isEqualTo(content);
        int blocks = (size + (128 << 10) - 1) / (128 << 10);
        assertThat(decoder.storedLengths).containsExactly(4 + 1 + 4 + 3 * blocks + size + 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, FrameEncoder.STORED})
    void aFlippedBitOfAFrameIsFoundByItsChecksum(int level) throws IOException {
        byte[] content = Contents.random(3, FRAME);
        FrameTable table = FrameTable.zstd(new long[] {0, FRAME}, new long[] {0, FRAME});
        FrameCompressor.Sink flip = (length, stored) -> {
            ByteBuffer bytes = ByteBuffer.allocateDirect(stored.remaining());
            bytes.put(stored.duplicate()).flip();
            bytes.put(FRAME / 2, (byte) (bytes.get(FRAME / 2) ^ 4));
            ByteBuffer target = ByteBuffer.allocateDirect(FRAME);
            try (FrameDecoder decoder = new FrameDecoder()) {
                assertThatExceptionOfType(FrameFormatException.class)
                        .isThrownBy(() -> decoder.decode(table, 0, bytes, target));
            }
        };
        try (FrameCompressor compressor = compressor(threads, 0, level, flip)) {
            addAll(compressor, BlobSource.of(Contents.direct(content)), FRAME);
        }
    }

    // ---- memory

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void memoryIsBoundedByTheTasksAndFourFrames(boolean direct) throws IOException {
        int frame = 5 << 18; // a size that nothing else uses: memory of 2 MiB
        int capacity = 2 << 20;
        byte[] content = Contents.random(11, 30 * frame);
        BlobSource source = BlobSource.of(direct ? Contents.direct(content) : ByteBuffer.wrap(content));
        System.gc();
        long before = directMemory();
        AtomicInteger frames = new AtomicInteger();
        FrameCompressor.Sink slow = (length, stored) -> {
            frames.incrementAndGet();
            long used = directMemory() - before;
            assertThat(used).isLessThanOrEqualTo((2 + 4L) * capacity);
        };
        try (FrameCompressor compressor = compressor(threads, 2, 1, slow)) {
            addAll(compressor, source, frame);
        }
        assertThat(frames).hasValue(30);
    }

    // ---- ends

    @Test
    void contentIsDeclaredFreeOnceAndNotWhileAThreadTouchesIt() throws IOException {
        byte[] content = Contents.text(12, 40 * FRAME);
        AtomicInteger freed = new AtomicInteger();
        try (FrameCompressor compressor = compressor(threads, 2, 1, (length, stored) -> {})) {
            for (int i = 0; i < 40; i++) {
                WatchedSource frame = new WatchedSource(
                        BlobSource.of(Contents.direct(content)).slice(i * FRAME, FRAME), visit -> {});
                compressor.add(frame, () -> {
                    assertThat(frame.active())
                            .as("at most the visit that this ends")
                            .isLessThanOrEqualTo(1);
                    freed.incrementAndGet();
                });
            }
            compressor.finish();
            assertThat(freed).hasValue(40);
        }
        assertThat(freed).hasValue(40);
    }

    @Test
    void aFrameThatCannotBeReadFailsTheCompressionAndFreesAllContents() throws IOException {
        byte[] content = Contents.text(13, FRAME);
        AtomicInteger freed = new AtomicInteger();
        Decoder decoder = new Decoder();
        try (FrameCompressor compressor = compressor(threads, 2, 1, decoder)) {
            WatchedSource bad = new WatchedSource(BlobSource.of(Contents.direct(content)), visit -> {
                if (visit == 1) {
                    throw new IOException("the disk is gone");
                }
            });
            compressor.add(BlobSource.of(Contents.direct(content)), freed::incrementAndGet);
            compressor.add(bad, freed::incrementAndGet);
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(compressor::finish)
                    .withMessage("the disk is gone");
            assertThatIllegalStateException().isThrownBy(compressor::finish);
        }
        assertThat(freed).hasValue(2);
        assertThat(decoder.content.toByteArray()).isEqualTo(content);
    }

    @Test
    void aSinkThatFailsEndsTheCompression() throws IOException {
        byte[] content = Contents.text(14, 20 * FRAME);
        AtomicInteger added = new AtomicInteger();
        AtomicInteger freed = new AtomicInteger();
        try (FrameCompressor compressor = compressor(threads, 1, 1, (length, stored) -> {
            throw new IOException("no room");
        })) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> {
                        for (int i = 0; i < 20; i++) {
                            added.incrementAndGet();
                            compressor.add(
                                    BlobSource.of(Contents.direct(content)).slice(i * FRAME, FRAME),
                                    freed::incrementAndGet);
                        }
                    })
                    .withMessage("no room");
        }
        assertThat(freed).hasValue(added.get());
    }

    @Test
    void anInterruptEndsTheWaitAndClosingWaitsForTheTask() throws Exception {
        CountDownLatch compressing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger freed = new AtomicInteger();
        WatchedSource source = new WatchedSource(BlobSource.of(Contents.direct(new byte[FRAME])), visit -> {
            if (visit == 1) {
                compressing.countDown();
                await(goOn);
            }
        });
        CompletableFuture<Thread> adder = new CompletableFuture<>();
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<?> closed = other.submit(() -> {
                adder.complete(Thread.currentThread());
                FrameCompressor compressor = compressor(threads, 1, 1, (length, stored) -> {});
                try (compressor) {
                    compressor.add(source, freed::incrementAndGet);
                    await(compressing);
                    assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(compressor::finish);
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                }
                assertThat(source.active()).isZero();
                assertThat(Thread.interrupted()).isTrue();
                return null;
            });
            await(compressing);
            while (!isIn(adder.get(), "finish")) {
                Thread.onSpinWait();
            }
            adder.get().interrupt();
            while (!isIn(adder.get(), "close") && !closed.isDone()) { // bounded by the timeout of the test
                Thread.onSpinWait();
            }
            assertThat(closed.isDone()).as("a task still touches the content").isFalse();
            assertThat(freed).hasValue(0);
            goOn.countDown();
            closed.get();
            assertThat(freed).hasValue(1);
        } finally {
            goOn.countDown();
            other.shutdownNow();
        }
    }

    private static boolean isIn(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(FrameCompressor.class.getName())
                        && frame.getMethodName().equals(method));
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void wrongUseIsRefused() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> compressor(threads, -1, 1, (length, stored) -> {}))
                .withMessageContaining("threads");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> compressor(threads, 1, 23, (length, stored) -> {}))
                .withMessageContaining("-131072 to 22");
        AtomicInteger freed = new AtomicInteger();
        ContentHasher hasher = new ContentHasher();
        try (FrameCompressor compressor =
                new FrameCompressor(threads, 1, 1, true, hasher::update, (length, stored) -> {})) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> compressor.add(BlobSource.of(ByteBuffer.allocate(0)), freed::incrementAndGet));
            assertThat(freed).hasValue(1);
            compressor.finish();
            assertThat(hasher.digest().sha256()).isEqualTo(Sha256.of(ByteBuffer.allocate(0)));
        }
    }

    @Test
    void compressionIsWorthwhileFromASixteenthOn() throws IOException {
        byte[] text = Contents.text(20, 5 << 20);
        byte[] random = Contents.random(20, 5 << 20);
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(text))))
                .isTrue();
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(random))))
                .isFalse();
        Arrays.fill(random, 0, random.length / 2, (byte) 0);
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(random))))
                .isTrue();
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(new byte[128]))))
                .isFalse();
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(new byte[129]))))
                .isTrue();
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(new byte[0]))))
                .isFalse();
        assertThat(CompressionSample.isWorthwhile(BlobSource.of(ByteBuffer.wrap(Contents.random(1, 40_000)))))
                .isFalse();
    }
}
