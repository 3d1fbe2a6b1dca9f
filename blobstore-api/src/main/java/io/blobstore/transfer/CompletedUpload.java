package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;

/** The blob that a multipart upload has made visible. */
final class CompletedUpload {
    private CompletedUpload() {}

    /**
     * Returns the blob.
     *
     * @param sent the checksum of all parts
     * @throws IntegrityException if the store reports another checksum
     */
    static StoredBlob verified(BlobKey key, StoredBlob blob, Crc32c sent) throws IntegrityException {
        Crc32c reported = blob.checksum().orElse(sent);
        if (!reported.equals(sent)) {
            throw new IntegrityException(
                    Operation.STORE,
                    key,
                    "the store reports " + reported + ", but " + sent + " was sent; the blob must not be used",
                    null);
        }
        return blob;
    }
}
