package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The question which blob there is: tried again, cancelled and waited for as a read is. */
final class MetadataRequest extends ParallelTransfer<BlobMetadata> {
    private final BlobStore store;
    private final BlobKey key;
    private volatile @Nullable BlobMetadata answer;

    MetadataRequest(BlobStore store, BlobKey key, RetryPolicy retry, Environment environment) {
        super(environment, "head of '" + key + "'", retry, TransferListener.NONE);
        this.store = store;
        this.key = key;
    }

    @Override
    void begin() throws IOException, InterruptedException {
        answer = retrying("head", () -> store.head(key));
    }

    @Override
    BlobMetadata complete() {
        BlobMetadata found = answer;
        if (found == null) {
            throw new IllegalStateException("nobody asked");
        }
        return found;
    }

    @Override
    void release(@Nullable Throwable problem) {
        // Nothing is held.
    }
}
