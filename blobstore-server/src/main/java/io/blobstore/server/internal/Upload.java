package io.blobstore.server.internal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * What a client sends to be kept. Nothing of it is visible before {@link #finish}. Used by one thread at a time; its
 * methods may block on the disk.
 */
public interface Upload extends Closeable {
    /**
     * Takes a buffer's remaining bytes, as they were sent, and advances its position.
     *
     * @throws BadContentException if they cannot be a part of what was announced
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    void write(ByteBuffer received) throws IOException;

    /**
     * Ends the upload: what was sent is verified, and visible afterwards.
     *
     * @return completes when the client may be told so: at once, unless a remote cache has to have it before; fails
     *     with a {@link RemoteFailedException} if that is not possible
     * @throws BadContentException if it is not what was announced
     * @throws InvalidRecordException if it is not a record as it must be
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    CompletableFuture<Void> finish() throws IOException;

    /** Discards what was sent unless it was finished. Idempotent. */
    @Override
    void close() throws IOException;
}
