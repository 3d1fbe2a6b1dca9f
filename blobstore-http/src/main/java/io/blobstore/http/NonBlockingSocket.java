package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A non-blocking socket with a selector of its own.
 *
 * <p>So one thread can wait for either direction, with a time limit, and be woken. Only the thread that currently uses
 * the socket reads, writes and closes; other threads may only {@link #cancel()}, which wakes that thread. So no native
 * call outlives the request it serves.
 */
final class NonBlockingSocket implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(NonBlockingSocket.class);

    private final TransportClock clock;
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private volatile boolean cancelled;
    private boolean closed; // guarded by this
    private long written;

    private NonBlockingSocket(TransportClock clock, SocketChannel channel, Selector selector, SelectionKey key) {
        this.clock = clock;
        this.channel = channel;
        this.selector = selector;
        this.key = key;
    }

    /**
     * Opens a socket that is not connected yet.
     *
     * @param clock the clock that measures time limits
     */
    static NonBlockingSocket open(TransportClock clock) throws TransportException {
        SocketChannel channel = null;
        Selector selector = null;
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            selector = Selector.open();
            return new NonBlockingSocket(clock, channel, selector, channel.register(selector, 0));
        } catch (IOException e) {
            closeQuietly(channel);
            closeQuietly(selector);
            throw new TransportException(
                    Kind.CONNECT,
                    "no socket can be opened (" + e.getMessage()
                            + "); if there are too many open files, see 'ulimit -n'",
                    e);
        }
    }

    /**
     * Connects.
     *
     * @param nanos the time limit in nanoseconds
     * @throws IOException of the operating system, or a {@link TransportException} of {@link Kind#TIMEOUT}
     */
    void connect(InetSocketAddress address, long nanos) throws IOException {
        long end = clock.nanoTime() + nanos;
        if (!channel.connect(address)) {
            do {
                await(SelectionKey.OP_CONNECT, end - clock.nanoTime(), "a connection");
            } while (!channel.finishConnect());
        }
    }

    /** Returns the clock that measures time limits. */
    TransportClock clock() {
        return clock;
    }

    /** Writes as many bytes as the socket accepts without blocking; returns their number, which may be 0. */
    long write(ByteBuffer[] sources) throws IOException {
        requireNotCancelled();
        long bytes = channel.write(sources);
        written += bytes;
        return bytes;
    }

    /** Writes as many bytes as the socket accepts without blocking; returns their number, which may be 0. */
    int write(ByteBuffer source) throws IOException {
        requireNotCancelled();
        int bytes = channel.write(source);
        written += bytes;
        return bytes;
    }

    /** Returns the number of bytes that the socket has accepted since it was opened. */
    long written() {
        return written;
    }

    /** Reads what has arrived; returns the number of bytes, which may be 0, or -1 at the end. */
    int read(ByteBuffer target) throws IOException {
        requireNotCancelled();
        return channel.read(target);
    }

    /**
     * Blocks until the socket is ready for at least one of the operations.
     *
     * @param nanos the time limit in nanoseconds
     * @param what the event that the thread waits for, for the message of the exception
     * @return the operations that it is ready for
     * @throws TransportException if it is not ready in time, or was cancelled
     * @throws ClosedByInterruptException if the thread is interrupted; its status stays set
     */
    int await(int operations, long nanos, String what) throws IOException {
        long end = clock.nanoTime() + nanos;
        key.interestOps(operations);
        while (true) {
            requireNotCancelled();
            if (clock.nanoTime() - end >= 0) {
                throw new TransportException(Kind.TIMEOUT, "waited too long for " + what, null);
            }
            clock.await(selector, end);
            // A key that was not selected keeps what it was ready for before.
            int ready = selector.selectedKeys().isEmpty() ? 0 : key.readyOps();
            selector.selectedKeys().clear();
            if (ready != 0) {
                requireNotCancelled();
                return ready;
            }
        }
    }

    private void requireNotCancelled() throws IOException {
        if (cancelled) {
            throw TransportException.cancelled();
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new ClosedByInterruptException();
        }
    }

    /** Makes the thread that uses this socket fail soon. May be called by any thread, at any time. */
    synchronized void cancel() {
        cancelled = true;
        if (!closed) { // otherwise another socket may have the selector's descriptor
            selector.wakeup();
        }
    }

    /** Closes the socket; called by the thread that uses it. Idempotent. */
    @Override
    public synchronized void close() {
        closed = true;
        closeQuietly(channel); // its descriptor is freed with the selector
        closeQuietly(selector);
    }

    private static void closeQuietly(@Nullable Closeable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (IOException e) {
            LOG.debug("A socket could not be closed properly", e);
        }
    }
}
