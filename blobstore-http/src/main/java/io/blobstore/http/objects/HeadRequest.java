package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import java.io.IOException;
import java.util.Optional;

/** Requests the metadata of a blob. */
@FunctionalInterface
public interface HeadRequest {
    /**
     * Returns the metadata of a blob.
     *
     * @throws io.blobstore.BlobNotFoundException if there is no such blob
     * @throws io.blobstore.PreconditionFailedException if a version is wanted, and the blob has another one
     */
    BlobMetadata head(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException;

    /** Returns whether the actual version is the wanted one, by the fields that both have. */
    default boolean matches(BlobVersion wanted, BlobVersion actual) {
        return wanted.equals(actual);
    }
}
