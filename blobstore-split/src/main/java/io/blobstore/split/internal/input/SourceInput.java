package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedRegion;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A source as the input of a splitter. Only what is inspected is read: the head of a file in a tar archive, and nothing
 * of blocks of a fixed size.
 *
 * <p>The memory of a {@link MappedRegion} is leased, and inspected in place. Other sources are read into a window,
 * which is 64 KiB large as long as no more than that is inspected at a time, and 4 MiB otherwise.
 *
 * <p>Not thread-safe.
 */
public final class SourceInput implements ContentInput {
    private static final int SMALL_WINDOW = 64 << 10;
    private static final int LARGE_WINDOW = 4 << 20;

    private final BlobSource source;
    private final long size;
    private final @Nullable Lease lease;
    private final BlobSource content;
    private long position;

    /** The window: its bytes from 0 to the limit are those of the source from {@link #windowOffset} on. */
    private @Nullable PooledBuffer window;

    private long windowOffset;
    private boolean closed;

    private SourceInput(BlobSource source, @Nullable Lease lease) {
        this.source = source;
        this.size = source.size();
        this.lease = lease;
        this.content = lease == null ? source : BlobSource.of(lease.buffers().toArray(ByteBuffer[]::new));
    }

    /**
     * Opens a source at its beginning.
     *
     * @throws io.blobstore.SourceChangedException if it is a region of a file that has changed
     */
    public static SourceInput open(BlobSource source) throws IOException {
        BlobSource whole = source.slice(0, source.size()); // of a retained region: the region itself
        return new SourceInput(source, whole instanceof MappedRegion region ? region.acquire() : null);
    }

    /** Returns the number of bytes of the source. */
    public long size() {
        return size;
    }

    @Override
    public void consume(long length) throws EOFException {
        if (length < 0 || length > size - position) {
            throw new EOFException(
                    "the source ends at byte " + size + ", inside a part of " + length + " bytes at byte " + position);
        }
        position += length;
    }

    /** Returns a part of the source, which keeps itself alive: nothing has to be released. */
    @Override
    public RetainedSource retain(long offset, long length) {
        return RetainedSource.of(source.slice(offset, length), () -> {});
    }

    @Override
    public RetainedSource retainUnchecked(long offset, long length) {
        return RetainedSource.of(content.slice(offset, length), () -> {});
    }

    /** Does nothing: all of the source stays readable. */
    @Override
    public void forget(long before) {}

    @Override
    public long maxKept() {
        return Long.MAX_VALUE;
    }

    @Override
    public void checkUnchanged() throws IOException {
        source.checkUnchanged();
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public long available(long length) {
        return Math.min(length, size - position);
    }

    @Override
    public ByteBuffer peek(int length) throws IOException {
        if (length < 0 || length > MAX_PEEK) {
            throw new IllegalArgumentException("0 to " + MAX_PEEK + " bytes can be inspected; got " + length);
        }
        if (closed) {
            throw new IllegalStateException("this input is closed");
        }
        int bytes = (int) available(length);
        ByteBuffer inPlace = lease == null ? null : leased(lease, bytes);
        return inPlace != null ? inPlace : inWindow(bytes);
    }

    /** Returns the next bytes of a lease, or null if they are not in one buffer. */
    private @Nullable ByteBuffer leased(Lease lease, int bytes) {
        long start = position; // in the current buffer
        for (ByteBuffer buffer : lease.buffers()) {
            if (start < buffer.capacity()) {
                return start + bytes <= buffer.capacity() ? buffer.slice((int) start, bytes) : null;
            }
            start -= buffer.capacity();
        }
        return ByteBuffer.allocate(0); // at the end
    }

    private ByteBuffer inWindow(int bytes) throws IOException {
        ByteBuffer memory = windowFor(bytes);
        long at = position - windowOffset;
        if (at < 0 || at + bytes > memory.limit()) {
            int kept = at >= 0 && at < memory.limit() ? memory.limit() - (int) at : 0;
            if (kept > 0) {
                memory.position((int) at).compact();
            }
            windowOffset = position;
            memory.clear().position(kept);
            int more = (int) Math.min(memory.remaining(), size - position - kept);
            try {
                source.slice(position + kept, more).forEachBuffer(SMALL_WINDOW, memory::put);
            } catch (Throwable e) {
                memory.limit(0);
                throw e;
            }
            memory.flip();
            at = 0;
        }
        return memory.slice((int) at, bytes).asReadOnlyBuffer();
    }

    /** Returns the memory of the window, which is replaced by larger memory if necessary. */
    private ByteBuffer windowFor(int bytes) {
        PooledBuffer current = window;
        if (current == null || current.buffer().capacity() < bytes) {
            PooledBuffer larger = DirectBufferPool.shared().take(bytes <= SMALL_WINDOW ? SMALL_WINDOW : LARGE_WINDOW);
            larger.buffer().limit(0);
            if (current != null) {
                current.close();
            }
            window = current = larger;
        }
        return current.buffer();
    }

    /** Releases the lease or the window: buffers that were returned must not be used after that. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (lease != null) {
                lease.close();
            }
            if (window != null) {
                window.close();
            }
        }
    }
}
