package io.blobstore;

/**
 * A source whose memory stays alive until this is closed, whatever its owner closes meanwhile.
 *
 * @param source the same content; until this is closed it can be acquired even after the owner of its memory was
 *     closed. After that, it is like the source it was made from
 * @param hold keeps the memory alive; shows no buffers
 */
public record RetainedSource(BlobSource source, Lease hold) implements AutoCloseable {
    /** Lets go of the memory. Idempotent. Leases taken meanwhile are not affected. */
    @Override
    public void close() {
        hold.close();
    }
}
