package io.blobstore.memory;

import io.blobstore.BlobSource;
import io.blobstore.Lease;
import io.blobstore.SourceChangedException;
import java.util.Objects;

/**
 * A part of a {@link MappedFile}, as a source whose buffers are the mapping itself: nothing is copied.
 *
 * <p>A region is a name for a stretch of memory, not a hold on it: it can neither close the file nor keep it open. Leases
 * do the latter. One that spans more than a GiB boundary of the file shows more than one buffer.
 *
 * <p>Immutable and thread-safe.
 */
public final class MappedRegion implements BlobSource {
    private final MappedFile file;
    private final long offset;
    private final long size;

    MappedRegion(MappedFile file, long offset, long size) {
        Objects.checkFromIndexSize(offset, size, file.size());
        this.file = file;
        this.offset = offset;
        this.size = size;
    }

    /** The file this is a part of. */
    public MappedFile file() {
        return file;
    }

    /** Where in the file this region begins. */
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
        return new MappedRegion(file, this.offset + offset, length);
    }

    @Override
    public Lease acquire() throws SourceChangedException {
        return file.acquire(offset, size, false);
    }

    /**
     * Leases the region for writing into it.
     *
     * @throws IllegalStateException if the file is closed, or mapped read-only
     * @throws SourceChangedException if the file shrank or was replaced
     */
    public Lease acquireWritable() throws SourceChangedException {
        if (file.access() != MappedFile.Access.READ_WRITE) {
            throw new IllegalStateException(
                    file.path() + " is mapped read-only; open it with MappedFile.Access.READ_WRITE to write to it");
        }
        return file.acquire(offset, size, true);
    }

    @Override
    public Lease retain() {
        return file.retain();
    }

    /** {@code MappedRegion[path, size bytes at offset]}. */
    @Override
    public String toString() {
        return "MappedRegion[" + file.path() + ", " + size + " bytes at " + offset + "]";
    }
}
