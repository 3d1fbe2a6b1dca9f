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
 * One stretch of a blob on its way into a target. A try that fails keeps what had arrived; the next one asks for the
 * rest, of the same version. For one thread.
 */
final class ResumableRangeRead {
    private final BlobStore store;
    private final BlobKey key;
    private final BlobTarget.Writer target;
    /** Where in the blob the target's first byte is. */
    private final long base;
    /** Where in the target this stretch is. */
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

    /** The blob, as the last request saw it; empty before the first answer. */
    Optional<BlobMetadata> blob() {
        return Optional.ofNullable(blob);
    }

    /** How many bytes have arrived. */
    long done() {
        return done;
    }

    /** Of the bytes that have arrived. */
    Crc32c checksum() {
        return checksum;
    }

    /**
     * Asks for a range of a blob of which nothing is known yet.
     *
     * @param room of the window for it
     */
    void begin(ByteRange range, long room) throws IOException {
        read(range, room);
    }

    /** Asks for what has not arrived yet of an exact stretch. */
    void finish(long length) throws IOException {
        long missing = length - done;
        if (missing > 0) {
            read(ByteRange.of(base + offset + done, missing), missing);
        }
        if (done < length) {
            throw broken("gave " + (missing - (length - done)) + " bytes instead of " + missing);
        }
        if (done > length) {
            throw broken("gave " + done + " bytes of a blob that, it says, has " + length + " there");
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
            throw broken("says it gave " + read.length() + " bytes, but filled " + filled);
        }
        BlobVersion version = read.blob().version();
        if (!options.ifMatch().orElse(version).equals(version)) {
            throw new PreconditionFailedException(
                    Operation.READ,
                    key,
                    "the store gave version " + version + " though "
                            + options.ifMatch().get() + " was asked for",
                    null);
        }
        window.flush();
        blob = read.blob();
        options = ReadOptions.ifMatch(version);
        checksum = checksum.combine(read.checksum(), read.length());
        done += read.length();
    }

    private BlobStoreException broken(String problem) {
        return new BlobStoreException(Operation.READ, key, "the store " + problem, null, false);
    }
}
