package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheContext.OpenEntry;
import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.TemporaryEntry;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The records of a cache: small files under keys that do not depend on their content. Thread-safe. */
final class Records {
    static final int MAX_SIZE = 64 << 20;
    private static final int PIECE = 128 << 10;

    private final CacheContext context;

    Records(CacheContext context) {
        this.context = context;
    }

    private static EntryKey key(Keyspace keyspace, Sha256 key) {
        if (keyspace == Keyspace.CAS) {
            throw new IllegalArgumentException("content is put under its digest; records are in the other keyspaces");
        }
        return new EntryKey(keyspace, key);
    }

    void put(Keyspace keyspace, Sha256 hash, BlobSource content) throws IOException {
        EntryKey key = key(keyspace, hash, content.size());
        try (TemporaryEntry file = context.create(keyspace, content.size())) {
            content.forEachBuffer(PIECE, file::append);
            context.index.release(context.publish(file, key, EntryFile.Format.PLAIN, content.size()));
        }
    }

    private static EntryKey key(Keyspace keyspace, Sha256 hash, long size) {
        if (size < 0 || size > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "a record has " + MAX_SIZE + " bytes at most; got " + size + ": put a larger one as content");
        }
        return key(keyspace, hash);
    }

    RecordWriter write(Keyspace keyspace, Sha256 hash, long size) throws IOException {
        EntryKey key = key(keyspace, hash, size);
        return new RecordWriter(context, key, size, context.create(keyspace, size));
    }

    Optional<CachedRecord> lease(Keyspace keyspace, Sha256 hash) throws IOException {
        Optional<OpenEntry> found = context.open(key(keyspace, hash));
        if (found.isEmpty()) {
            context.miss(keyspace);
            return Optional.empty();
        }
        context.hit(keyspace);
        return Optional.of(new CachedRecord(new LeasedEntry(context, found.get())));
    }

    Optional<ByteBuffer> get(Keyspace keyspace, Sha256 hash) throws IOException {
        Optional<OpenEntry> found = context.open(key(keyspace, hash));
        if (found.isEmpty()) {
            context.miss(keyspace);
            return Optional.empty();
        }
        OpenEntry open = found.get();
        try {
            long size = open.reader().contentSize();
            if (size > MAX_SIZE) {
                throw new IOException("the record " + hash.hex() + " has " + size + " bytes, more than " + MAX_SIZE);
            }
            ByteBuffer record = ByteBuffer.allocate((int) size);
            open.reader().read(0, size, BlobTarget.Window.of(record));
            context.hit(keyspace);
            return Optional.of(record.flip());
        } catch (FrameFormatException e) {
            context.damaged(open.entry(), e);
            context.miss(keyspace);
            return Optional.empty();
        } finally {
            context.close(open);
        }
    }

    boolean remove(Keyspace keyspace, Sha256 hash) throws IOException {
        Optional<Entry> found = context.acquire(key(keyspace, hash));
        if (found.isEmpty()) {
            return false;
        }
        try {
            return context.index.remove(found.get());
        } finally {
            context.index.release(found.get());
        }
    }
}
