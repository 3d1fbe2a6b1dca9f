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

/** An upload of the remote store that is completed in another way. Parts are passed on as they are. Thread-safe. */
abstract class ForwardingUpload implements MultipartUpload {
    private final MultipartUpload upload;

    ForwardingUpload(MultipartUpload upload) {
        this.upload = upload;
    }

    /** Returns the upload of the remote store. */
    final MultipartUpload delegate() {
        return upload;
    }

    @Override
    public final BlobKey key() {
        return upload.key();
    }

    @Override
    public final String id() {
        return upload.id();
    }

    @Override
    public final PartLayout layout() {
        return upload.layout();
    }

    @Override
    public final UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
        return upload.uploadPart(partNumber, content);
    }

    @Override
    public final List<UploadedPart> parts() {
        return upload.parts();
    }

    @Override
    public abstract StoredBlob complete(Crc32c checksum) throws IOException;

    @Override
    public final void keep() throws IOException {
        upload.keep();
    }

    @Override
    public final void abort() throws IOException {
        upload.abort();
    }

    @Override
    public final void close() throws IOException {
        upload.close();
    }

    @Override
    public final String toString() {
        return upload.toString();
    }
}
