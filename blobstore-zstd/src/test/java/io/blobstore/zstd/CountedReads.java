package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the reads of a store, and the bytes that they deliver. */
final class CountedReads extends ForwardingBlobStore {
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    CountedReads(BlobStore store) {
        super(store);
    }

    int reads() {
        return reads.get();
    }

    long bytes() {
        return bytes.get();
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        reads.incrementAndGet();
        ReadResult result = super.read(key, range, target, options);
        bytes.addAndGet(result.length());
        return result;
    }
}
