package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.ReadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request for a blob's metadata that is retried, cancelled and awaited like a read. */
final class MetadataRequest extends ParallelTransfer<BlobMetadata> {
    private final BlobStore store;
    private final BlobKey key;
    private final Optional<BlobVersion> wanted;
    private volatile @Nullable BlobMetadata response;

    /** Creates a request for the metadata of the wanted version, or of the current one. */
    MetadataRequest(
            BlobStore store,
            BlobKey key,
            Optional<BlobVersion> wanted,
            RetryPolicy retry,
            RequestThrottle throttle,
            Environment environment) {
        super(environment, "head of '" + key + "'", retry, throttle, TransferListener.NONE);
        this.store = store;
        this.key = key;
        this.wanted = wanted;
    }

    @Override
    void begin() throws IOException, InterruptedException {
        response = retrying("head", () -> send(store, key, wanted));
    }

    /**
     * Requests the metadata once.
     *
     * <p>Only a store can compare versions that are written differently: those of its listings, or of its responses to
     * other requests, may have fewer fields. It does so when it reads; reading no byte is a request for the metadata.
     *
     * @throws io.blobstore.PreconditionFailedException if the blob has another version than the wanted one
     */
    static BlobMetadata send(BlobStore store, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        BlobMetadata head = store.head(key);
        if (wanted.isEmpty() || wanted.get().equals(head.version())) {
            return head;
        }
        return store.read(key, ByteRange.of(0, 0), ByteBuffer.allocate(0), ReadOptions.ifMatch(wanted.get()))
                .blob();
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
