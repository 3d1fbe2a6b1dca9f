package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.internal.Contents;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Measures the memory of uploads: on the heap, next to nothing; outside, a bounded number of frames and parts. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class CompressedUploadMemoryTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int SIZE = 64 << 20;

    @TempDir
    private Path directory;

    /** A store that keeps nothing, and lets a test look while parts are sent. */
    private static final class DiscardingStore extends ForwardingBlobStore {
        private final Runnable whileSending;

        DiscardingStore(BlobStore any, Runnable whileSending) {
            super(any);
            this.whileSending = whileSending;
        }

        @Override
        public StoreCapabilities capabilities() {
            return super.capabilities().toBuilder()
                    .minPartSize(1)
                    .maxPartSize(1 << 30)
                    .maxBlobSize(1L << 40)
                    .build();
        }

        @Override
        public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) {
            return new Discarding(layout, whileSending);
        }
    }

    private record Discarding(@Override PartLayout layout, Runnable whileSending, Map<Integer, UploadedPart> sent)
            implements MultipartUpload {
        Discarding(PartLayout layout, Runnable whileSending) {
            this(layout, whileSending, new ConcurrentHashMap<>());
        }

        @Override
        public BlobKey key() {
            return KEY;
        }

        @Override
        public String id() {
            return "1";
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            UploadedPart part = UploadedPart.of(partNumber, content.size(), Crc32c.of(content));
            whileSending.run();
            sent.put(partNumber, part);
            return part;
        }

        @Override
        public List<UploadedPart> parts() {
            return List.copyOf(new TreeMap<>(sent).values());
        }

        @Override
        public StoredBlob complete(Crc32c checksum) {
            long size = sent.values().stream().mapToLong(UploadedPart::size).sum();
            return StoredBlob.of(KEY, size, new BlobVersion("1"), Optional.of(checksum));
        }

        @Override
        public void keep() {}

        @Override
        public void abort() {}
    }

    private Path file;

    @BeforeEach
    void makeContent() throws IOException {
        byte[] content = Contents.text(1, SIZE);
        System.arraycopy(Contents.random(1, SIZE / 2), 0, content, SIZE / 4, SIZE / 2); // both kinds
        file = Files.write(directory.resolve("file"), content);
    }

    private void upload(FrameFormat format, TransferManager transfers, Runnable whileSending) throws IOException {
        CompressionOptions options = CompressionOptions.builder()
                .format(format)
                .threads(2)
                .upload(UploadOptions.builder().partSize(4 << 20).concurrency(2).build())
                .build();
        try (BlobStore any = BlobStores.open("mem:");
                MappedFile mapped = MappedFile.open(file)) {
            CompressedBlobs.of(new DiscardingStore(any, whileSending))
                    .upload(transfers, KEY, mapped.region(), options)
                    .join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void directMemoryIsBoundedByFramesAndParts(FrameFormat format) throws IOException {
        long frames = (2 + 4) * (1L << 20);
        long parts = (2 + (format == FrameFormat.CASBLOB ? 2 : 1)) * (4L << 20);
        System.gc();
        long before = directMemory();
        Map<Integer, Long> used = new ConcurrentHashMap<>();
        try (TransferManager transfers = TransferManager.create()) {
            upload(format, transfers, () -> used.put(used.size(), directMemory() - before));
        }
        assertThat(used).hasSizeGreaterThan(8);
        assertThat(used.values()).allSatisfy(bytes -> assertThat(bytes).isLessThanOrEqualTo(frames + parts));
    }

    /** What threads have allocated that compress for an upload, by id; of ended threads, what was seen last. */
    private static void countCompressingThreads(Map<Long, Long> allocated) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("blobstore-compress-")) {
                allocated.put(thread.getId(), threads.getThreadAllocatedBytes(thread.getId()));
            }
        }
    }

    @Test
    void littleIsAllocatedOnTheHeap() throws IOException {
        Map<Long, Long> compressing = new ConcurrentHashMap<>();
        try (TransferManager transfers =
                TransferManager.builder().executor(Runnable::run).build()) {
            upload(FrameFormat.SEEKABLE, transfers, () -> {}); // loads classes
            AllocatedBytes.Work counted = () -> upload(FrameFormat.SEEKABLE, transfers, () -> {});
            long uploading = AllocatedBytes.of(counted);
            assertThat(uploading).isLessThan(768 << 10);
            upload(FrameFormat.SEEKABLE, transfers, () -> countCompressingThreads(compressing));
        }
        assertThat(compressing).hasSizeBetween(1, 2);
        assertThat(compressing.values().stream().mapToLong(Long::longValue).sum())
                .isLessThan(256 << 10);
    }
}
