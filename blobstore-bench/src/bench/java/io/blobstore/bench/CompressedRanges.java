package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.zstd.CompressedBlobs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Reads ranges at random offsets of a compressed blob, which is a local file or an object of a server. */
final class CompressedRanges implements Workload.Run {
    /** The ranges of a round. */
    static final int COUNT = 64;

    private static final int RANGE = 64 << 10;

    private final BlobStore store;
    private final BlobStore contents;
    private final BlobKey key;
    private final long size;
    private final ByteBuffer memory = ByteBuffer.allocateDirect(RANGE);
    private final SplittableRandom random = new SplittableRandom(42);

    private CompressedRanges(Workload.Spec spec) throws IOException {
        store = BlobStores.open(
                spec.endpoint().isEmpty()
                        ? spec.source().getParent().toUri().toString()
                        : "s3://" + TransferSpec.BUCKET + "?endpoint=" + spec.endpoint() + "&region="
                                + TransferSpec.REGION + "&pathStyle=true");
        contents = CompressedBlobs.of(store).contents();
        key = BlobKey.of(spec.source().getFileName().toString());
        size = contents.head(key).size();
    }

    static Workload.Run open(Workload.Spec spec) throws IOException {
        return new CompressedRanges(spec);
    }

    @Override
    public void round() throws IOException {
        for (int i = 0; i < COUNT; i++) {
            contents.read(key, ByteRange.of(random.nextLong(size - RANGE), RANGE), memory.clear());
        }
    }

    @Override
    public void close() throws IOException {
        store.close();
    }
}
