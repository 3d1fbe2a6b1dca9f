package io.blobstore.transfer;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import java.io.IOException;
import java.util.Optional;

/**
 * Asks for the blob that a key has before content is sent to it. Refuses early what the store would refuse when the
 * upload is completed; that condition remains, as the blob may change meanwhile.
 */
final class UploadPrecheck {
    private UploadPrecheck() {}

    /**
     * Requests the metadata of the key's blob; empty if it has none, or it may not be read: there are credentials that
     * may only store, and Amazon S3 answers to those that may not list as if the blob were forbidden. A local store may
     * not exist before the first blob.
     */
    static Optional<BlobMetadata> find(BlobStore store, BlobKey key) throws IOException {
        try {
            return Optional.of(store.head(key));
        } catch (BlobNotFoundException | StoreNotFoundException | PermissionDeniedException e) {
            return Optional.empty();
        }
    }

    /** Checks a condition as a request of a transfer, before it sends parts. */
    static void requireBefore(ParallelTransfer<?> transfer, BlobStore store, BlobKey key, Precondition condition)
            throws IOException, InterruptedException {
        if (condition != Precondition.none()) {
            transfer.retrying("head", () -> {
                require(store, key, condition);
                return true;
            });
        }
    }

    /**
     * Checks a condition with one request, if there is one.
     *
     * @throws PreconditionFailedException if it does not hold now
     */
    private static void require(BlobStore store, BlobKey key, Precondition condition) throws IOException {
        if (condition instanceof Precondition.IfAbsent && find(store, key).isPresent()) {
            throw new BlobAlreadyExistsException(Operation.CREATE_UPLOAD, key, null);
        }
        if (condition instanceof Precondition.IfMatch wanted) {
            requireVersion(store, key, wanted.version());
        }
    }

    private static void requireVersion(BlobStore store, BlobKey key, BlobVersion wanted) throws IOException {
        try {
            MetadataRequest.send(store, key, Optional.of(wanted));
        } catch (BlobNotFoundException | StoreNotFoundException e) {
            throw new PreconditionFailedException(
                    Operation.CREATE_UPLOAD,
                    key,
                    "the blob does not exist, but version " + wanted + " was expected",
                    e);
        } catch (PreconditionFailedException e) {
            throw new PreconditionFailedException(
                    Operation.CREATE_UPLOAD, key, "it has another version than " + wanted, e);
        } catch (PermissionDeniedException e) {
            return; // the store compares when the upload is completed
        }
    }
}
