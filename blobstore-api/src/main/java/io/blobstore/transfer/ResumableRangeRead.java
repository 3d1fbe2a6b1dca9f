package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads one range of a blob into a target. A failed attempt keeps the bytes that arrived; the next one requests the
 * rest, of the same version. Not thread-safe.
 */
final class ResumableRangeRead {
    private final BlobStore store;
    private final BlobKey key;
    private final BlobTarget.Writer target;
    /** The offset in the blob of the target's first byte; of a suffix, known after the first response. */
    private long base;
    /** The offset of this range in the target. */
    private final long offset;

    private ReadOptions options;
    private @Nullable BlobMetadata blob;
    private long done;
    private Crc32c checksum = Crc32c.EMPTY;

    ResumableRangeRead(
            BlobStore store, BlobKey key, ReadOptions options, BlobTarget.Writer target, long base, long offset) {
        this.store = store;
        this.key = key;
        this.options = options;
        this.target = target;
        this.base = base;
        this.offset = offset;
    }

    /** Returns the blob as of the last response; empty before the first one. */
    Optional<BlobMetadata> blob() {
        return Optional.ofNullable(blob);
    }

    /** Returns the number of bytes that have arrived. */
    long done() {
        return done;
    }

    /** Returns the checksum of the bytes that have arrived. */
    Crc32c checksum() {
        return checksum;
    }

    /**
     * Reads a range of a blob whose size is not known yet.
     *
     * @param room the size of the window for it
     */
    void begin(ByteRange range, long room) throws IOException {
        try {
            read(range, room);
        } finally {
            if (blob != null && range.kind() == ByteRange.Kind.SUFFIX) {
                base = Math.max(0, blob.size() - range.length());
            }
        }
    }

    /** Reads the bytes of an exact range that have not arrived yet. */
    void finish(long length) throws IOException {
        long missing = length - done;
        if (missing > 0) {
            read(ByteRange.of(base + offset + done, missing), missing);
        }
        if (done < length) {
            throw broken("returned " + (missing - (length - done)) + " bytes instead of " + missing);
        }
        if (done > length) {
            throw broken("returned " + done + " bytes although it reported " + length);
        }
    }

    private void read(ByteRange range, long room) throws IOException {
        try (BlobTarget.Window window = target.window(offset + done, room)) {
            try {
                arrived(store.read(key, range, window, options), window, room);
            } catch (PartialReadException e) {
                arrived(e.received(), window, room);
                throw e;
            }
        }
    }

    private void arrived(ReadResult read, BlobTarget.Window window, long room) throws IOException {
        long filled = room - window.remaining();
        if (read.length() != filled) {
            throw broken("reported " + read.length() + " bytes, but put " + filled + " into the target");
        }
        BlobVersion version = read.blob().version();
        if (!options.ifMatch().orElse(version).equals(version)) {
            throw new PreconditionFailedException(
                    Operation.READ,
                    key,
                    "the store returned version " + version + " instead of "
                            + options.ifMatch().get(),
                    null);
        }
        requireSize(read.blob(), blob);
        window.flush();
        blob = read.blob();
        options = ReadOptions.ifMatch(version);
        checksum = checksum.combine(read.checksum(), read.length());
        done += read.length();
    }

    /** Checks that the responses to this read report the same size as another response for this version. */
    void requireSizeOf(BlobMetadata known) throws BlobStoreException {
        requireSize(known, blob);
    }

    private void requireSize(BlobMetadata one, @Nullable BlobMetadata other) throws BlobStoreException {
        if (other != null && one.size() != other.size()) {
            throw twoSizes(key, one.size(), other.size());
        }
    }

    /** Returns the exception for responses that contradict each other. */
    static BlobStoreException twoSizes(BlobKey key, long one, long other) {
        return new BlobStoreException(
                Operation.READ,
                key,
                "the store reports two sizes for one version of the blob, " + one + " and " + other + " bytes",
                null,
                false);
    }

    private BlobStoreException broken(String problem) {
        return new BlobStoreException(Operation.READ, key, "the store " + problem, null, false);
    }
}
