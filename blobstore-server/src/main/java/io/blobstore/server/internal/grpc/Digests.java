package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.DigestFunction;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;

/** Converts digests between the Remote Execution API and the cache. */
final class Digests {
    private Digests() {}

    /**
     * Returns a digest of the API as one of the cache.
     *
     * @throws IllegalArgumentException if it is not the SHA-256 and size of anything, with a message for the client
     */
    static Digest of(build.bazel.remote.execution.v2.Digest digest) {
        return new Digest(Sha256.parse(digest.getHash()), digest.getSizeBytes());
    }

    /** Returns a digest of the cache as one of the API. */
    static build.bazel.remote.execution.v2.Digest of(Digest digest) {
        return build.bazel.remote.execution.v2.Digest.newBuilder()
                .setHash(digest.sha256().hex())
                .setSizeBytes(digest.size())
                .build();
    }

    /**
     * Checks the digest function that a request names.
     *
     * @throws IllegalArgumentException if it is not SHA-256, nor left out
     */
    static void requireSha256(DigestFunction.Value function) {
        if (function != DigestFunction.Value.UNKNOWN && function != DigestFunction.Value.SHA256) {
            throw new IllegalArgumentException("the only digest function of this server is SHA256; got " + function);
        }
    }
}
