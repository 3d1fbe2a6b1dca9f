package io.blobstore.cli;

import io.blobstore.BlobStore;
import java.io.Closeable;
import java.io.IOException;

/**
 * The open stores of a copy.
 *
 * @param source the same object as the target if both are one store, which then copies by itself
 */
record StorePair(BlobStore source, BlobStore target) implements Closeable {
    /** Opens the stores of two endpoints. One that is named by two URIs has the settings of the target's. */
    static StorePair open(EndpointOption stores, Endpoint.InStore from, Endpoint.InStore to) throws IOException {
        if (from.store().equals(to.store())) {
            BlobStore store = stores.open(to);
            return new StorePair(store, store);
        }
        BlobStore source = stores.open(from); // first: the target may be created
        try {
            BlobStore target = stores.open(to);
            if (!source.toString().equals(target.toString())) {
                return new StorePair(source, target);
            }
            source.close();
            return new StorePair(target, target);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    boolean isOne() {
        return source == target;
    }

    @Override
    public void close() throws IOException {
        try (source) {
            target.close();
        }
    }
}
