package io.blobstore.cache;

import io.blobstore.BlobKey;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Signals that blobs which were acknowledged will not be uploaded, as their content was lost: it was damaged in the
 * cache, or deleted by another program. Thrown when the {@link CachedBlobStore} that noticed is closed.
 */
public final class LostBlobsException extends IOException {
    private static final long serialVersionUID = 1;
    private static final int NAMED = 10;

    private final transient @Nullable List<BlobKey> keys;

    LostBlobsException(List<BlobKey> keys) {
        super(keys.size() + " blobs were acknowledged, and their content was lost in the cache before it was uploaded: "
                + keys.subList(0, Math.min(NAMED, keys.size()))
                + (keys.size() > NAMED ? ", and others" : "")
                + "; store them again");
        this.keys = List.copyOf(keys);
    }

    /**
     * Returns the keys of these blobs, in the order in which they were found to be lost; none after deserialization.
     */
    public List<BlobKey> keys() {
        return keys == null ? List.of() : keys;
    }
}
