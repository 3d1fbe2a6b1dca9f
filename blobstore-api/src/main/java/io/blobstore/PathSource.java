package io.blobstore;

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
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A file's content, copied out of it by positional reads.
 *
 * <p>Each lease opens the file anew: there is nothing to close, and an interrupt, which closes the channel it meets,
 * harms one lease and not the source. Next to reading {@value #WINDOW} bytes that costs little. The direct buffers are
 * reused; as many exist as leases were ever open at once, and they live as long as the source.
 */
final class PathSource implements BlobSource {
    /**
     * A lease costs some 5 KB of heap (two looks at the file, a channel, the stack for a leak report): at this size
     * that is 5 MiB per GiB, and a window still fits a core's second-level cache.
     */
    static final int WINDOW = 1 << 20;

    private final FileIdentity identity;
    private final ConcurrentLinkedQueue<ByteBuffer> idleBuffers;
    private final long offset;
    private final long size;

    private PathSource(FileIdentity identity, ConcurrentLinkedQueue<ByteBuffer> idleBuffers, long offset, long size) {
        this.identity = identity;
        this.idleBuffers = idleBuffers;
        this.offset = offset;
        this.size = size;
    }

    static BlobSource open(Path path) throws IOException {
        FileIdentity identity = FileIdentity.of(path);
        if (!Files.isReadable(path)) {
            throw new AccessDeniedException(path.toString());
        }
        return new PathSource(identity, new ConcurrentLinkedQueue<>(), 0, identity.size());
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        return new PathSource(identity, idleBuffers, this.offset + offset, length);
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
        ByteBuffer buffer = Optional.ofNullable(idleBuffers.poll()).orElseGet(() -> ByteBuffer.allocateDirect(WINDOW));
        try {
            read(buffer.clear().limit((int) size));
            return new CopyLease(buffer);
        } catch (IOException | RuntimeException | Error e) {
            idleBuffers.add(buffer);
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

        CopyLease(ByteBuffer buffer) {
            ConcurrentLinkedQueue<ByteBuffer> home = idleBuffers;
            this.buffers = buffer.hasRemaining() ? List.of(buffer.slice().asReadOnlyBuffer()) : List.of();
            this.ticket = LeaseTicket.open(this, "a copy of " + identity.path(), () -> home.add(buffer));
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
