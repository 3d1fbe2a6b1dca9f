package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.internal.Contents;
import io.blobstore.zstd.internal.FrameFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What small reads of compressed blobs fetch and decode. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
class SmallReadsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int FRAME = 1 << 20;
    private static final byte[] CONTENT = Contents.text(1, 20 * FRAME);

    /** What a table is fetched with. */
    private static final int PROBE = 64 << 10;

    private BlobStore store;
    private CountedReads counted;
    private CompressedBlobs blobs;
    private TransferManager transfers;

    @BeforeEach
    void open() throws IOException {
        store = BlobStores.open("mem:");
        counted = new CountedReads(store);
        blobs = CompressedBlobs.of(counted);
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    private void upload(FrameFormat format) throws Exception {
        CompressionOptions options = CompressionOptions.builder().format(format).build();
        CompressedBlobs.of(store)
                .upload(transfers, KEY, BlobSource.of(Contents.direct(CONTENT)), options)
                .join();
    }

    private static void assertRead(BlobReader reader, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        assertThat(reader.read(target, offset)).isEqualTo(length);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, (int) offset, length));
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void aRangeOf64KibFetchesTheTableOnceAndDecodesTwoFramesAtMost(FrameFormat format) throws Exception {
        upload(format);
        long[] stored = new long[CONTENT.length / FRAME];
        long largest = 0;
        for (int i = 0; i < stored.length; i++) {
            stored[i] = blobs.stat(KEY).table().storedLength(i);
            largest = Math.max(largest, stored[i]);
        }
        counted = new CountedReads(store);
        blobs = CompressedBlobs.of(counted);
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            assertRead(reader, 5 * FRAME + 1000, 64 << 10);
            int forTable = format == FrameFormat.CASBLOB ? 1 : 2;
            assertThat(counted.reads()).isEqualTo(forTable + 1);
            assertThat(counted.bytes()).isEqualTo((long) forTable * PROBE + stored[5]);

            long before = counted.bytes();
            assertRead(reader, 9 * FRAME - 1000, 64 << 10); // in two frames
            assertThat(counted.reads()).isEqualTo(forTable + 2);
            assertThat(counted.bytes() - before)
                    .isEqualTo(stored[8] + stored[9])
                    .isLessThanOrEqualTo(2 * largest);
        }
    }

    @Test
    void consecutiveSmallReadsFetchAndDecodeTheirFrameOnce() throws Exception {
        upload(FrameFormat.CASBLOB);
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            reader.size();
            int before = counted.reads();
            for (int at = 0; at < FRAME; at += 4096) {
                assertRead(reader, 3L * FRAME + at, 4096);
            }
            assertThat(counted.reads() - before).isEqualTo(1);
            assertRead(reader, 4L * FRAME - 100, 200); // the end of this frame, and the beginning of the next
            assertThat(counted.reads() - before).isEqualTo(2);
            assertRead(reader, 4L * FRAME + 100, 4096);
            assertThat(counted.reads() - before).isEqualTo(2);
            assertRead(reader, 2L * FRAME - 100, FRAME); // the frame before it, and a part of the first again
        }
    }

    @Test
    void readsAnywhereAreThoseOfTheContentWhateverIsKept() throws Exception {
        upload(FrameFormat.SEEKABLE);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            List<Callable<Void>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Random random = new Random(i);
                readers.add(() -> {
                    for (int n = 0; n < 100; n++) {
                        int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 3 * FRAME : 10_000);
                        assertRead(reader, random.nextInt(CONTENT.length - length), length);
                    }
                    return null;
                });
            }
            for (Future<Void> end : threads.invokeAll(readers)) {
                end.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReplacedBlobIsNoticedByReadsOfAnyVersion(boolean pinned) throws Exception {
        upload(FrameFormat.SEEKABLE);
        ReadOptions options = pinned ? ReadOptions.ifMatch(store.head(KEY).version()) : ReadOptions.DEFAULT;
        ByteBuffer target = ByteBuffer.allocate(100);
        blobs.contents().read(KEY, ByteRange.of(0, 100), target, options);
        byte[] other = Contents.text(2, 100_000);
        store.store(
                KEY, BlobSource.of(ByteBuffer.wrap(FrameFiles.of(other, 70_000).seekable())));
        if (pinned) { // what was fetched of that version is still right; the rest is gone
            blobs.contents().read(KEY, ByteRange.of(50, 100), target.clear(), options);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, 50, 100));
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(
                            () -> blobs.contents().read(KEY, ByteRange.of(3 * FRAME, 100), target.clear(), options));
        } else {
            blobs.contents().read(KEY, ByteRange.of(50, 100), target.clear(), options);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(other, 50, 100));
        }
    }

    @Test
    void aDamagedFrameIsNotKept() throws Exception {
        byte[] file = FrameFiles.of(CONTENT, FRAME).seekable();
        file[1000] ^= 1;
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(file)));
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            for (int i = 0; i < 2; i++) {
                assertThatExceptionOfType(IntegrityException.class)
                        .isThrownBy(() -> assertRead(reader, 100, 100))
                        .withMessageContaining("frame 0 is damaged");
            }
            assertRead(reader, FRAME, 100);
        }
    }

    @Test
    void framesAreKeptWithinABoundAndUntilTheirReadersAreDone() throws Exception {
        upload(FrameFormat.SEEKABLE);
        CompressedBlob blob = blobs.stat(KEY);
        FrameCache cache = new FrameCache(10_000);
        for (int frame = 0; frame < 5; frame++) {
            cache.put(blob, frame, taken(frame, 4000), 4000);
        }
        assertThat(cache.find(blob, 2)).isEmpty();
        FrameCache.CachedFrame kept = cache.find(blob, 3).orElseThrow();
        ByteBuffer content = kept.content();
        cache.put(blob, 9, taken(9, 50_000), 50_000); // alone, as it is larger than the bound
        assertThat(cache.find(blob, 3)).isEmpty();
        assertThat(cache.find(blob, 4)).isEmpty();
        assertThat(content.get(0)).isEqualTo((byte) 3);
        assertThat(taken(7, 4000).buffer().get(0)).isEqualTo((byte) 7);
        assertThat(content.get(0))
                .as("memory that is being read is not given to others")
                .isEqualTo((byte) 3);
        kept.close();
        try (FrameCache.CachedFrame large = cache.find(blob, 9).orElseThrow()) {
            assertThat(large.content().remaining()).isEqualTo(50_000);
        }
    }

    @Test
    void theMemoryOfAFrameCountsEvenIfItsContentIsSmaller() throws Exception {
        upload(FrameFormat.SEEKABLE);
        CompressedBlob blob = blobs.stat(KEY);
        FrameCache cache = new FrameCache(10_000);
        cache.put(blob, 0, taken(0, 9_000), 100);
        cache.put(blob, 1, taken(1, 9_000), 100);
        assertThat(cache.find(blob, 0)).isEmpty();
        try (FrameCache.CachedFrame last = cache.find(blob, 1).orElseThrow()) {
            assertThat(last.content().remaining()).isEqualTo(100);
        }
    }

    private static PooledBuffer taken(int mark, int size) {
        PooledBuffer memory = DirectBufferPool.shared().take(size);
        memory.buffer().put(0, (byte) mark);
        return memory;
    }
}
