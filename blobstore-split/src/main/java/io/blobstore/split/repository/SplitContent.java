package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The content of a split stream, read at any position without merging the rest, such as blocks of a disk from its
 * snapshot. Opened by {@link SplitEngine#open}.
 *
 * <p>Whatever {@link #read(ByteBuffer)} returns is verified: an object is read whole, and then given out, and the last
 * one is kept until another one is read; objects of more than 16 MiB in a temporary file, smaller ones in direct
 * memory. So the first byte of a large object costs as much as all of it, which does not matter to those who read the
 * content in order. {@link #read(ByteBuffer, long)} is for blocks at random positions: it does the same with objects of
 * up to {@value #VERIFIED} bytes; of a larger one, unless it is kept, only the wanted range is read, which no digest
 * covers. An object that a garbage collection deletes meanwhile is a {@link MissingObjectException}.
 *
 * <p>Thread-safe; reads are done one after another, and an interrupt makes a read fail.
 */
public final class SplitContent implements SeekableByteChannel {
    /** The size of the largest objects that are verified wherever they are read, in bytes. */
    public static final int VERIFIED = 1 << 20;

    private final ObjectStore store;
    private final ContentIndex index;
    /** Held during reads, which use the last object. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final VerityDigest digest;
    private @Nullable VerifiedObject kept;
    private long position;
    private volatile boolean open = true;

    SplitContent(ObjectStore store, ContentIndex index) {
        this.store = store;
        this.index = index;
        this.digest = new VerityDigest(store.hash());
    }

    /** Returns the size of the content in bytes. */
    @Override
    public long size() {
        return index.size();
    }

    /**
     * Reads bytes at a position; does not use the channel's position.
     *
     * @param target filled from its position, which is advanced, to its limit, or to the end of the content
     * @return the number of bytes; -1 if {@code from} is at the end of the content or beyond
     * @throws DamagedObjectException if an object is found to be damaged
     * @throws io.blobstore.TargetException if a temporary file cannot be written, or the channel is closed meanwhile
     * @throws MissingObjectException if an object is missing
     */
    public int read(ByteBuffer target, long from) throws IOException {
        if (from < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + from);
        }
        return read(target, from, VERIFIED);
    }

    /** Reads bytes of objects that are verified up to a size. */
    private int read(ByteBuffer target, long from, long verified) throws IOException {
        lock.lock();
        try {
            requireOpen();
            if (from >= size()) {
                return -1;
            }
            int start = target.position();
            for (long at = from; target.hasRemaining() && at < size(); ) {
                ContentIndex.Chunk chunk = index.at(at);
                int bytes = (int) Math.min(target.remaining(), chunk.end() - at);
                readChunk(chunk, at - chunk.start(), target.slice(target.position(), bytes), verified);
                target.position(target.position() + bytes);
                at += bytes;
            }
            return target.position() - start;
        } finally {
            lock.unlock();
        }
    }

    private void readChunk(ContentIndex.Chunk chunk, long offset, ByteBuffer target, long verified) throws IOException {
        ObjectId object = chunk.object();
        long size = chunk.end() - chunk.start();
        VerifiedObject last = kept;
        if (object == null) {
            index.readInline(chunk.inlinePosition() + offset, target);
        } else if (last != null && last.id().equals(object)) {
            last.read(offset, target);
        } else if (size > verified) {
            store.read(object, ByteRange.of(offset, target.remaining()), BlobTarget.Window.of(target));
        } else {
            forget();
            VerifiedObject read = VerifiedObject.read(store, object, size, digest, () -> open);
            kept = read;
            read.read(offset, target);
        }
    }

    /** Releases the last object. */
    private void forget() throws IOException {
        VerifiedObject last = kept;
        kept = null;
        if (last != null) {
            last.close();
        }
    }

    /**
     * Reads bytes at the channel's position, which is advanced, and verifies the objects in which they are before any
     * of them is returned; otherwise as {@link #read(ByteBuffer, long)}.
     */
    @Override
    public int read(ByteBuffer target) throws IOException {
        lock.lock();
        try {
            int bytes = read(target, position, Long.MAX_VALUE);
            position += Math.max(0, bytes);
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public long position() throws IOException {
        requireOpen();
        lock.lock();
        try {
            return position;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SplitContent position(long newPosition) throws IOException {
        if (newPosition < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + newPosition);
        }
        requireOpen();
        lock.lock();
        try {
            position = newPosition;
        } finally {
            lock.unlock();
        }
        return this;
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /**
     * Releases the memory and the temporary files, after a read in progress, which fails if it is one of a large
     * object. Idempotent.
     */
    @Override
    public void close() throws IOException {
        open = false;
        lock.lock();
        try (index) {
            forget();
        } finally {
            lock.unlock();
        }
    }
}
