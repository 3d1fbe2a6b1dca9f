package io.blobstore.split.repository;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.internal.verity.VerityDigest;

/** What a worker reuses for all its units. Not thread-safe. */
final class Scratch {
    private final VerityDigest digest;

    Scratch(ObjectHash hash) {
        digest = new VerityDigest(hash);
    }

    /** Returns a digest without content. */
    VerityDigest digest() {
        return digest;
    }
}
