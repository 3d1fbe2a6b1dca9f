package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.StoredBlob;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.ContentWriter;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts content into the cache after the remote store has it. Whatever fails is logged and counted. Thread-safe. */
final class WriteThrough {
    private static final Logger LOG = LoggerFactory.getLogger(WriteThrough.class);
    /** The number of bytes of a source that are written at a time. */
    static final int WINDOW = 256 * 1024;

    private final BlobStore remote;
    private final ContentCache cache;
    private final VersionRecords records;
    private final Counters counters;
    private final long maxSize;

    WriteThrough(BlobStore remote, ContentCache cache, VersionRecords records, Counters counters, long maxSize) {
        this.remote = remote;
        this.cache = cache;
        this.records = records;
        this.counters = counters;
        this.maxSize = maxSize;
    }

    /** Caches a blob that was stored. */
    void cache(StoredBlob stored, BlobSource content) {
        if (stored.size() > maxSize || content.size() != stored.size()) {
            return;
        }
        try {
            BlobMetadata blob = remote.head(stored.key());
            if (!blob.version().equals(stored.version())) {
                return; // replaced meanwhile
            }
            Written written = write(cache, content);
            if (blob.checksum().orElse(written.checksum).equals(written.checksum)) {
                records.put(new VersionRecord(
                        blob.toBuilder().checksum(Optional.of(written.checksum)).build(), written.content));
                counters.cachedWrites.increment();
            }
        } catch (IOException | RuntimeException e) {
            counters.cacheFailures.increment();
            LOG.warn("'{}' was stored, but not cached", stored.key(), e);
        }
    }

    /** What was written into the cache. */
    record Written(Digest content, Crc32c checksum) {}

    /** Signals that the cache failed, and not the source. */
    static final class CacheFailure extends IOException {
        private static final long serialVersionUID = 1;

        CacheFailure(Exception cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * Writes a source into the cache, and reads it once.
     *
     * @throws CacheFailure if the cache fails
     * @throws IOException if the source fails
     */
    static Written write(ContentCache cache, BlobSource content) throws IOException {
        Sink sink = new Sink(cache, content.size());
        try {
            content.forEachBuffer(WINDOW, sink::write);
            return sink.commit();
        } finally {
            sink.close();
        }
    }

    /** Turns the failures of a writer into {@link CacheFailure}s. */
    private static final class Sink {
        private final ContentWriter writer;
        private Crc32c checksum = Crc32c.EMPTY;

        Sink(ContentCache cache, long size) throws CacheFailure {
            try {
                writer = cache.write(size);
            } catch (IOException | IllegalArgumentException e) {
                throw new CacheFailure(e);
            }
        }

        void write(ByteBuffer buffer) throws CacheFailure {
            checksum = checksum.combine(Crc32c.of(buffer), buffer.remaining());
            try {
                writer.write(buffer);
            } catch (IOException e) {
                throw new CacheFailure(e);
            }
        }

        Written commit() throws CacheFailure {
            try {
                return new Written(writer.commit(), checksum);
            } catch (IOException e) {
                throw new CacheFailure(e);
            }
        }

        void close() {
            try {
                writer.close();
            } catch (IOException e) {
                LOG.warn("Unfinished content could not be removed from the cache", e);
            }
        }
    }
}
