package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;

/**
 * The requests of an upload, sent by its workers. Each is repeated after failures as the transfer's retry policy says,
 * and those with content count among the bytes in flight. Thread-safe.
 *
 * @param options how the blob is stored
 */
record UploadRequests(ParallelTransfer<?> transfer, BlobStore store, BlobKey key, StoreOptions options) {
    /** Stores the whole content with one request. */
    StoredBlob store(BlobSource content) throws IOException, InterruptedException {
        return transfer.retrying(
                "store", () -> transfer.withinBudget(content.size(), () -> store.store(key, content, options)));
    }

    /** Creates an upload, after its precondition was checked. */
    MultipartUpload create(PartLayout layout) throws IOException, InterruptedException {
        Precondition condition = options.precondition();
        if (condition != Precondition.none()) {
            transfer.retrying("head", () -> {
                UploadPrecheck.require(store, key, condition);
                return true;
            });
        }
        return transfer.retrying("create the upload", () -> store.createMultipartUpload(key, layout, options));
    }

    /** Uploads one part. */
    UploadedPart uploadPart(MultipartUpload upload, int number, BlobSource content)
            throws IOException, InterruptedException {
        return transfer.retrying(
                "part " + number,
                () -> transfer.withinBudget(content.size(), () -> upload.uploadPart(number, content)));
    }

    /**
     * Completes an upload.
     *
     * @param sent the checksum of the whole content, from those of its parts
     * @throws IntegrityException if the store reports another checksum
     */
    StoredBlob complete(MultipartUpload upload, Crc32c sent) throws IOException, InterruptedException {
        StoredBlob stored = transfer.retrying("complete the upload", () -> upload.complete(sent));
        if (stored.checksum().isPresent() && !stored.checksum().get().equals(sent)) {
            throw new IntegrityException(
                    Operation.STORE,
                    key,
                    "the store reports " + stored.checksum().get() + ", but " + sent
                            + " was sent; the blob must not be used",
                    null);
        }
        return stored;
    }
}
