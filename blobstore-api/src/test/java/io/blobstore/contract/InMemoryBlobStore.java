package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.StoreCapabilities;
import io.blobstore.internal.mem.MemoryBlobStore;
import io.blobstore.internal.mem.MemoryContent;
import java.io.IOException;
import java.util.List;

/**
 * The store {@code mem:} with configurable limits, and with access to its open uploads and stored bytes. Its minimum
 * part size is small by default, so that tests with many parts stay small. Thread-safe.
 */
public final class InMemoryBlobStore extends ForwardingBlobStore {
    /** Parts of 1 KiB to 64 MiB; preconditions, but no presigned URLs. */
    public static final StoreCapabilities DEFAULT_CAPABILITIES = MemoryBlobStore.CAPABILITIES.toBuilder()
            .minPartSize(1 << 10)
            .maxPartSize(64 << 20)
            .build();

    private final MemoryContent content;

    /** Creates an empty store with {@link #DEFAULT_CAPABILITIES}. */
    public InMemoryBlobStore() {
        this(DEFAULT_CAPABILITIES);
    }

    /** Creates an empty store with these capabilities, which must not include presigned URLs. */
    public InMemoryBlobStore(StoreCapabilities capabilities) {
        this(new MemoryContent(), capabilities);
    }

    private InMemoryBlobStore(MemoryContent content, StoreCapabilities capabilities) {
        super(new MemoryBlobStore("mem:", content, capabilities));
        this.content = content;
    }

    /** Returns a description of each upload that is neither completed nor aborted. */
    public List<String> openUploads() {
        return content.openUploads();
    }

    /**
     * Flips one bit of a stored blob and leaves its checksum unchanged, as a failing disk would.
     *
     * @param bit the number of the bit, from 0; the blob must have it
     */
    public void flipBit(BlobKey key, long bit) throws IOException {
        content.damage(key, bytes -> {
            int index = Math.toIntExact(bit / Byte.SIZE);
            bytes.put(index, (byte) (bytes.get(index) ^ 1 << bit % Byte.SIZE));
        });
    }

    @Override
    public String toString() {
        return delegate().toString();
    }
}
