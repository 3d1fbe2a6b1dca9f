package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import java.io.IOException;
import java.util.Optional;

/** The requests of a server that read an object, and the header fields by which it describes one. Thread-safe. */
public interface ObjectReader extends HeadRequest {
    /**
     * Sends a GET.
     *
     * @param range the value of the Range field; empty for the whole blob
     */
    void get(BlobKey key, Optional<BlobVersion> wanted, Optional<String> range, ResponseHandler handler)
            throws IOException;

    /** Reads a blob's metadata from the header of a response to GET. */
    BlobMetadata describe(BlobKey key, HttpHeaders headers, long size) throws BlobStoreException;

    /** Returns whether a wanted version is the actual one. */
    default boolean matches(BlobVersion wanted, BlobVersion actual) {
        return wanted.equals(actual);
    }

    /**
     * Returns the checksum of the whole blob where the response was a partial one, whose checksum may be that of the
     * range alone.
     *
     * @param blob as the response describes it
     * @param whole whether the range was the whole blob
     */
    default Optional<Crc32c> checksumOfPartial(BlobMetadata blob, boolean whole) throws IOException {
        return blob.checksum();
    }

    /** Returns the metadata, if it belongs to the wanted version. */
    default BlobMetadata requireVersion(Operation operation, BlobMetadata blob, Optional<BlobVersion> wanted)
            throws PreconditionFailedException {
        if (wanted.isPresent() && !matches(wanted.get(), blob.version())) {
            throw new PreconditionFailedException(
                    operation, blob.key(), "its version is " + blob.version() + " and not " + wanted.get(), null);
        }
        return blob;
    }
}
