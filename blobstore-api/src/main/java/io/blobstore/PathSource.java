package io.blobstore;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.FileIdentity;
import io.blobstore.internal.memory.LeaseTicket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A file's content, copied out of it by positional reads.
 *
 * <p>Each lease opens the file anew: there is nothing to close, and an interrupt, which closes the channel it meets,
 * harms one lease and not the source. Next to reading {@value #WINDOW} bytes that costs little.
 */
final class PathSource implements BlobSource {
    /**
     * A lease costs some 5 KB of heap (two looks at the file, a channel, the stack for a leak report): at this size
     * that is 5 MiB per GiB, and a window still fits a core's second-level cache.
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
        if (!Files.isReadable(path)) {
            throw new AccessDeniedException(path.toString());
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

    @Override
    public long maxLeaseSize() {
        return WINDOW;
    }

    @Override
    public Lease acquire() throws IOException {
        if (size > WINDOW) {
            throw new IllegalArgumentException("at most " + WINDOW + " bytes of a file can be leased at once; got "
                    + size + " (see BlobSource.forEachBuffer)");
        }
        PooledBuffer memory = DirectBufferPool.shared().take((int) size);
        try {
            read(memory.buffer());
            return new CopyLease(memory);
        } catch (IOException | RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /** Nothing to keep: the content is copied when it is acquired. */
    @Override
    public RetainedSource retain() {
        return new RetainedSource(this, new UnownedLease(List.of()));
    }

    private void read(ByteBuffer target) throws IOException {
        requireUnchanged();
        try (FileChannel channel = FileChannel.open(identity.path(), StandardOpenOption.READ)) {
            while (target.hasRemaining()) {
                if (channel.read(target, offset + target.position()) < 0) {
                    break; // it shrank since the check: the next one says so
                }
            }
        } catch (NoSuchFileException e) {
            throw SourceChangedException.unreadable(identity.path(), e); // deleted since the check
        }
        // Again, as what was read in between may belong to another file, or to the time of a change.
        requireUnchanged();
        target.flip();
    }

    @Override
    public void requireUnchanged() throws SourceChangedException {
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
    public String toString() {
        return "PathSource[" + identity.path() + ", " + size + " bytes at " + offset + "]";
    }

    private final class CopyLease implements Lease {
        private final List<ByteBuffer> buffers;
        private final LeaseTicket ticket;

        CopyLease(PooledBuffer memory) {
            ByteBuffer content = memory.buffer();
            this.buffers = content.hasRemaining() ? List.of(content.slice().asReadOnlyBuffer()) : List.of();
            this.ticket = LeaseTicket.open(this, "a copy of " + identity.path(), memory::close);
        }

        @Override
        public List<ByteBuffer> buffers() {
            if (ticket.isReleased()) {
                throw new IllegalStateException("this lease of " + identity.path() + " is closed");
            }
            return buffers;
        }

        @Override
        public void close() {
            ticket.release();
        }
    }
}
