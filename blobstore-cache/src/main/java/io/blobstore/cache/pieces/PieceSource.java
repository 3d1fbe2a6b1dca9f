package io.blobstore.cache.pieces;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreNotFoundException;
import io.blobstore.ThrottledException;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One version of a blob in its store, and its pieces.
 *
 * @param store the store
 * @param blob the version
 * @param id the hashes under which the pieces are cached
 * @param layout how it is divided
 */
record PieceSource(BlobStore store, BlobMetadata blob, VersionId id, PieceLayout layout) {
    static PieceSource of(BlobStore store, BlobMetadata blob, int pieceSize) {
        return new PieceSource(
                store, blob, VersionId.of(store, blob, pieceSize), new PieceLayout(blob.size(), pieceSize));
    }

    PieceId piece(long number) {
        return new PieceId(id, number);
    }

    /**
     * Reads a range of this version from the store, with one request.
     *
     * @throws PreconditionFailedException if the blob was replaced
     */
    ReadResult read(long offset, long length, BlobTarget.Window target) throws IOException {
        long room = target.remaining();
        ReadResult read =
                store.read(blob.key(), ByteRange.of(offset, length), target, ReadOptions.ifMatch(blob.version()));
        requireVersion(read);
        if (read.length() != length || room - target.remaining() != length) {
            throw failure(
                    "the store returned " + read.length() + " bytes, and put " + (room - target.remaining())
                            + " into the target, instead of " + length,
                    null,
                    false);
        }
        return read;
    }

    /** Checks that content belongs to this version. */
    void requireVersion(ReadResult read) throws BlobStoreException {
        if (!read.blob().version().equals(blob.version())) {
            throw new PreconditionFailedException(
                    Operation.READ,
                    blob.key(),
                    "the store returned version " + read.blob().version() + " instead of " + blob.version(),
                    null);
        }
        if (read.blob().size() != blob.size()) {
            throw failure(
                    "the store reports two sizes for one version of the blob, " + blob.size() + " and "
                            + read.blob().size() + " bytes",
                    null,
                    false);
        }
    }

    /**
     * Returns the failure of a fetch for a reader that waited for it: of the same type, so that it is handled in the
     * same way, but with the reader's own stack trace.
     */
    BlobStoreException sharedFailure(Throwable cause, boolean retryable) {
        String problem = "another read of this piece failed: " + cause.getMessage();
        if (cause instanceof IntegrityException) {
            return new IntegrityException(Operation.READ, blob.key(), problem, cause);
        } else if (cause instanceof PreconditionFailedException) {
            return new PreconditionFailedException(Operation.READ, blob.key(), problem, cause);
        } else if (cause instanceof BlobNotFoundException) {
            return new BlobNotFoundException(Operation.READ, blob.key(), cause);
        } else if (cause instanceof StoreNotFoundException) {
            return new StoreNotFoundException(Operation.READ, blob.key(), problem, cause);
        } else if (cause instanceof PermissionDeniedException) {
            return new PermissionDeniedException(Operation.READ, blob.key(), problem, cause);
        } else if (cause instanceof ThrottledException throttled) {
            Duration after = throttled.retryAfter().orElse(null);
            return new ThrottledException(Operation.READ, blob.key(), problem, after, cause);
        }
        return failure(problem, cause, retryable);
    }

    BlobStoreException failure(String problem, @Nullable Throwable cause, boolean retryable) {
        return new BlobStoreException(Operation.READ, blob.key(), problem, cause, retryable);
    }
}
