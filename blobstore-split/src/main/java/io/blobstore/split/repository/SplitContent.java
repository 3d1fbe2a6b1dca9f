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
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The content of a split stream, read at any position without merging the rest, such as blocks of a disk from its
 * snapshot. Opened by {@link SplitEngine#open}.
 *
 * <p>Objects of up to {@value #VERIFIED} bytes are read whole and verified; the last one is kept. Of larger objects,
 * only the wanted range is read, which no digest covers: such an object is verified if it is read from its start to its
 * end in order, and the read that reaches its end fails if it is damaged. An object that a garbage collection deletes
 * meanwhile is a {@link MissingObjectException}.
 *
 * <p>Thread-safe; reads are done one after another, and an interrupt makes a read fail.
 */
public final class SplitContent implements SeekableByteChannel {
    /** The size of the largest objects that are verified before any of their bytes is returned, in bytes. */
    public static final int VERIFIED = 1 << 20;

    private final ObjectStore store;
    private final ContentIndex index;
    /** Held during reads, which use the memory of the last object. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final VerityDigest digest;
    private @Nullable SequentialDigest inOrder;
    private @Nullable ByteBuffer memory;
    private ContentIndex.@Nullable Chunk kept;
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
     * @throws DamagedObjectException if an object is found to be damaged; the bytes put into {@code target} must not be
     *     used then
     * @throws MissingObjectException if an object is missing
     */
    public int read(ByteBuffer target, long from) throws IOException {
        if (from < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + from);
        }
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
                readChunk(chunk, at - chunk.start(), target.slice(target.position(), bytes));
                target.position(target.position() + bytes);
                at += bytes;
            }
            return target.position() - start;
        } finally {
            lock.unlock();
        }
    }

    private void readChunk(ContentIndex.Chunk chunk, long offset, ByteBuffer target) throws IOException {
        ObjectId object = chunk.object();
        if (object == null) {
            index.readInline(chunk.inlinePosition() + offset, target);
        } else if (chunk.end() - chunk.start() > VERIFIED) {
            ByteBuffer bytes = target.slice();
            store.read(object, ByteRange.of(offset, target.remaining()), BlobTarget.Window.of(target));
            verifyInOrder(chunk, object, offset, bytes);
        } else {
            target.put(verified(chunk).slice((int) offset, target.remaining()));
        }
    }

    private void verifyInOrder(ContentIndex.Chunk chunk, ObjectId object, long offset, ByteBuffer bytes)
            throws DamagedObjectException {
        SequentialDigest digest = inOrder;
        if (digest == null) {
            digest = new SequentialDigest(store.hash());
            inOrder = digest;
        }
        digest.read(chunk, object, offset, bytes);
    }

    /** Returns the whole content of a small object. */
    private ByteBuffer verified(ContentIndex.Chunk chunk) throws IOException {
        ByteBuffer content = memory;
        if (content == null) {
            content = ByteBuffer.allocateDirect(VERIFIED);
            memory = content;
        }
        ContentIndex.Chunk last = kept;
        ObjectId object = chunk.object();
        if (object != null && (last == null || !Objects.equals(object, last.object()))) {
            kept = null;
            content.clear().limit((int) (chunk.end() - chunk.start()));
            Verification.read(store, object, BlobTarget.Window.of(content), digest);
            kept = chunk;
        }
        return content;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        lock.lock();
        try {
            int bytes = read(target, position);
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

    /** Releases the memory and the temporary file, after a read in progress. Idempotent. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            open = false;
            memory = null;
            inOrder = null;
            kept = null;
            index.close();
        } finally {
            lock.unlock();
        }
    }
}
