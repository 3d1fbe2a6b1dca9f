package io.blobstore.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Keeps mapped memory alive until {@link #close()}: until then, the {@link #buffers()} may be read. Taken from a
 * {@link MappedRegion}.
 *
 * <p><b>After {@code close()} the buffers must not be touched, by any thread, socket or native call.</b> The memory
 * behind them may be unmapped at once; reading it then throws at best, and at worst ends the JVM. A lease that becomes
 * unreachable without having been closed is reported in the log, with the stack trace of its creation; its memory is
 * never freed by force.
 *
 * <p>Thread-safe. Any thread may close it.
 */
public interface Lease extends AutoCloseable {
    /**
     * Returns the leased content, in order: direct buffers at position 0 with the content up to their limits, read-only
     * unless the lease was taken for writing. The buffers belong to this lease: moving their positions does not affect
     * other leases, and two calls return the same buffers. Empty if there is no content.
     *
     * @throws IllegalStateException if the lease is closed
     */
    List<ByteBuffer> buffers();

    /** Releases the memory. Idempotent. */
    @Override
    void close();
}
