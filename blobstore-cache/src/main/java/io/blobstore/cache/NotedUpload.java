package io.blobstore.cache;

import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoredBlob;
import io.blobstore.spi.ForwardingMultipartUpload;
import java.io.IOException;

/** An upload of the remote store whose completion is noted. Thread-safe. */
final class NotedUpload extends ForwardingMultipartUpload {
    private final CurrentVersions versions;

    NotedUpload(MultipartUpload upload, CurrentVersions versions) {
        super(upload);
        this.versions = versions;
    }

    @Override
    public StoredBlob complete(Crc32c checksum) throws IOException {
        versions.changed(key());
        try {
            return delegate().complete(checksum);
        } finally {
            versions.changed(key());
        }
    }
}
