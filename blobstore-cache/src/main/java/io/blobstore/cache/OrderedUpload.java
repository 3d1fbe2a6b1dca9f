package io.blobstore.cache;

import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.spi.ForwardingMultipartUpload;
import java.io.IOException;

/** An upload of the remote store that is completed in turn with the blob that waits at its key. Thread-safe. */
final class OrderedUpload extends ForwardingMultipartUpload {
    private final WriteBack writeBack;
    private final boolean conditional;

    /**
     * Creates an upload.
     *
     * @param conditional whether it is completed after that blob; otherwise it replaces it
     */
    OrderedUpload(MultipartUpload upload, WriteBack writeBack, boolean conditional) {
        super(upload);
        this.writeBack = writeBack;
        this.conditional = conditional;
    }

    @Override
    public StoredBlob complete(Crc32c checksum) throws IOException {
        return conditional
                ? writeBack.after(
                        Operation.COMPLETE_UPLOAD, key(), () -> delegate().complete(checksum))
                : writeBack.instead(
                        Operation.COMPLETE_UPLOAD, key(), () -> delegate().complete(checksum));
    }
}
