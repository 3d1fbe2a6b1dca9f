package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A request for a blob's metadata that is retried, cancelled and awaited like a read. */
final class MetadataRequest extends ParallelTransfer<BlobMetadata> {
    private final BlobStore store;
    private final BlobKey key;
    private volatile @Nullable BlobMetadata response;

    MetadataRequest(
            BlobStore store, BlobKey key, RetryPolicy retry, RequestThrottle throttle, Environment environment) {
        super(environment, "head of '" + key + "'", retry, throttle, TransferListener.NONE);
        this.store = store;
        this.key = key;
    }

    @Override
    void begin() throws IOException, InterruptedException {
        response = retrying("head", () -> store.head(key));
    }

    @Override
    BlobMetadata complete() {
        BlobMetadata found = response;
        if (found == null) {
            throw new IllegalStateException("the request was not sent");
        }
        return found;
    }

    @Override
    void release(@Nullable Throwable problem) {
        // nothing to release
    }
}
