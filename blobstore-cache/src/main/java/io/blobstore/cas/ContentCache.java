package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.internal.CacheDirectory;
import io.blobstore.cas.internal.EntryFiles;
import io.blobstore.cas.internal.Index;
import io.blobstore.cas.internal.IndexTotals;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A content-addressed cache in a local directory, in the layout of bazel-remote. Content is verified when it is put,
 * and is read as it was put or not at all: a damaged entry is removed, and is a miss. The least recently used entries
 * are evicted so that all files together, unfinished ones included, never take more than the maximum.
 *
 * <p>Content of 0 bytes is always there and takes no file.
 *
 * <p>Thread-safe. All methods but {@link #close} throw {@link IllegalStateException} once it is closed. A thread that
 * is interrupted while it reads or writes gets an {@link IOException}, such as
 * {@link java.nio.channels.ClosedByInterruptException}, and stays interrupted; other threads are not affected.
 */
public final class ContentCache implements Closeable {
    private final CacheContext context;
    private final ContentReads reads;
    private final ContentPuts puts;
    private final Records records;
    private final Maintenance maintenance;
    private final ContentPins pins;

    private ContentCache(CacheContext context, ContentPins pins) {
        this.context = context;
        this.pins = pins;
        this.reads = new ContentReads(context);
        this.puts = new ContentPuts(context, reads);
        this.records = new Records(context);
        this.maintenance = new Maintenance(context);
    }

    /**
     * Opens the cache of a directory, which is created if it is missing. Entries are listed in the background: they can
     * be read at once. Content that waits to be uploaded is {@linkplain #pins pinned} from the beginning.
     *
     * @throws CacheInUseException if another process has it open
     * @throws CacheDirectoryException if the directory cannot be used
     */
    public static ContentCache open(Path directory, CacheOptions options) throws IOException {
        Objects.requireNonNull(directory, "directory");
        return open(directory, options, EntryFiles.SYSTEM);
    }

    /** Opens a cache whose entries are read and written in a given way. */
    static ContentCache open(Path path, CacheOptions options, EntryFiles files) throws IOException {
        CacheDirectory directory = CacheDirectory.open(path, options);
        try {
            Index index = index(directory, options);
            try {
                ContentPins pins = ContentPins.load(directory.stateDirectory(), index, options.accessMode());
                directory.load(index);
                return new ContentCache(new CacheContext(directory, index, options, files), pins);
            } catch (IOException | RuntimeException | Error e) {
                index.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            directory.close();
            throw e;
        }
    }

    private static Index index(CacheDirectory directory, CacheOptions options) {
        return options.accessMode() == AccessMode.READ_ONLY
                ? new Index(Long.MAX_VALUE, directory.journal(), entry -> {})
                : new Index(
                        options.maxBytes(),
                        directory.journal(),
                        entry -> directory.delete(entry.file()),
                        directory.room(),
                        options.listener());
    }

    /** An operation on the cache while it is open. */
    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T whileOpen(Work<T> work) throws IOException {
        context.enter();
        try {
            return work.run();
        } finally {
            context.leave();
        }
    }

    private <T> T whileWritable(Work<T> work) throws IOException {
        context.requireWritable();
        return whileOpen(work);
    }

    /** Returns whether there is content, and counts that as a use. Does not open its file. */
    public boolean contains(Digest digest) throws IOException {
        return whileOpen(() -> reads.contains(digest));
    }

    /**
     * Returns the size of content in bytes, and counts that as a use; empty if it is not there. Does not open its file;
     * the size of a plain file of another program is only known to be right once it was verified.
     */
    public OptionalLong size(Sha256 sha256) throws IOException {
        return whileOpen(() -> reads.size(sha256));
    }

    /** Returns those digests whose content is not there, in their order, and counts the others as used. */
    public Set<Digest> missing(Collection<Digest> digests) throws IOException {
        return whileOpen(() -> {
            Set<Digest> missing = new LinkedHashSet<>();
            for (Digest digest : digests) {
                if (!reads.contains(digest)) {
                    missing.add(digest);
                }
            }
            return missing;
        });
    }

    /**
     * Puts content, unless it is there. Of concurrent puts of the same content, one reads its source, and the others
     * wait for it.
     *
     * @return whether it was stored; false if it was there
     * @throws DigestMismatchException if the content is not that of the digest; nothing was kept
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the content is larger than the cache
     * @throws IllegalStateException if the cache is open read-only
     */
    public boolean put(Digest digest, BlobSource content) throws IOException {
        return whileWritable(() -> puts.put(digest, content));
    }

    /**
     * Begins to put content that arrives piece by piece, and whose digest is known.
     *
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the content is larger than the cache
     * @throws IllegalStateException if the cache is open read-only
     */
    public ContentWriter write(Digest digest) throws IOException {
        Objects.requireNonNull(digest, "digest");
        return whileWritable(() -> new ContentWriter(context, Optional.of(digest), digest.size()));
    }

    /**
     * Begins to put content that arrives piece by piece, and whose digest is known at the end only.
     *
     * @param expectedSize the size in bytes: other content is refused
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the content is larger than the cache
     * @throws IllegalStateException if the cache is open read-only
     */
    public ContentWriter write(long expectedSize) throws IOException {
        if (expectedSize < 0) {
            throw new IllegalArgumentException("content has 0 bytes or more; got " + expectedSize);
        }
        return whileWritable(() -> new ContentWriter(context, Optional.empty(), expectedSize));
    }

    /**
     * Reads content, or a range of it, if it is there. The target is neither flushed nor closed.
     *
     * <p>Content without checksums that has more than 1 MiB, which is stored as it is, is read as a whole once before
     * anything of it is returned, to compare it with its digest; an interrupt of the thread ends that.
     *
     * @param target receives the bytes; if the content turns out to be damaged, and after a failure, what was put is
     *     undefined
     * @return the number of bytes that were put into the target; empty if the content is not there, or was damaged
     * @throws IndexOutOfBoundsException if the range is not inside the content
     * @throws IllegalArgumentException if the target has no room for all of a range that is not {@link ByteRange#atMost
     *     at most}
     * @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted; the entry stays
     * @throws IOException if the file cannot be read; it stays then
     */
    public OptionalLong get(Digest digest, ByteRange range, BlobTarget.Window target) throws IOException {
        return whileOpen(() -> reads.get(digest, range, target));
    }

    /**
     * Reads into a buffer from its position on, which advances if the content is there, and is unchanged otherwise. See
     * {@link #get(Digest, ByteRange, BlobTarget.Window)}.
     */
    public OptionalLong get(Digest digest, ByteRange range, ByteBuffer target) throws IOException {
        int position = target.position();
        OptionalLong length = OptionalLong.empty();
        try {
            length = get(digest, range, BlobTarget.Window.of(target));
            return length;
        } finally {
            if (length.isEmpty()) {
                target.position(position);
            }
        }
    }

    /** Opens content under a lease: it is not evicted before it is closed. */
    public Optional<CachedContent> open(Digest digest) throws IOException {
        return whileOpen(() -> reads.lease(digest));
    }

    /**
     * Opens content whose size is not known, under a lease. The size of a plain file of another program is only known
     * to be right once it was verified: by a read, or by {@link CachedContent#stored}.
     */
    public Optional<CachedContent> open(Sha256 sha256) throws IOException {
        return whileOpen(() -> reads.lease(sha256));
    }

    /**
     * Removes content, unless it is {@linkplain #pins pinned}. Those who read it go on.
     *
     * @return whether it was removed
     */
    public boolean remove(Digest digest) throws IOException {
        return whileWritable(() -> reads.remove(digest));
    }

    /**
     * Puts a record of up to 64 MiB into a keyspace other than {@link Keyspace#CAS}, in place of the one that was
     * there, in one step. Of a record, only the length of its file is verified when it is read: put a checksum into
     * records that must not be damaged in other ways.
     *
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the record is too large
     * @throws IllegalStateException if the cache is open read-only
     */
    public void putRecord(Keyspace keyspace, Sha256 key, BlobSource content) throws IOException {
        Objects.requireNonNull(key, "key");
        whileWritable(() -> {
            records.put(keyspace, key, content);
            return true;
        });
    }

    /** Reads a record into a new buffer on the heap, from position 0 to the limit. */
    public Optional<ByteBuffer> getRecord(Keyspace keyspace, Sha256 key) throws IOException {
        Objects.requireNonNull(key, "key");
        return whileOpen(() -> records.get(keyspace, key));
    }

    /**
     * Begins to put a record that arrives piece by piece; see {@link #putRecord}.
     *
     * @param size the size in bytes: other content is refused
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the record is too large
     * @throws IllegalStateException if the cache is open read-only
     */
    public RecordWriter writeRecord(Keyspace keyspace, Sha256 key, long size) throws IOException {
        Objects.requireNonNull(key, "key");
        return whileWritable(() -> records.write(keyspace, key, size));
    }

    /** Opens a record under a lease: it is not evicted before it is closed, and stays readable if it is replaced. */
    public Optional<CachedRecord> openRecord(Keyspace keyspace, Sha256 key) throws IOException {
        Objects.requireNonNull(key, "key");
        return whileOpen(() -> records.lease(keyspace, key));
    }

    /**
     * Removes a record.
     *
     * @return whether it was there
     */
    public boolean removeRecord(Keyspace keyspace, Sha256 key) throws IOException {
        Objects.requireNonNull(key, "key");
        return whileWritable(() -> records.remove(keyspace, key));
    }

    /** Returns all entries, the least recently used first. Waits until the directory is listed. */
    public List<CacheEntry> entries() throws IOException {
        return whileOpen(maintenance::entries);
    }

    /**
     * Reads all of an entry, and compares content with its digest. That does not count as a use. A damaged entry is
     * removed, as when it is read; nothing tells whether a record is damaged.
     *
     * @return whether the entry is there, and not damaged
     */
    public boolean verify(CacheEntry entry) throws IOException {
        Objects.requireNonNull(entry, "entry");
        return whileOpen(() -> maintenance.verify(entry));
    }

    /**
     * Reads all of some content and compares it with its digest, as {@link #verify(CacheEntry)} does.
     *
     * @return whether it is there, and not damaged
     */
    public boolean verify(Digest content) throws IOException {
        Objects.requireNonNull(content, "content");
        return ContentReads.isEmpty(content)
                || verify(new CacheEntry(Keyspace.CAS, content.sha256(), content.size(), content.size()));
    }

    /**
     * Evicts the least recently used entries until at most a number of bytes is stored, or all that are left are in use
     * or pinned, and waits until their files are deleted.
     *
     * @return the number of bytes that the evicted entries took on the disk
     * @throws IllegalStateException if the cache is open read-only
     */
    public long evictTo(long bytes) throws IOException {
        return whileWritable(() -> context.index.evictTo(bytes));
    }

    /** Returns the directory of locks, journal and unfinished files, where other components may keep state as well. */
    public Path stateDirectory() {
        return context.directory.stateDirectory();
    }

    /** Returns the files that keep content from being evicted and removed. */
    public ContentPins pins() {
        return pins;
    }

    /** Returns what other processes may do while the cache is open. */
    public AccessMode accessMode() {
        return context.options.accessMode();
    }

    /** Returns the state of the cache. */
    public CacheStats stats() {
        IndexTotals totals = context.index.totals();
        return new CacheStats(
                totals.entries(),
                totals.contentBytes(),
                totals.storedBytes(),
                totals.reservedBytes(),
                totals.doomedBytes(),
                context.options.maxBytes(),
                context.hits.sum(),
                context.misses.sum(),
                totals.evictions(),
                context.corrupt.sum(),
                totals.pinnedBytes(),
                context.directory.isLoading());
    }

    /**
     * Closes the cache: waits for the operations that run, discards content that was not committed, and ends the
     * threads. Open {@link CachedContent} and {@link ContentWriter}s are closed. Idempotent.
     */
    @Override
    public void close() throws IOException {
        context.close();
    }
}
