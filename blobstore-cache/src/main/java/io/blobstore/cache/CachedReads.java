package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.cache.pieces.PieceCache;
import io.blobstore.cas.ContentCache;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves reads from the cache, from a download into it, from pieces, or from the remote store, in this order. Each step
 * continues where the previous one ended. Thread-safe.
 */
final class CachedReads {
    private static final Logger LOG = LoggerFactory.getLogger(CachedReads.class);
    /** How many downloads a read takes part in before it reads by itself: its own, and one after another's failure. */
    private static final int MAX_FILLS = 2;

    private final BlobStore remote;
    private final ContentCache cache;
    private final VersionRecords records;
    private final CurrentVersions versions;
    private final Fills fills;
    private final @Nullable PieceCache pieces;
    private final Counters counters;
    private final long wholeBlobLimit;

    CachedReads(
            BlobStore remote,
            ContentCache cache,
            VersionRecords records,
            CurrentVersions versions,
            Fills fills,
            @Nullable PieceCache pieces,
            Counters counters,
            long wholeBlobLimit) {
        this.remote = remote;
        this.cache = cache;
        this.records = records;
        this.versions = versions;
        this.fills = fills;
        this.pieces = pieces;
        this.counters = counters;
        this.wholeBlobLimit = wholeBlobLimit;
    }

    /** Reads as {@link BlobStore#read} does. */
    ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        Optional<BlobMetadata> found = blob(key, options);
        if (found.isEmpty()) {
            return remote.read(key, range, target, options); // refuses the version
        }
        BlobMetadata blob = found.get();
        ByteRange exact = ByteRanges.resolve(range, key, blob.size(), target.remaining());
        if (exact.length() == 0) {
            return ReadResult.of(blob, 0, Crc32c.EMPTY);
        }
        OneRead read = new OneRead(remote, blob, range, exact, target, options);
        if (blob.size() <= wholeBlobLimit) {
            readWhole(read);
        } else {
            counters.passed.increment();
            if (pieces != null) {
                return readPieces(pieces, read, exact, target);
            }
        }
        try {
            return read.finish();
        } catch (IntegrityException e) {
            if (read.isComplete()) {
                forget(blob); // formats without checksums of their own do not notice
            }
            throw e;
        }
    }

    /** Removes content that is not that of the version, so that the next read downloads it. */
    private void forget(BlobMetadata blob) throws IOException {
        VersionKey version = VersionKey.of(blob);
        Optional<VersionRecord> record = records.find(version);
        if (record.isPresent()) {
            LOG.warn("The cached content of '{}' is damaged, and removed from the cache", blob.key());
            counters.damaged.increment();
            records.remove(version);
            cache.verify(record.get().content()); // removes it, unless the record is to blame
        }
    }

    private ReadResult readPieces(PieceCache cached, OneRead read, ByteRange range, BlobTarget.Window target)
            throws IOException {
        long before = target.remaining();
        try {
            return cached.read(remote, read.blob(), range, target);
        } catch (IntegrityException e) {
            if (target.remaining() != before) {
                throw e;
            }
            counters.fallbacks.increment(); // a part of a blob is not verified
            return read.finish();
        }
    }

    /**
     * Returns the metadata of the blob to read, with a request unless the version is given and known.
     *
     * @return empty if the blob has another version than the given one
     */
    private Optional<BlobMetadata> blob(BlobKey key, ReadOptions options) throws IOException {
        if (options.ifMatch().isPresent()) {
            BlobVersion version = options.ifMatch().get();
            if (versions.mayServe(key, version)) {
                Optional<BlobMetadata> known = known(new VersionKey(key, version));
                if (known.isPresent()) {
                    return known;
                }
            }
        }
        BlobMetadata current = head(key);
        return options.ifMatch().isEmpty() || options.ifMatch().get().equals(current.version())
                ? Optional.of(current)
                : Optional.empty();
    }

    private Optional<BlobMetadata> known(VersionKey version) throws IOException {
        Optional<BlobMetadata> known = fills.blob(version).or(() -> records.described(version));
        return known.isPresent() ? known : records.find(version).map(VersionRecord::blob);
    }

    private BlobMetadata head(BlobKey key) throws IOException {
        long before = versions.now();
        try {
            BlobMetadata blob = remote.head(key);
            observed(blob, before);
            return blob;
        } catch (BlobNotFoundException e) {
            throw new BlobNotFoundException(Operation.READ, key, e);
        }
    }

    /** Begins to download what ranges of a blob need; see {@link CachedBlobStore#prefetch}. */
    Prefetch prefetch(BlobKey key, Function<BlobMetadata, List<ByteRange>> wanted) throws IOException {
        BlobMetadata blob = head(key);
        List<ByteRange> ranges = wanted.apply(blob);
        if (blob.size() <= wholeBlobLimit) {
            return prefetchWhole(blob);
        }
        if (pieces == null) {
            throw new IllegalStateException("'" + key + "' has " + blob.size() + " bytes, more than the "
                    + wholeBlobLimit + " up to which blobs are cached as a whole, and there is no cache of pieces;"
                    + " set maxPieceBytes");
        }
        return new Prefetch(pieces.prefetch(fills.transfers(), remote, blob, ranges));
    }

    private Prefetch prefetchWhole(BlobMetadata blob) throws IOException {
        Optional<VersionRecord> record = records.find(VersionKey.of(blob));
        if (record.isPresent() && cache.contains(record.get().content())) {
            return Prefetch.NOTHING;
        }
        Optional<Fill> fill = fills.join(blob);
        if (fill.isEmpty()) {
            return Prefetch.NOTHING; // another one ended, or there is no room
        }
        return new Prefetch(fill.get());
    }

    /** Notes what the remote store reported, after a request that began at {@code before}. */
    void observed(BlobMetadata blob, long before) {
        versions.observed(blob.key(), blob.version(), before);
        records.describe(blob);
    }

    // ---- whole blobs

    private void readWhole(OneRead read) throws IOException {
        for (int round = 0; round <= MAX_FILLS; round++) {
            if (fromCache(read)) {
                (round == 0 ? counters.hits : counters.misses).increment();
                return;
            }
            if (round == MAX_FILLS) {
                break;
            }
            Optional<Fill> fill = fills.join(read.blob());
            if (fill.isPresent() && !fromFill(fill.get(), read)) {
                break;
            }
            if (read.isComplete()) {
                counters.misses.increment();
                return;
            }
            if (fill.isEmpty() && records.find(VersionKey.of(read.blob())).isEmpty()) {
                break; // not because it is in the cache by now
            }
        }
        counters.misses.increment();
        counters.fallbacks.increment();
    }

    /**
     * Reads from a download.
     *
     * @return whether it makes sense to try another one if the read is not complete
     */
    private static boolean fromFill(Fill fill, OneRead read) throws IOException {
        boolean left = false;
        try {
            FillOutcome outcome = new FillReads(fill).copy(read.at(), read.end(), read.window());
            left = true;
            fill.leave(false);
            if (outcome != FillOutcome.COMPLETE) {
                read.failed(outcome, fill.problem());
            }
            return outcome == FillOutcome.COMPLETE || outcome == FillOutcome.LOST;
        } finally {
            if (!left) {
                fill.leave(true);
            }
        }
    }

    private boolean fromCache(OneRead read) throws IOException {
        VersionKey version = VersionKey.of(read.blob());
        Optional<VersionRecord> record = records.find(version);
        if (record.isEmpty()) {
            return false;
        }
        if (!isOf(record.get().blob(), read.blob())) {
            LOG.warn(
                    "The cache has other content for version {} of '{}' of {}: two stores with one description? It is"
                            + " read again",
                    version.version(),
                    version.key(),
                    remote);
            records.remove(version);
            return false;
        }
        read.verifiedBy(record.get().blob().checksum());
        long before = read.at();
        OptionalLong bytes = OptionalLong.empty();
        try {
            bytes = cache.get(record.get().content(), ByteRange.of(before, read.end() - before), read.window());
        } catch (TargetException e) {
            throw e;
        } catch (IOException | IllegalStateException e) { // the latter if the cache is closed
            if (Interrupts.caused(e)) {
                throw e;
            }
            LOG.warn("The cached content of '{}' cannot be read; it is read from {}", version.key(), remote, e);
            counters.cacheFailures.increment();
        }
        if (bytes.isEmpty() && read.at() > before) {
            counters.damaged.increment();
        }
        return read.isComplete();
    }

    /**
     * Returns whether recorded metadata is that of the content that the store has now: stores in memory number the
     * versions anew in each process.
     */
    private static boolean isOf(BlobMetadata recorded, BlobMetadata current) {
        if (recorded.size() != current.size()) {
            return false;
        }
        boolean comparable =
                recorded.checksum().isPresent() && current.checksum().isPresent();
        return comparable
                ? recorded.checksum().equals(current.checksum())
                : recorded.lastModified().equals(current.lastModified());
    }
}
