package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.spi.ForwardingMultipartUpload;
import io.blobstore.spi.PartLayout;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Splitter;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams of any size are split in a small heap and within the bound on direct memory. */
@Tag("jdk")
class StreamSplitMemoryTest {
    private static final int MIB = 1 << 20;

    /** What is kept of the stream, and the buffers of files and of the compressor. */
    private static final String[] LIMITS = {"-Xmx64m", "-XX:MaxDirectMemorySize=40m"};

    @TempDir
    Path directory;

    /** Random bytes, each time others, and as many as there are to be. */
    private static final class RandomStream extends InputStream {
        private final SplittableRandom random = new SplittableRandom(1);
        private long left;

        RandomStream(long size) {
            left = size;
        }

        @Override
        public int read() {
            throw new AssertionError("not used");
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (left == 0) {
                return -1;
            }
            int bytes = (int) Math.min(length, left);
            for (int i = 0; i < bytes; i += 64) {
                target[offset + i] = (byte) random.nextInt();
            }
            left -= bytes;
            return bytes;
        }
    }

    /** Reads what is stored, and keeps only that of it which the end of a split needs. */
    private static final class DiscardingStore extends ForwardingBlobStore {
        private long discarded;

        DiscardingStore() {
            super(new InMemoryBlobStore(InMemoryBlobStore.DEFAULT_CAPABILITIES.toBuilder()
                    .minPartSize(1)
                    .build()));
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
            content.forEachBuffer(128 << 10, buffer -> discard(buffer.remaining()));
            return super.store(key, content.slice(0, Math.min(content.size(), 100)), options);
        }

        @Override
        public StoreCapabilities capabilities() {
            return super.capabilities().toBuilder().maxBlobSize(Long.MAX_VALUE).build();
        }

        private synchronized void discard(int bytes) {
            discarded += bytes;
        }

        @Override
        public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
                throws IOException {
            MultipartUpload upload = super.createMultipartUpload(key, new PartLayout(layout.partCount(), 1), options);
            return new DiscardingUpload(upload, layout, this);
        }
    }

    /** Keeps the first byte of each part. */
    private static final class DiscardingUpload extends ForwardingMultipartUpload {
        private final PartLayout layout;
        private final DiscardingStore store;

        private DiscardingUpload(MultipartUpload upload, PartLayout layout, DiscardingStore store) {
            super(upload);
            this.layout = layout;
            this.store = store;
        }

        @Override
        public PartLayout layout() {
            return layout;
        }

        @Override
        public UploadedPart uploadPart(int number, BlobSource content) throws IOException {
            content.forEachBuffer(128 << 10, buffer -> store.discard(buffer.remaining()));
            UploadedPart kept = super.uploadPart(number, content.slice(0, 1));
            return UploadedPart.of(number, content.size(), kept.checksum());
        }

        @Override
        public List<UploadedPart> parts() {
            return super.parts().stream()
                    .map(part -> UploadedPart.of(part.partNumber(), layout.length(part.partNumber()), part.checksum()))
                    .toList();
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            return super.complete(super.layout().checksum(super.parts()));
        }
    }

    /** Splits a stream, and prints how many bytes were stored. */
    static final class Splitting {
        public static void main(String[] args) throws Exception {
            long size = Long.parseLong(args[1]);
            Splitter splitter = splitter(args[0], size);
            DiscardingStore store = new DiscardingStore();
            try (TransferManager transfers = TransferManager.create()) {
                Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
                SplitOptions options = SplitOptions.builder()
                        .splitter(splitter)
                        .streamMemory(16L * MIB)
                        .concurrency(4)
                        .build();
                SplitResult split = SplitEngine.of(transfers)
                        .split(repository, "s", new RandomStream(size), options)
                        .join();
                System.out.println("parsed " + split.progress().bytesParsed());
                System.out.println("stored " + (store.discarded - split.streamBytes()));
            }
        }

        private static Splitter splitter(String kind, long size) {
            return switch (kind) {
                case "one" -> (input, sink) -> sink.object(size, "all");
                case "small" -> Splitter.fixed(64 << 10);
                case "medium" -> Splitter.fixed(MIB);
                case "large" -> Splitter.fixed(16 * MIB);
                case "cdc" -> Splitter.contentDefined();
                case "inline" -> Splitter.lenientTar(64);
                default -> throw new IllegalArgumentException(kind);
            };
        }
    }

    private void splits(String kind, long size) throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(Splitting.class, directory)
                .with(LIMITS)
                .with("-Djava.io.tmpdir=" + directory)
                .run(Duration.ofSeconds(300), kind, Long.toString(size));
        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output()).contains("parsed " + size);
        if (!kind.equals("inline")) {
            assertThat(stored(exit.output())).isBetween(size - 100, size + 1000); // and the session and names
        }
        assertThat(directory).isEmptyDirectory();
    }

    private static long stored(String output) {
        return output.lines()
                .filter(line -> line.startsWith("stored "))
                .mapToLong(line -> Long.parseLong(line.substring("stored ".length())))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "medium"})
    void aStreamNeedsLittleMemory(String kind) throws Exception {
        splits(kind, (long) CampaignScale.of(1024, 96) * MIB);
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "small", "medium", "large", "cdc", "inline"})
    @Campaign(representedBy = StreamSplitMemoryTest.class)
    void anyCutsOfAnyStreamNeedLittleMemory(String kind) throws Exception {
        splits(kind, (long) CampaignScale.of(1024, 200) * MIB + 17);
    }

    @Test
    @Campaign(representedBy = StreamSplitMemoryTest.class)
    void aStreamAndAnObjectMayBeLargerThanTwoGibibytes() throws Exception {
        splits("one", (2L << 30) + 17);
        splits("medium", (2L << 30) + 17);
    }
}
