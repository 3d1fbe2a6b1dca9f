package io.blobstore.server.internal;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** What action results must be, for a protocol that takes them as bytes. Thread-safe; called by {@link Workers}. */
public interface RecordCheck {
    /** A larger record is not valid: clients of the Remote Execution API do not accept larger messages, either. */
    int MAX_BYTES = 4 << 20;

    /**
     * Requires bytes to be an action result.
     *
     * @throws InvalidRecordException if they are not, with a message for the client
     */
    void require(ByteBuffer record) throws InvalidRecordException;

    /**
     * Returns whether bytes are an action result, and everything is there that it refers to: here, or in the remote
     * cache.
     */
    CompletableFuture<Boolean> isComplete(ByteBuffer record);
}
