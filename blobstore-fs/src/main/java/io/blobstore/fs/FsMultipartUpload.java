package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A multipart upload that writes its parts to one temporary file, which is published as the blob. */
final class FsMultipartUpload extends AbstractMultipartUpload<UploadedPart> {
    private final Path root;
    private final BlobFileWriter blob;

    FsMultipartUpload(BlobKey key, PartLayout layout, Path root, BlobFileWriter blob, OpenUploads uploads) {
        super(key, layout, uploads);
        this.root = root;
        this.blob = blob;
    }

    @Override
    public String id() {
        return blob.id();
    }

    @Override
    protected UploadedPart send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = FsErrors.translating(
                Operation.UPLOAD_PART, key(), root, () -> blob.write(layout().offset(partNumber), content));
        return UploadedPart.of(partNumber, content.size(), checksum);
    }

    @Override
    protected UploadedPart describe(UploadedPart part) {
        return part;
    }

    @Override
    protected StoredBlob publish(List<UploadedPart> sent, Crc32c checksum) throws IOException {
        return FsErrors.translating(Operation.COMPLETE_UPLOAD, key(), root, () -> {
            StoredBlob published = blob.publish(checksum);
            blob.discard();
            return published;
        });
    }

    @Override
    protected void discard() throws IOException {
        FsErrors.translating(Operation.ABORT_UPLOAD, key(), root, () -> {
            blob.discard();
            return true;
        });
    }
}
