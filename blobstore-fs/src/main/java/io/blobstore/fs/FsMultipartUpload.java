package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** A multipart upload that writes its parts to one temporary file, which is published as the blob. */
final class FsMultipartUpload extends AbstractMultipartUpload<UploadedPart> {
    private final Path root;
    private final BlobFileWriter blob;

    private FsMultipartUpload(BlobKey key, PartLayout layout, Path root, BlobFileWriter blob, OpenUploads uploads) {
        super(key, layout, uploads);
        this.root = root;
        this.blob = blob;
    }

    /** Creates an upload, and records that it is one. */
    static FsMultipartUpload create(BlobKey key, PartLayout layout, Path root, BlobFileWriter blob, OpenUploads uploads)
            throws IOException {
        FsMultipartUpload upload = new FsMultipartUpload(key, layout, root, blob, uploads);
        try {
            FsUploads.record(blob.temporary(), key);
            return upload;
        } catch (IOException | RuntimeException e) {
            upload.delete();
            throw e;
        }
    }

    @Override
    public String id() {
        return FsUploads.id(blob.temporary());
    }

    @Override
    protected UploadedPart send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = translating(Operation.UPLOAD_PART, () -> blob.write(layout().offset(partNumber), content));
        return UploadedPart.of(partNumber, content.size(), checksum);
    }

    @Override
    protected UploadedPart describe(UploadedPart part) {
        return part;
    }

    @Override
    protected StoredBlob publish(List<UploadedPart> sent, Crc32c checksum) throws IOException {
        return translating(Operation.COMPLETE_UPLOAD, () -> {
            StoredBlob published = blob.publish(layout().size(), checksum);
            delete();
            return published;
        });
    }

    @Override
    protected void discard() throws IOException {
        FsErrors.translating(Operation.ABORT_UPLOAD, key(), root, () -> {
            delete();
            return true;
        });
    }

    private void delete() throws IOException {
        blob.discard();
        FsUploads.forget(blob.temporary());
    }

    private <T> T translating(Operation operation, FsErrors.Action<T> body) throws IOException {
        return FsErrors.translating(operation, key(), root, () -> {
            try {
                return body.run();
            } catch (NoSuchFileException e) {
                if (Files.isDirectory(root) && !Files.exists(blob.temporary())) {
                    throw new BlobStoreException(
                            operation,
                            key(),
                            "the upload is gone: it was aborted, or another program deletes files in " + root,
                            e,
                            false);
                }
                throw e;
            }
        });
    }
}
