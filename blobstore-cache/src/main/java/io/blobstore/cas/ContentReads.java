package io.blobstore.cas;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheContext.OpenEntry;
import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads, finds and removes the content of a cache. Thread-safe. */
final class ContentReads {
    private static final Sha256 EMPTY = Sha256.of(ByteBuffer.allocate(0));

    private final CacheContext context;

    ContentReads(CacheContext context) {
        this.context = context;
    }

    static EntryKey key(Digest digest) {
        return new EntryKey(Keyspace.CAS, digest.sha256());
    }

    /** Returns whether it is the digest of no bytes: always there, and never stored. */
    static boolean isEmpty(Digest digest) {
        return digest.size() == 0 && digest.sha256().equals(EMPTY);
    }

    /**
     * Returns the bytes that a range denotes.
     *
     * @param room what the target can hold
     */
    static ByteRange resolve(ByteRange range, long size, long room) {
        if (range.kind() == ByteRange.Kind.SUFFIX) {
            long bytes = Math.min(range.length(), size);
            return resolve(ByteRange.of(size - bytes, bytes), size, room);
        }
        if (range.offset() > size || (range.kind() == ByteRange.Kind.EXACT && range.length() > size - range.offset())) {
            throw new IndexOutOfBoundsException(range + " is not inside the content, which has " + size + " bytes");
        }
        long available = Math.min(range.length(), size - range.offset());
        if (available > room && range.kind() != ByteRange.Kind.AT_MOST) {
            throw new IllegalArgumentException("the target has room for " + room + " bytes, and " + range + " has "
                    + available + "; use a larger target, or ByteRange.atMost");
        }
        return ByteRange.of(range.offset(), Math.min(available, room));
    }

    boolean contains(Digest digest) throws IOException {
        OptionalLong size = size(digest.sha256());
        return size.isPresent() && size.getAsLong() == digest.size();
    }

    OptionalLong size(Sha256 sha256) throws IOException {
        if (sha256.equals(EMPTY)) {
            return OptionalLong.of(0);
        }
        Optional<Entry> found = context.acquire(new EntryKey(Keyspace.CAS, sha256));
        if (found.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(found.get().contentSize());
        } finally {
            context.index.release(found.get());
        }
    }

    OptionalLong get(Digest digest, ByteRange range, BlobTarget.Window target) throws IOException {
        ByteRange exact = resolve(range, digest.size(), target.remaining());
        if (isEmpty(digest)) {
            context.hit(Keyspace.CAS);
            return OptionalLong.of(0);
        }
        Optional<OpenEntry> found = open(digest);
        if (found.isPresent()) {
            OpenEntry open = found.get();
            try {
                open.reader().read(exact.offset(), exact.offset() + exact.length(), target);
                context.hit(Keyspace.CAS);
                return OptionalLong.of(exact.length());
            } catch (FrameFormatException e) {
                context.damaged(open.entry(), e);
            } finally {
                context.close(open);
            }
        }
        context.miss(Keyspace.CAS);
        return OptionalLong.empty();
    }

    /** Opens content, if it is there and has the right size. */
    private Optional<OpenEntry> open(Digest digest) throws IOException {
        Optional<OpenEntry> found = context.open(key(digest));
        if (found.isEmpty() || found.get().reader().contentSize() == digest.size()) {
            return found;
        }
        OpenEntry open = found.get();
        try {
            // A digest with a wrong size, or a truncated file. A casblob has the size of its name, as it was opened; a
            // plain file has to be read.
            if (open.entry().format() == EntryFile.Format.PLAIN) {
                open.reader().verifyOnce();
            }
        } catch (FrameFormatException e) {
            context.damaged(open.entry(), e);
        } finally {
            context.close(open);
        }
        return Optional.empty();
    }

    Optional<CachedContent> lease(Digest digest) throws IOException {
        if (isEmpty(digest)) {
            context.hit(Keyspace.CAS);
            return Optional.of(new CachedContent(context, digest, null));
        }
        Optional<OpenEntry> found = open(digest);
        if (found.isEmpty()) {
            context.miss(Keyspace.CAS);
            return Optional.empty();
        }
        context.hit(Keyspace.CAS);
        return Optional.of(new CachedContent(context, digest, found.get()));
    }

    /** Opens content whose size is not known. */
    Optional<CachedContent> lease(Sha256 sha256) throws IOException {
        if (sha256.equals(EMPTY)) {
            return lease(new Digest(EMPTY, 0));
        }
        Optional<OpenEntry> found = context.open(new EntryKey(Keyspace.CAS, sha256));
        if (found.isEmpty()) {
            context.miss(Keyspace.CAS);
            return Optional.empty();
        }
        context.hit(Keyspace.CAS);
        Digest digest = new Digest(sha256, found.get().reader().contentSize());
        return Optional.of(new CachedContent(context, digest, found.get()));
    }

    boolean remove(Digest digest) throws IOException {
        Optional<Entry> found = context.acquire(key(digest));
        if (found.isEmpty()) {
            return false;
        }
        try {
            return found.get().contentSize() == digest.size() && context.index.removeUnlessPinned(found.get());
        } finally {
            context.index.release(found.get());
        }
    }
}
