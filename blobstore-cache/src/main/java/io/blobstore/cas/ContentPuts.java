package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.EntryWriter;
import io.blobstore.cas.internal.SmallCasblob;
import io.blobstore.cas.internal.TemporaryEntry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;

/** Puts content into a cache: of concurrent puts of one key, one works, and the others wait for it. Thread-safe. */
final class ContentPuts {
    private final CacheContext context;
    private final ContentReads reads;
    /** The puts that are working, each with a latch that its end opens. */
    private final ConcurrentMap<EntryKey, CountDownLatch> working = new ConcurrentHashMap<>();

    ContentPuts(CacheContext context, ContentReads reads) {
        this.context = context;
        this.reads = reads;
    }

    boolean put(Digest digest, BlobSource content) throws IOException {
        if (content.size() != digest.size()) {
            throw mismatch(digest, "the source has " + content.size() + " bytes");
        }
        if (digest.size() == 0) {
            if (!ContentReads.isEmpty(digest)) {
                throw mismatch(digest, "it is not the SHA-256 of no bytes");
            }
            return false;
        }
        EntryKey key = ContentReads.key(digest);
        CountDownLatch mine = new CountDownLatch(1);
        for (; ; ) {
            if (reads.contains(digest)) {
                return false;
            }
            CountDownLatch other = working.putIfAbsent(key, mine);
            if (other == null) {
                break;
            }
            await(other);
        }
        try {
            if (reads.contains(digest)) { // it may have been put since it was looked for
                return false;
            }
            store(digest, key, content);
            return true;
        } finally {
            working.remove(key);
            mine.countDown();
        }
    }

    private static void await(CountDownLatch other) throws InterruptedIOException {
        try {
            other.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another thread puts the same content");
        }
    }

    private void store(Digest digest, EntryKey key, BlobSource content) throws IOException {
        if (context.isSmall(digest.size())) {
            storeSmall(digest, key, content);
            return;
        }
        try (RetainedSource retained = content.retain();
                TemporaryEntry file = context.create(Keyspace.CAS, digest.size());
                EntryWriter writer = context.writer(file, digest.size())) {
            long piece;
            for (long at = 0; at < digest.size(); at += piece) {
                piece = Math.min(writer.pieceSize(), digest.size() - at);
                writer.add(retained.slice(at, piece), () -> {});
            }
            require(digest, writer.finish());
            Entry entry = context.publish(file, key, writer.format(), digest.size());
            writer.describe(entry);
            context.index.release(entry);
        }
    }

    /** Stores content that fits one frame: hashed and encoded before the file is created. */
    private void storeSmall(Digest digest, EntryKey key, BlobSource content) throws IOException {
        try (SmallCasblob blob =
                SmallCasblob.of(content, context.options.storageMode() == StorageMode.ZSTD, context.encoders.idle())) {
            require(digest, blob.sha256());
            try (TemporaryEntry file = context.create(Keyspace.CAS, blob.file().remaining())) {
                file.append(blob.file());
                context.index.release(context.publish(file, key, EntryFile.Format.CASBLOB, digest.size()));
            }
        }
    }

    static void require(Digest digest, Sha256 actual) throws DigestMismatchException {
        if (!actual.equals(digest.sha256())) {
            throw mismatch(digest, "the SHA-256 of the content is " + actual.hex());
        }
    }

    static DigestMismatchException mismatch(Digest digest, String problem) {
        return new DigestMismatchException("the content is not that of " + digest + ": " + problem, null);
    }
}
