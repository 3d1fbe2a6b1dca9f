package io.blobstore.memory;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.RetainedSource;
import io.blobstore.SourceChangedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A part of a {@link MappedFile}: a source whose buffers are the mapping itself, so that nothing is copied. If the file
 * is mapped for writing, it is a target as well: content is received in place.
 *
 * <p>A region denotes memory and does not own it: it can neither close the file nor keep it mapped. Leases and retained
 * sources keep it mapped. A lease that spans a GiB boundary of the file has more than one buffer.
 *
 * <p>Immutable and thread-safe.
 */
public final class MappedRegion implements BlobSource, BlobTarget {
    private final MappedFile file;
    private final long offset;
    private final long size;
    /** The lease that keeps the file mapped even if it is closed; null for a region that was not retained. */
    private final MappedFile.@Nullable MappedLease keptBy;

    MappedRegion(MappedFile file, long offset, long size, MappedFile.@Nullable MappedLease keptBy) {
        Objects.checkFromIndexSize(offset, size, file.size());
        this.keptBy = keptBy;
        this.file = file;
        this.offset = offset;
        this.size = size;
    }

    /** Returns the file that this region is a part of. */
    public MappedFile file() {
        return file;
    }

    /** Returns the region's offset in the file. */
    public long offset() {
        return offset;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public MappedRegion slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        return new MappedRegion(file, this.offset + offset, length, keptBy);
    }

    /**
     * Leases the region for reading.
     *
     * @throws SourceChangedException if the file is no longer the one that was mapped
     * @throws IllegalStateException if the file is closed
     */
    public Lease acquire() throws SourceChangedException {
        return file.acquire(offset, size, false, keptBy);
    }

    /**
     * Leases the region for writing into it.
     *
     * @throws IllegalStateException if the file is closed, or mapped read-only
     * @throws SourceChangedException if the file was truncated or replaced
     */
    public Lease acquireWritable() throws SourceChangedException {
        if (file.access() != MappedFile.Access.READ_WRITE) {
            throw new IllegalStateException(
                    file.path() + " is mapped read-only; open it with MappedFile.Access.READ_WRITE to write to it");
        }
        return file.acquire(offset, size, true, keptBy);
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        Objects.requireNonNull(visitor, "visitor");
        if (maxBufferSize <= 0) {
            throw new IllegalArgumentException("maxBufferSize must be positive; got " + maxBufferSize);
        }
        file.visit(offset, size, maxBufferSize, keptBy, visitor);
    }

    @Override
    public void checkUnchanged() throws SourceChangedException {
        file.checkUnchanged(keptBy);
    }

    /** Returns the identity of the file and the region; empty if the file is mapped for writing, and may change. */
    @Override
    public Optional<String> identity() {
        return file.access() == MappedFile.Access.READ_ONLY
                ? Optional.of(file.identity().describe(offset, size))
                : Optional.empty();
    }

    @Override
    public RetainedSource retain() {
        MappedFile.MappedLease hold = file.retain(keptBy);
        return RetainedSource.of(new MappedRegion(file, offset, size, hold), hold::close);
    }

    @Override
    public long room() {
        return size;
    }

    /**
     * Leases the region for writing until the writer is closed: the file may be closed meanwhile, and is unmapped after
     * that.
     */
    @Override
    public Writer open() throws SourceChangedException {
        return new MappedWriter(size, acquireWritable());
    }

    private record MappedWriter(long size, Lease lease) implements Writer {
        @Override
        public Window window(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, size);
            List<ByteBuffer> views = new ArrayList<>();
            long start = 0; // offset of the current buffer
            for (ByteBuffer buffer : lease.buffers()) {
                long from = Math.max(offset, start) - start;
                long to = Math.min(offset + length - start, buffer.capacity());
                if (from < to) {
                    views.add(buffer.slice((int) from, (int) (to - from)));
                }
                start += buffer.capacity();
            }
            return Window.of(views);
        }

        @Override
        public void commit(long length) {
            // the content is in place
        }

        @Override
        public void close() {
            lease.close();
        }
    }

    /** Returns {@code MappedRegion[path, size bytes at offset]}. */
    @Override
    public String toString() {
        return "MappedRegion[" + file.path() + ", " + size + " bytes at " + offset + "]";
    }
}
