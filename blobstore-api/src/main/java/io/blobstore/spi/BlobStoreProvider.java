package io.blobstore.spi;

import io.blobstore.BlobStore;
import io.blobstore.ObservedBlobStore;
import io.blobstore.StoreObserver;
import io.blobstore.StoreUri;
import java.io.IOException;

/**
 * Opens the stores of one URI scheme. {@link io.blobstore.BlobStores} finds providers by
 * {@link java.util.ServiceLoader}.
 */
public interface BlobStoreProvider {
    /** Returns the scheme in lower case: "file", "s3", "gs". */
    String scheme();

    /**
     * Opens a store.
     *
     * @param uri a URI of this scheme, already checked to carry no credential
     * @throws IllegalArgumentException if the URI is malformed, or has parameters unknown to this scheme
     * @throws IOException if the store cannot be opened
     */
    BlobStore open(StoreUri uri) throws IOException;

    /**
     * Opens a store that reports its requests to an observer. By default, each call of the store is reported as one
     * request; override this for stores that know more, such as repetitions.
     *
     * @throws IllegalArgumentException if the URI is malformed, or has parameters unknown to this scheme
     * @throws IOException if the store cannot be opened
     */
    default BlobStore open(StoreUri uri, StoreObserver observer) throws IOException {
        return ObservedBlobStore.of(open(uri), observer);
    }
}
