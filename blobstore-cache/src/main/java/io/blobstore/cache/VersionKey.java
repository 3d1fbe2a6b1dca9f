package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;

/** Identifies content of the remote store: a version of a key. */
record VersionKey(BlobKey key, BlobVersion version) {
    static VersionKey of(BlobMetadata blob) {
        return new VersionKey(blob.key(), blob.version());
    }
}
