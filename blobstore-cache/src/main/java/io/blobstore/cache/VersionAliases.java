package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which version of the remote store a blob got that was acknowledged under a version of our own. Reads and conditions
 * may use the latter for as long as the cache keeps the record. Thread-safe.
 */
final class VersionAliases {
    private static final Logger LOG = LoggerFactory.getLogger(VersionAliases.class);
    /** What the versions of acknowledged blobs begin with. */
    private static final String PREFIX = "pending-";

    private static final int MAX_IN_MEMORY = 16_384;

    private final ContentCache cache;
    private final String storeId;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<VersionKey, BlobVersion> toRemote = new Recent<>();
    private final Map<VersionKey, Acknowledged> fromRemote = new Recent<>();

    /** What callers know of a blob since it was acknowledged; it stays so when the blob has been uploaded. */
    private record Acknowledged(BlobVersion version, Instant lastModified) {}

    VersionAliases(ContentCache cache, String storeId) {
        this.cache = cache;
        this.storeId = storeId;
    }

    /** Returns the version of a blob that is acknowledged now. */
    static BlobVersion create(String unique) {
        return new BlobVersion(PREFIX + unique);
    }

    /** Remembers what the remote store calls a version. A failure only means that this process alone knows it. */
    void put(BlobMetadata acknowledged, BlobVersion remote) {
        BlobKey key = acknowledged.key();
        BlobVersion alias = acknowledged.version();
        lock.lock();
        try {
            toRemote.put(new VersionKey(key, alias), remote);
            fromRemote.put(new VersionKey(key, remote), new Acknowledged(alias, acknowledged.lastModified()));
        } finally {
            lock.unlock();
        }
        try {
            cache.putRecord(Keyspace.RAW, recordKey(key, alias), BlobSource.of(encode(remote)));
        } catch (IOException | RuntimeException e) {
            LOG.warn("Version {} of '{}' will be unknown after a restart", alias, key, e);
        }
    }

    private Sha256 recordKey(BlobKey key, BlobVersion alias) {
        return VersionRecord.key("alias of " + storeId, new VersionKey(key, alias));
    }

    /** Returns what the remote store calls a version that a caller gives; the same one if it is the store's. */
    BlobVersion toRemote(BlobKey key, BlobVersion version) throws IOException {
        if (!version.value().startsWith(PREFIX)) {
            return version;
        }
        lock.lock();
        try {
            BlobVersion known = toRemote.get(new VersionKey(key, version));
            if (known != null) {
                return known;
            }
        } finally {
            lock.unlock();
        }
        Optional<ByteBuffer> stored = cache.getRecord(Keyspace.RAW, recordKey(key, version));
        return stored.flatMap(VersionAliases::decode).orElse(version);
    }

    /** Returns a version's value in UTF-8 after the CRC32C of that, in big-endian order. */
    private static ByteBuffer encode(BlobVersion version) {
        ByteBuffer name = StandardCharsets.UTF_8.encode(version.value());
        ByteBuffer record = ByteBuffer.allocate(Integer.BYTES + name.remaining());
        return record.putInt(Crc32c.of(name).value()).put(name).flip();
    }

    /** Decodes a version; empty if the record is damaged. */
    private static Optional<BlobVersion> decode(ByteBuffer record) {
        if (record.remaining() <= Integer.BYTES) {
            return Optional.empty();
        }
        int checksum = record.getInt();
        return Crc32c.of(record).value() == checksum
                ? Optional.of(
                        new BlobVersion(StandardCharsets.UTF_8.decode(record).toString()))
                : Optional.empty();
    }

    /** Returns the version that callers know, given the remote store's. */
    BlobVersion toCaller(BlobKey key, BlobVersion version) {
        return acknowledged(key, version).map(Acknowledged::version).orElse(version);
    }

    /** Returns the time that callers know, given the remote store's. */
    Instant toCaller(BlobKey key, BlobVersion version, Instant lastModified) {
        return acknowledged(key, version).map(Acknowledged::lastModified).orElse(lastModified);
    }

    /** Returns metadata with the version and the time that callers know. */
    BlobMetadata toCaller(BlobMetadata blob) {
        return acknowledged(blob.key(), blob.version())
                .map(known -> blob.toBuilder()
                        .version(known.version())
                        .lastModified(known.lastModified())
                        .build())
                .orElse(blob);
    }

    private Optional<Acknowledged> acknowledged(BlobKey key, BlobVersion version) {
        lock.lock();
        try {
            return Optional.ofNullable(fromRemote.get(new VersionKey(key, version)));
        } finally {
            lock.unlock();
        }
    }

    /** A map that keeps the entries used last. */
    private static final class Recent<V> extends LinkedHashMap<VersionKey, V> {
        private static final long serialVersionUID = 1;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<VersionKey, V> eldest) {
            return size() > MAX_IN_MEMORY;
        }
    }
}
