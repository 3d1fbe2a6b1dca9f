package io.blobstore.server.internal.grpc;

import io.blobstore.ByteRange;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Reads blobs that are messages onto the heap. */
final class SmallBlobs {
    private SmallBlobs() {}

    /**
     * Reads a blob into a new buffer, from position 0 to the limit. No memory is taken for blobs that are not there.
     *
     * @param max the most bytes that are read
     * @return empty if it is not there, or is larger than the maximum
     */
    static Optional<ByteBuffer> read(ContentCache cache, Digest digest, int max) throws IOException {
        if (digest.size() > max || !cache.contains(digest)) {
            return Optional.empty();
        }
        ByteBuffer content = ByteBuffer.allocate((int) digest.size());
        return cache.get(digest, ByteRange.all(), content).isEmpty() ? Optional.empty() : Optional.of(content.flip());
    }
}
