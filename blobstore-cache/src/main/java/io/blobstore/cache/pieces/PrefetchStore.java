package io.blobstore.cache.pieces;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;

/**
 * A store whose reads put pieces into a cache, and nothing into their targets, which are {@link Nowhere}. So that
 * transfers, with their retries and limits, fetch pieces.
 */
final class PrefetchStore extends ForwardingBlobStore {
    private final Fetch fetch;

    /** Fetches pieces. */
    interface Fetch {
        /** Makes sure that the piece at an offset is cached. */
        ReadResult fetch(long offset) throws IOException;
    }

    PrefetchStore(BlobStore store, Fetch fetch) {
        super(store);
        this.fetch = fetch;
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ReadResult fetched = fetch.fetch(range.offset());
        ((Nowhere.Window) target).skip(fetched.length());
        return fetched;
    }
}
