package io.blobstore.internal.mem;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A multipart upload whose parts are buffers on the heap. */
final class MemoryMultipartUpload extends AbstractMultipartUpload<MemoryMultipartUpload.Part> {
    private final long id;
    private final StoreOptions options;
    private final MemoryContent content;

    /**
     * Creates the object of an upload.
     *
     * @param id the upload's number in the content
     */
    MemoryMultipartUpload(
            BlobKey key, long id, PartLayout layout, StoreOptions options, MemoryContent content, OpenUploads uploads) {
        super(key, layout, uploads);
        this.id = id;
        this.options = options;
        this.content = content;
    }

    /** A part and its content. */
    record Part(UploadedPart part, ByteBuffer bytes) {}

    @Override
    public String id() {
        return Long.toString(id);
    }

    @Override
    protected Part send(int partNumber, BlobSource source) throws IOException {
        requirePresent(Operation.UPLOAD_PART);
        ByteBuffer bytes = MemoryBlobStore.copyOf(source);
        if (!content.putPart(id, partNumber, bytes)) {
            throw gone(Operation.UPLOAD_PART);
        }
        return part(partNumber, bytes);
    }

    private static Part part(int partNumber, ByteBuffer bytes) {
        return new Part(UploadedPart.of(partNumber, bytes.remaining(), Crc32c.of(bytes.duplicate())), bytes);
    }

    @Override
    protected Optional<Part> received(int partNumber, BlobSource source) throws IOException {
        Optional<Part> part = content.part(id, partNumber).map(bytes -> part(partNumber, bytes));
        return part.isPresent()
                        && part.get().part().size() == source.size()
                        && part.get().part().checksum().equals(Crc32c.of(source))
                ? part
                : Optional.empty();
    }

    @Override
    protected UploadedPart describe(Part part) {
        return part.part();
    }

    @Override
    protected StoredBlob publish(List<Part> sent, Crc32c checksum) throws IOException {
        requirePresent(Operation.COMPLETE_UPLOAD);
        ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(layout().size()));
        sent.forEach(part -> whole.put(part.bytes().duplicate()));
        StoredBlob stored = content.put(Operation.COMPLETE_UPLOAD, key(), whole.flip(), options);
        content.removeUpload(id);
        return stored;
    }

    @Override
    protected void discard() {
        content.removeUpload(id);
    }

    private void requirePresent(Operation operation) throws BlobStoreException {
        if (!content.hasUpload(id)) {
            throw gone(operation);
        }
    }

    private BlobStoreException gone(Operation operation) {
        return new BlobStoreException(operation, key(), "the upload is gone: it was aborted", null, false);
    }
}
