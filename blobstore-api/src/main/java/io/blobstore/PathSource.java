package io.blobstore;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.FileIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;

/**
 * A file's content, copied out of it by positional reads.
 *
 * <p>Each window is read through a new channel: the source need not be closed, and an interrupt, which closes the
 * channel that the interrupted thread uses, affects one visit and not the source. Opening a channel costs little
 * compared with reading {@value #WINDOW} bytes.
 */
final class PathSource implements BlobSource {
    /**
     * Opening and checking the file costs some KB of heap for each window: at this size that is a few MiB per GiB, and
     * a window still fits into a core's second-level cache.
     */
    static final int WINDOW = 1 << 20;

    private final FileIdentity identity;
    private final long offset;
    private final long size;

    private PathSource(FileIdentity identity, long offset, long size) {
        this.identity = identity;
        this.offset = offset;
        this.size = size;
    }

    static BlobSource open(Path path) throws IOException {
        FileIdentity identity = FileIdentity.of(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            identity.requireEnd(channel);
        }
        return new PathSource(identity, 0, identity.size());
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        return new PathSource(identity, this.offset + offset, length);
    }

    /**
     * Returns this source with a no-op release: the content is copied when it is visited, so no memory must be kept.
     */
    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, () -> {});
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        BufferSource.requirePositive(maxBufferSize);
        if (size > 0) {
            visitWindows(maxBufferSize, visitor);
        }
        checkUnchanged();
    }

    private void visitWindows(int maxBufferSize, BufferVisitor visitor) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take((int) Math.min(WINDOW, size))) {
            ByteBuffer window = memory.buffer();
            for (long at = offset, end = offset + size; at < end; at += window.limit()) {
                read(at, window.clear().limit((int) Math.min(window.capacity(), end - at)));
                BufferSource.visitSlices(window.asReadOnlyBuffer(), maxBufferSize, visitor);
            }
        }
    }

    /** Fills the window up to its limit from a position in the file. */
    private void read(long position, ByteBuffer window) throws IOException {
        checkUnchanged();
        boolean ended = false;
        try (FileChannel channel = FileChannel.open(identity.path(), StandardOpenOption.READ)) {
            while (window.hasRemaining() && !ended) {
                ended = channel.read(window, position + window.position()) < 0;
            }
        } catch (NoSuchFileException e) {
            throw SourceChangedException.unreadable(identity.path(), e); // deleted since the check
        }
        // Again, because the bytes may have been read from another file, or while this one was modified.
        checkUnchanged();
        if (ended) {
            throw SourceChangedException.shorter(identity.path(), position + window.position(), identity.size());
        }
    }

    @Override
    public void checkUnchanged() throws SourceChangedException {
        Optional<String> difference;
        try {
            difference = identity.difference(false);
        } catch (IOException e) {
            throw SourceChangedException.unreadable(identity.path(), e);
        }
        if (difference.isPresent()) {
            throw SourceChangedException.of(identity.path(), difference.get());
        }
    }

    @Override
    public Optional<String> identity() {
        return Optional.of(identity.describe(offset, size));
    }

    @Override
    public String toString() {
        return "PathSource[" + identity.path() + ", " + size + " bytes at " + offset + "]";
    }
}
