package io.blobstore;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A promise that some memory stays alive: until {@link #close()}, whatever {@link #buffers()} shows may be read.
 *
 * <p><b>After {@code close()} the buffers must not be touched, by any thread, socket or native call.</b> The memory
 * behind them may be unmapped at once; reading it then throws at best, and at worst ends the JVM. A lease that becomes
 * unreachable without having been closed is reported in the log, with the stack that took it; its memory is never freed
 * by force.
 *
 * <p>Thread-safe. Any thread may close it.
 */
public interface Lease extends AutoCloseable {
    /**
     * The leased content, in order. Each buffer is read-only unless the lease was taken for writing, direct unless the
     * memory is a heap buffer, and stands at position 0 with its content up to its limit. The buffers are this lease's
     * own: moving their positions disturbs nobody, and two calls give the same buffers. Empty for no content.
     *
     * @throws IllegalStateException if the lease is closed
     */
    List<ByteBuffer> buffers();

    /** Gives the memory back. Idempotent: a second call does nothing. */
    @Override
    void close();
}
