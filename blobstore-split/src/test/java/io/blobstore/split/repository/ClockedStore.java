package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A store whose clock a test sets, and that tells when an object was asked for. */
final class ClockedStore extends ForwardingBlobStore {
    private final ConcurrentHashMap<BlobKey, Instant> stored = new ConcurrentHashMap<>();
    volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    volatile boolean failing;
    volatile Runnable beforeObject = () -> {};
    volatile Runnable beforeLink = () -> {};
    volatile Runnable beforeLinksAreListed = () -> {};
    volatile Runnable afterAnObjectIsListed = () -> {};

    ClockedStore(BlobStore delegate) {
        super(delegate);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        if (failing) {
            throw new BlobStoreException(Operation.STORE, key, "failing", null, true);
        }
        if (key.toString().startsWith("objects/")) {
            Runnable action = beforeObject;
            beforeObject = () -> {};
            action.run();
        }
        if (key.toString().startsWith("streams/")) {
            Runnable action = beforeLink;
            beforeLink = () -> {};
            action.run();
        }
        StoredBlob result = super.store(key, content, options);
        stored.put(key, now);
        return result;
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        StoredBlob result = super.copy(from, to, options);
        stored.put(to, now);
        return result;
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return super.head(key).toBuilder()
                .lastModified(stored.getOrDefault(key, now))
                .build();
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        if (options.prefix().equals("streams/")) {
            Runnable action = beforeLinksAreListed;
            beforeLinksAreListed = () -> {};
            action.run();
        }
        BlobListing listing = super.list(options);
        return new BlobListing() {
            @Override
            public boolean hasNext() throws IOException {
                return listing.hasNext();
            }

            @Override
            public Entry next() throws IOException {
                Blob blob = (Blob) listing.next();
                Entry entry = Blob.of(
                        blob.key(), blob.size(), blob.version(), Optional.of(stored.getOrDefault(blob.key(), now)));
                if (options.prefix().equals("objects/")) {
                    Runnable action = afterAnObjectIsListed;
                    afterAnObjectIsListed = () -> {};
                    action.run();
                }
                return entry;
            }

            @Override
            public long skipped() {
                return listing.skipped();
            }

            @Override
            public void close() throws IOException {
                listing.close();
            }
        };
    }
}
