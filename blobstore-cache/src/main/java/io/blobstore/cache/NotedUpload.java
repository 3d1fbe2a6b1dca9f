package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;

/** An upload of the remote store whose completion is noted. Parts are passed on as they are. Thread-safe. */
record NotedUpload(MultipartUpload upload, CurrentVersions versions) implements MultipartUpload {
    @Override
    public BlobKey key() {
        return upload.key();
    }

    @Override
    public String id() {
        return upload.id();
    }

    @Override
    public PartLayout layout() {
        return upload.layout();
    }

    @Override
    public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
        return upload.uploadPart(partNumber, content);
    }

    @Override
    public List<UploadedPart> parts() {
        return upload.parts();
    }

    @Override
    public StoredBlob complete(Crc32c checksum) throws IOException {
        versions.changed(key());
        try {
            return upload.complete(checksum);
        } finally {
            versions.changed(key());
        }
    }

    @Override
    public void abort() throws IOException {
        upload.abort();
    }

    @Override
    public void close() throws IOException {
        upload.close();
    }

    @Override
    public String toString() {
        return upload.toString();
    }
}
