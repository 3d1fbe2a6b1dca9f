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

/** Sends a backend's requests that read an object, and reads the header fields that describe one. Thread-safe. */
public interface ObjectReader extends HeadRequest {
    /**
     * Sends a GET request.
     *
     * @param range the value of the Range field; empty for the whole blob
     */
    void get(BlobKey key, Optional<BlobVersion> wanted, Optional<String> range, ResponseHandler handler)
            throws IOException;

    /** Reads a blob's metadata from the header of a response to GET. */
    BlobMetadata describe(BlobKey key, HttpHeaders headers, long size) throws BlobStoreException;

    /** Returns the name of a field that repeats the size of the whole blob, if the server sends it. */
    String sizeField();

    /**
     * Returns the value of the Range field for a request of the whole blob; empty for a request without the field.
     * Servers respond to a range with its length and with the size of the blob, so that a wrong one is noticed, but
     * most of them without the checksum of the blob, and to one of an empty blob with an error.
     */
    default Optional<String> rangeOfWhole() {
        return Optional.empty();
    }

    /**
     * Returns the checksum of the whole blob after a partial response, whose checksum may be that of the range only.
     *
     * @param blob the metadata in the response
     * @param whole whether the range was the whole blob
     */
    default Optional<Crc32c> checksumOfPartial(BlobMetadata blob, boolean whole) throws IOException {
        return blob.checksum();
    }

    /**
     * Checks that the metadata belongs to the wanted version, and returns it with this version as it is written in the
     * request: servers send some of a version's fields in some responses only.
     */
    default BlobMetadata requireVersion(Operation operation, BlobMetadata blob, Optional<BlobVersion> wanted)
            throws PreconditionFailedException {
        if (wanted.isPresent() && !matches(wanted.get(), blob.version())) {
            throw new PreconditionFailedException(
                    operation, blob.key(), "its version is " + blob.version() + " and not " + wanted.get(), null);
        }
        return wanted.isEmpty() || wanted.get().equals(blob.version())
                ? blob
                : blob.toBuilder().version(wanted.get()).build();
    }
}
