package io.blobstore.server.internal.grpc;

import io.blobstore.ByteRange;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StoredContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Reads small blobs onto the heap. */
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

    /**
     * Reads the zstd frames of a blob into a new buffer, as they are stored.
     *
     * @return empty if it is not there, or is not stored in frames that are smaller than its content
     */
    static Optional<ByteBuffer> readFrames(ContentCache cache, Digest digest, int max) throws IOException {
        Optional<CachedContent> found = cache.open(digest);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (CachedContent content = found.get()) {
            StoredContent stored = content.stored();
            if (stored.encoding() != StoredContent.Encoding.ZSTD || stored.size() >= Math.min(digest.size(), max)) {
                return Optional.empty();
            }
            ByteBuffer frames = ByteBuffer.allocate((int) stored.size());
            stored.read(0, frames);
            return Optional.of(frames.flip());
        }
    }
}
