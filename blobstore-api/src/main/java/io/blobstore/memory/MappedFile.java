package io.blobstore.memory;

import io.blobstore.BlobSource.BufferVisitor;
import io.blobstore.SourceChangedException;
import io.blobstore.internal.file.FileIdentity;
import io.blobstore.internal.memory.LeaseCount;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.internal.memory.MappedTotals;
import io.blobstore.internal.memory.Mapper;
import io.blobstore.internal.memory.Mapping;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of any size (0 bytes, one byte, many GiB) mapped into memory as a whole, and the owner of that mapping.
 *
 * <p>The memory is read under leases only, taken from {@linkplain #region() regions}. {@link #close()} never blocks and
 * never unmaps memory in use: it refuses further leases, and the <em>last</em> lease to be closed unmaps the file. If
 * no lease is open, {@code close()} itself unmaps it. {@link #awaitReleased} waits for that.
 *
 * <pre>{@code
 * try (MappedFile file = MappedFile.open(path)) {
 *     store.store(key, file.region(), StoreOptions.DEFAULT);
 * }
 * }</pre>
 *
 * <h2>Truncation: what leases do not protect from</h2>
 *
 * If another process <b>truncates</b> the file while it is mapped, part of the memory has no file behind it. Reading
 * that part throws {@code InternalError} in Java code, and <b>ends the JVM</b> in native and intrinsic code, CRC32C
 * included. So map only files that no other process truncates. Each lease first checks that the file is still the one
 * that was mapped, with the same size and (if mapped read-only) unmodified, and throws {@link SourceChangedException}
 * if not; that detects earlier changes, not later ones. For files that other processes may truncate, use
 * {@link io.blobstore.BlobSource#ofPath}, which copies.
 *
 * <p>Thread-safe.
 */
public final class MappedFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(MappedFile.class);
    private static final int ZEROS = 128 * 1024;

    /** The permitted use of a mapping. */
    public enum Access {
        /** Leases for reading. The file must not be modified while it is mapped. */
        READ_ONLY,
        /** Leases for reading and writing: a download target, or memory to be filled and then stored. */
        READ_WRITE
    }

    /** The file at the path that it was mapped from, or moved to. */
    private volatile FileIdentity identity;
    /** Held while the file is renamed, and while a file that seems to be missing is looked for again. */
    private final ReentrantLock moving = new ReentrantLock();

    private final Access access;
    private final Mapping mapping;
    private final LeaseCount count = new LeaseCount();
    private final CountDownLatch released = new CountDownLatch(1);
    /** Reports a file that becomes unreachable without having been closed. */
    private final LeaseTicket ticket;

    private MappedFile(FileIdentity identity, Access access, Mapping mapping) {
        this.identity = identity;
        this.access = access;
        this.mapping = mapping;
        this.ticket = LeaseTicket.open(this, "the MappedFile of " + identity.path(), () -> {});
        MappedTotals.mapped(size());
    }

    /**
     * Maps an existing file for reading.
     *
     * @throws IOException as {@link #open(Path, Access)} does
     */
    public static MappedFile open(Path path) throws IOException {
        return open(path, Access.READ_ONLY);
    }

    /**
     * Maps an existing file.
     *
     * @throws java.nio.file.NoSuchFileException if there is no file at the path
     * @throws java.nio.file.AccessDeniedException if the file may not be opened for this access
     * @throws FileSystemException if it is not a regular file, contains more bytes than its size (as files in
     *     {@code /proc} do), or cannot be mapped
     */
    public static MappedFile open(Path path, Access access) throws IOException {
        return open(path, access, Mapper.ofThisJvm());
    }

    /** Maps an existing file with a given mapper. */
    static MappedFile open(Path path, Access access, Mapper mapper) throws IOException {
        Objects.requireNonNull(access, "access");
        // Before the file is opened: opening a named pipe would block until its other end is opened.
        FileIdentity before = FileIdentity.of(path);
        try (FileChannel channel = FileChannel.open(path, options(access))) {
            return map(channel, before, access, mapper);
        }
    }

    /**
     * Creates a file of {@code size} bytes, all zero, and maps it for reading and writing: a download target.
     *
     * <p>The zeros are actually written, so that a full disk causes an {@code IOException} here. In a sparse file it
     * would cause a fault at the first access to a page, which ends the JVM if it happens in native code.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the path exists
     * @throws IOException if the file cannot be created, filled or mapped; it is deleted then
     */
    public static MappedFile create(Path path, long size) throws IOException {
        return create(path, size, Mapper.ofThisJvm());
    }

    /** Creates and maps a file with a given mapper. */
    static MappedFile create(Path path, long size, Mapper mapper) throws IOException {
        if (size < 0) {
            throw new IllegalArgumentException("a file's size must be 0 or more; got " + size);
        }
        try (FileChannel channel = FileChannel.open(
                path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW))) {
            try {
                fillWithZeros(channel, path, size);
                return map(channel, FileIdentity.of(path), Access.READ_WRITE, mapper);
            } catch (IOException | RuntimeException | Error e) {
                Files.deleteIfExists(path);
                throw e;
            }
        }
    }

    private static Set<OpenOption> options(Access access) {
        return access == Access.READ_ONLY
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static void fillWithZeros(FileChannel channel, Path path, long size) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(size, ZEROS));
        for (long at = 0; at < size; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
            try {
                at += channel.write(zeros, at);
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                throw failed(
                        path, "cannot be filled with " + size + " zero bytes, only " + at + ": " + e.getMessage(), e);
            }
        }
    }

    private static MappedFile map(FileChannel channel, FileIdentity before, Access access, Mapper mapper)
            throws IOException {
        Path path = before.path();
        // If the path denotes the same file before and after opening, that file is the one behind the channel.
        FileIdentity identity = FileIdentity.of(path);
        if (!Objects.equals(identity.fileKey(), before.fileKey()) || channel.size() != identity.size()) {
            throw new FileSystemException(
                    path.toString(), null, "was replaced or resized while it was opened; try again");
        }
        identity.requireEnd(channel);
        MapMode mode = access == Access.READ_ONLY ? MapMode.READ_ONLY : MapMode.READ_WRITE;
        try {
            return new MappedFile(identity, access, mapper.map(channel, mode, identity.size()));
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw failed(
                    path,
                    "cannot be mapped, " + identity.size() + " bytes: " + e.getMessage()
                            + " (the limits are address space, 'ulimit -v', and mappings per process, sysctl"
                            + " vm.max_map_count; some file systems cannot map at all: use BlobSource.ofPath there)",
                    e);
        }
    }

    private static FileSystemException failed(Path path, String problem, IOException cause) {
        FileSystemException failed = new FileSystemException(path.toString(), null, problem);
        failed.initCause(cause);
        return failed;
    }

    /** Returns the file's path when it was mapped, or the one that it was {@linkplain #moveTo moved} to. */
    public Path path() {
        return identity.path();
    }

    FileIdentity identity() {
        return identity;
    }

    /** Returns the number of bytes mapped: the file's size when it was mapped. */
    public long size() {
        return identity.size();
    }

    /** Returns the permitted use of the mapping. */
    public Access access() {
        return access;
    }

    /** Returns the whole file as a source. */
    public MappedRegion region() {
        return region(0, size());
    }

    /**
     * Returns a part of the file as a source. Regions do not keep the memory alive, leases do; and they cannot close
     * it.
     *
     * @throws IndexOutOfBoundsException if the part is not inside the file
     */
    public MappedRegion region(long offset, long length) {
        return new MappedRegion(this, offset, length, null);
    }

    /** Returns the number of leases that are open, of all regions. */
    public int leases() {
        return count.leases();
    }

    /**
     * Writes changes made through the mapping to the storage device, as {@link MappedByteBuffer#force()} does.
     *
     * @throws IllegalStateException if closed
     */
    public void force() {
        try (Lease ignored = retain(null)) {
            mapping.roots().forEach(root -> ((MappedByteBuffer) root).force());
        }
    }

    /**
     * Renames the file, and atomically replaces a file that is at the target. The mapping, its regions and leases stay
     * valid; leases taken from now on compare the file at the new path.
     *
     * @param target a path on the same file system
     * @throws SourceChangedException if the file at the path is no longer the one that was mapped; nothing is renamed
     * @throws IOException if the file cannot be renamed
     * @throws IllegalStateException if closed
     */
    public void moveTo(Path target) throws IOException {
        Objects.requireNonNull(target, "target");
        moving.lock();
        try (Lease ignored = retain(null)) {
            checkUnchanged();
            FileIdentity before = identity;
            FileIdentity after = new FileIdentity(target, before.size(), before.modified(), before.fileKey());
            Files.move(before.path(), target, StandardCopyOption.ATOMIC_MOVE);
            identity = after;
        } finally {
            moving.unlock();
        }
    }

    /**
     * Refuses further leases, and unmaps the file as soon as none is open: now, or when the last one is closed. A
     * source that was {@linkplain MappedRegion#retain() retained} before, for example by a transfer, can still be read
     * until it is closed. Never blocks. Idempotent.
     */
    @Override
    public void close() {
        ticket.release();
        if (count.close()) {
            unmap();
        }
    }

    /** Returns whether the memory is unmapped: the file is closed, and no lease is open. */
    public boolean isReleased() {
        return released.getCount() == 0;
    }

    /**
     * Waits until the memory is unmapped: until this file and its last lease are closed.
     *
     * @return false if the timeout elapsed first; {@link #leases()} then returns how many leases are open
     */
    public boolean awaitReleased(Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        return released.await(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
    }

    /** Returns {@code MappedFile[path, size bytes, n leases]}. */
    @Override
    public String toString() {
        return "MappedFile[" + path() + ", " + size() + " bytes, " + leases() + " leases"
                + (count.isClosing() ? ", closed]" : "]");
    }

    // ---- for MappedRegion

    /** Returns a lease that keeps the memory alive and has no buffers. */
    MappedLease retain(@Nullable MappedLease keptBy) {
        hold(keptBy);
        try {
            return new MappedLease(List.of());
        } catch (Throwable e) {
            release();
            throw e;
        }
    }

    /**
     * Leases a part, for reading or writing.
     *
     * @param keptBy the lease whose holder may take further ones even if the file is closed; null if it holds none
     */
    Lease acquire(long offset, long length, boolean writable, @Nullable MappedLease keptBy)
            throws SourceChangedException {
        hold(keptBy); // first: otherwise the roots may be unmapped
        try {
            checkUnchanged();
            return new MappedLease(views(offset, length, writable));
        } catch (Throwable e) {
            release();
            throw e;
        }
    }

    /** Checks the file as {@link #acquire} does, without a lease. */
    void checkUnchanged(@Nullable MappedLease keptBy) throws SourceChangedException {
        hold(keptBy);
        try {
            checkUnchanged();
        } finally {
            release();
        }
    }

    private void checkUnchanged() throws SourceChangedException {
        Optional<String> difference;
        try {
            difference = identity.difference(access == Access.READ_WRITE);
            if (difference.isPresent()) { // or another thread was moving it
                moving.lock();
                try {
                    difference = identity.difference(access == Access.READ_WRITE);
                } finally {
                    moving.unlock();
                }
            }
        } catch (IOException e) {
            throw SourceChangedException.unreadable(path(), e);
        }
        if (difference.isPresent()) {
            throw SourceChangedException.of(path(), difference.get());
        }
    }

    /**
     * Visits a part as {@link io.blobstore.BlobSource#forEachBuffer} does. The memory is kept alive while this method
     * runs, without a lease that could be leaked.
     */
    void visit(long offset, long length, int maxBufferSize, @Nullable MappedLease keptBy, BufferVisitor visitor)
            throws IOException {
        hold(keptBy);
        try {
            checkUnchanged();
            for (long at = offset, end = offset + length; at < end; ) {
                ByteBuffer view = view(at, Math.min(maxBufferSize, end - at)).asReadOnlyBuffer();
                at += view.remaining();
                visitor.visit(view);
            }
            checkUnchanged();
        } finally {
            release();
        }
    }

    private List<ByteBuffer> views(long offset, long length, boolean writable) {
        List<ByteBuffer> views = new ArrayList<>(1);
        for (long at = offset, end = offset + length; at < end; ) {
            ByteBuffer view = view(at, end - at);
            at += view.remaining();
            views.add(writable ? view : view.asReadOnlyBuffer());
        }
        return List.copyOf(views);
    }

    /** Returns the bytes at an offset, at most up to the end of the root in which they start. */
    private ByteBuffer view(long offset, long length) {
        ByteBuffer root = mapping.roots().get((int) (offset / Mapper.ROOT_SIZE));
        int from = (int) (offset % Mapper.ROOT_SIZE);
        return root.slice(from, (int) Math.min(root.limit() - from, length));
    }

    private void hold(@Nullable MappedLease keptBy) {
        boolean kept = keptBy != null && !keptBy.ticket.isReleased();
        if (!(kept ? count.tryAcquireMore() : count.tryAcquire())) {
            throw new IllegalStateException(path() + " is no longer mapped: its MappedFile was closed");
        }
    }

    private void endLease() {
        MappedTotals.released();
        release();
    }

    private void release() {
        if (count.release()) {
            unmap();
        }
    }

    private void unmap() {
        try {
            mapping.unmap();
        } catch (RuntimeException e) {
            // An arena refuses to close while a thread is inside a call with one of its buffers: a buffer used after
            // its lease was closed. Leaving the file mapped is the safe reaction to that mistake.
            LOG.error(
                    "{} stays mapped: its memory is in use without a lease. Use a lease's buffers"
                            + " only until it is closed.",
                    path(),
                    e);
            return;
        }
        MappedTotals.unmapped(size());
        released.countDown();
    }

    final class MappedLease implements Lease {
        private final LeaseTicket ticket;
        /** Cleared on close, so that a reference to a closed lease does not keep the memory reachable. */
        private volatile List<ByteBuffer> buffers;

        private MappedLease(List<ByteBuffer> buffers) {
            this.buffers = buffers;
            this.ticket = LeaseTicket.open(this, "a lease of " + path(), MappedFile.this::endLease);
            MappedTotals.leased();
        }

        @Override
        public List<ByteBuffer> buffers() {
            List<ByteBuffer> leased = buffers; // before the check: it is cleared after the release
            if (ticket.isReleased()) {
                throw new IllegalStateException("this lease of " + path() + " is closed");
            }
            return leased;
        }

        @Override
        public void close() {
            ticket.release();
            buffers = List.of();
        }
    }
}
