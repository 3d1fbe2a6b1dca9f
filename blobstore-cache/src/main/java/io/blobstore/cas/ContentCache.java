package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** A content-addressed cache in a local directory. Thread-safe. */
public final class ContentCache implements Closeable {
    private ContentCache() {}

    /**
     * Opens the cache of a directory, which is created if it is missing.
     *
     * @throws CacheInUseException if another process has it open
     * @throws CacheDirectoryException if the directory cannot be used
     */
    public static ContentCache open(Path directory, CacheOptions options) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns whether there is content, and counts that as a use. */
    public boolean contains(Digest digest) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns those digests whose content is not there, and counts the others as used. */
    public Set<Digest> missing(Collection<Digest> digests) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Puts content, unless it is there.
     *
     * @return whether it was stored; false if it was there
     * @throws DigestMismatchException if the content is not that of the digest; nothing was kept
     * @throws CacheFullException if there is no room
     * @throws IllegalArgumentException if the content is larger than the cache
     */
    public boolean put(Digest digest, BlobSource content) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Begins to put content that arrives piece by piece, and whose digest is known. */
    public ContentWriter write(Digest digest) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins to put content that arrives piece by piece, and whose digest is known at the end only.
     *
     * @param expectedSize the size in bytes
     */
    public ContentWriter write(long expectedSize) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads content, or a range of it, if it is there.
     *
     * @return the number of bytes that were put into the target; empty if the content is not there, or was damaged
     */
    public OptionalLong get(Digest digest, ByteRange range, BlobTarget.Window target) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Reads into a buffer from its position on, which advances; see the other method. */
    public OptionalLong get(Digest digest, ByteRange range, ByteBuffer target) throws IOException {
        return get(digest, range, BlobTarget.Window.of(target));
    }

    /** Opens content under a lease: it is not evicted before it is closed. */
    public Optional<CachedContent> open(Digest digest) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Removes content. */
    public boolean remove(Digest digest) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Puts a record of up to 64 MiB into a keyspace other than {@link Keyspace#CAS}, instead of the one that was there. */
    public void putRecord(Keyspace keyspace, Sha256 key, BlobSource content) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Reads a record into a new buffer, at position 0. */
    public Optional<ByteBuffer> getRecord(Keyspace keyspace, Sha256 key) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Removes a record. */
    public boolean removeRecord(Keyspace keyspace, Sha256 key) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns the directory of locks, journal and unfinished files, where other components may keep state as well. */
    public Path stateDirectory() {
        throw new UnsupportedOperationException();
    }

    /** Returns the state of the cache. */
    public CacheStats stats() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
