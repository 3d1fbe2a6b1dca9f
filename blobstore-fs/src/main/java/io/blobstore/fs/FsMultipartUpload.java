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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A multipart upload that writes its parts to one temporary file, which is published as the blob. */
final class FsMultipartUpload extends AbstractMultipartUpload<UploadedPart> {
    private final Path root;
    private final BlobFileWriter blob;
    /** The parts that were received before the upload was resumed, as far as they were not asked for yet. */
    private final Set<Integer> received;

    private volatile boolean kept;

    private FsMultipartUpload(
            BlobKey key,
            PartLayout layout,
            Path root,
            BlobFileWriter blob,
            Set<Integer> received,
            OpenUploads uploads) {
        super(key, layout, uploads);
        this.root = root;
        this.blob = blob;
        this.received = ConcurrentHashMap.newKeySet();
        this.received.addAll(received);
    }

    /** Creates an upload, and records that it is one. */
    static FsMultipartUpload create(BlobKey key, PartLayout layout, Path root, BlobFileWriter blob, OpenUploads uploads)
            throws IOException {
        FsMultipartUpload upload = new FsMultipartUpload(key, layout, root, blob, Set.of(), uploads);
        try {
            FsUploads.record(blob.temporary(), key);
            return upload;
        } catch (IOException | RuntimeException e) {
            upload.delete();
            throw e;
        }
    }

    /** Returns the object of an upload that was kept. */
    static FsMultipartUpload resume(BlobKey key, PartLayout layout, Path root, BlobFileWriter blob, OpenUploads uploads)
            throws IOException {
        Set<Integer> received = FsUploads.received(blob.temporary());
        FsMultipartUpload upload = new FsMultipartUpload(key, layout, root, blob, received, uploads);
        upload.keep();
        return upload;
    }

    @Override
    protected void preserve() throws IOException {
        translating(Operation.CREATE_UPLOAD, () -> {
            FsUploads.keep(blob.temporary());
            return true;
        });
        kept = true;
    }

    @Override
    public String id() {
        return FsUploads.id(blob.temporary());
    }

    @Override
    protected UploadedPart send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = translating(Operation.UPLOAD_PART, () -> {
            Crc32c written = blob.write(layout().offset(partNumber), content);
            if (kept) {
                FsUploads.recordPart(blob.temporary(), partNumber);
            }
            return written;
        });
        return UploadedPart.of(partNumber, content.size(), checksum);
    }

    /** Reads the part again, whose last writes may be lost after a power failure. */
    @Override
    protected Optional<UploadedPart> received(int partNumber, BlobSource content) throws IOException {
        if (!received.remove(partNumber)) {
            return Optional.empty();
        }
        Optional<Crc32c> stored =
                translating(Operation.RESUME_UPLOAD, () -> blob.checksum(layout().offset(partNumber), content.size()));
        return stored.isPresent() && stored.get().equals(Crc32c.of(content))
                ? Optional.of(UploadedPart.of(partNumber, content.size(), stored.get()))
                : Optional.empty();
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
    protected void detach() throws IOException {
        blob.detach();
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
