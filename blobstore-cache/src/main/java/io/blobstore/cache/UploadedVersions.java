package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.StoredBlob;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the versions of uploaded blobs known under both names, and their content to the cache. Thread-safe.
 *
 * @param remote the store that has the blobs now
 * @param aliases the names under which they were acknowledged
 */
record UploadedVersions(CachingStore remote, VersionAliases aliases) implements WriteBackUploads.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(UploadedVersions.class);

    @Override
    public void uploaded(PendingBlob blob, StoredBlob stored) {
        BlobKey key = stored.key();
        aliases.put(blob.record.blob(), stored.version());
        try {
            BlobMetadata current = remote.head(key);
            if (current.version().equals(stored.version()) && current.size() == stored.size()) {
                remote.records()
                        .put(new VersionRecord(
                                current.toBuilder()
                                        .checksum(blob.record.blob().checksum())
                                        .build(),
                                blob.record.content()));
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("'{}' was uploaded, and will be read from the remote store", key, e);
        }
    }
}
