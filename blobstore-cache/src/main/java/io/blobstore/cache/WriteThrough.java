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

    WriteThrough(
            BlobStore remote, ContentCache cache, VersionRecords records, Counters counters, long maxSize) {
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

    /** Writes a source into the cache, and reads it once. */
    static Written write(ContentCache cache, BlobSource content) throws IOException {
        Checksum checksum = new Checksum();
        try (ContentWriter writer = cache.write(content.size())) {
            content.forEachBuffer(WINDOW, buffer -> {
                checksum.value = checksum.value.combine(Crc32c.of(buffer), buffer.remaining());
                writer.write(buffer);
            });
            return new Written(writer.commit(), checksum.value);
        }
    }

    private static final class Checksum {
        private Crc32c value = Crc32c.EMPTY;
    }
}
