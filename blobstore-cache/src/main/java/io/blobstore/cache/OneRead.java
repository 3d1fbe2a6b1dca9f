package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One read that may begin in the cache and end at the remote store. Not thread-safe. */
final class OneRead {
    private final BlobStore remote;
    private final BlobMetadata blob;
    private final ByteRange range;
    private final ByteRange exact;
    private final BlobTarget.Window target;
    private final ReadOptions options;
    private final MeasuredWindow window;
    private Optional<Crc32c> whole;
    private boolean wrong;
    private boolean retried;
    private @Nullable Throwable failure;

    /**
     * Creates a read that has not begun.
     *
     * @param exact the bytes that the range denotes in the blob
     */
    OneRead(
            BlobStore remote,
            BlobMetadata blob,
            ByteRange range,
            ByteRange exact,
            BlobTarget.Window target,
            ReadOptions options) {
        this.remote = remote;
        this.blob = blob;
        this.range = range;
        this.exact = exact;
        this.target = target;
        this.options = options;
        window = new MeasuredWindow(target);
        whole = blob.checksum();
    }

    BlobMetadata blob() {
        return blob;
    }

    /** Returns the window in which the next bytes are put. */
    MeasuredWindow window() {
        return window;
    }

    /** Returns the offset in the blob of the next byte. */
    long at() {
        return exact.offset() + window.length();
    }

    /** Returns the offset in the blob after the last byte. */
    long end() {
        return exact.offset() + exact.length();
    }

    boolean isComplete() {
        return window.length() == exact.length();
    }

    /** Sets the checksum of the whole blob, if the store reports none. */
    void verifiedBy(Optional<Crc32c> checksum) {
        whole = whole.or(() -> checksum);
    }

    /** Notes that a download into the cache failed, from which bytes may have been read. */
    void failed(FillOutcome outcome, @Nullable Throwable problem) {
        failure = problem;
        wrong |= outcome == FillOutcome.WRONG;
        retried |= problem instanceof BlobStoreException e && e.isRetryable();
    }

    /** Reads the rest from the remote store, if there is one, and returns the result. */
    ReadResult finish() throws IOException {
        if (isComplete()) {
            return verified(ReadResult.of(blob, exact.length(), window.checksum()));
        }
        try {
            return window.length() == 0 ? all() : rest();
        } catch (BlobStoreException e) {
            if (retried && e.isRetryable() && e.attempts() == 1) {
                e.setAttempts(2); // so that a transfer does not repeat what was repeated
            }
            throw e;
        }
    }

    private ReadResult all() throws IOException {
        ReadResult read = remote.read(blob.key(), range, target, options);
        return read.blob().version().equals(blob.version()) ? verified(read) : read;
    }

    private ReadResult rest() throws IOException {
        if (wrong) {
            throw new IntegrityException(
                    Operation.READ,
                    blob.key(),
                    "the store returned content that is not what it reports; read again",
                    failure);
        }
        long done = window.length();
        Crc32c checksum = window.checksum();
        try {
            ReadResult read = remote.read(
                    blob.key(),
                    ByteRange.of(exact.offset() + done, exact.length() - done),
                    target,
                    ReadOptions.ifMatch(blob.version()));
            return verified(
                    ReadResult.of(blob, done + read.length(), checksum.combine(read.checksum(), read.length())));
        } catch (PartialReadException e) {
            ReadResult received = e.received();
            throw partial(done + received.length(), checksum.combine(received.checksum(), received.length()), e);
        } catch (PreconditionFailedException e) {
            if (options.ifMatch().isPresent()) {
                throw e;
            }
            throw partial(done, checksum, e); // the blob was replaced while it was read
        }
    }

    private PartialReadException partial(long bytes, Crc32c checksum, IOException cause) {
        return new PartialReadException(
                blob.key(), ReadResult.of(blob, bytes, checksum), "ended after " + bytes + " bytes", cause);
    }

    private ReadResult verified(ReadResult read) throws IntegrityException {
        if (read.length() == blob.size()) {
            Checksums.requireStored(
                    Operation.READ, blob.toBuilder().checksum(whole).build(), read.checksum());
        }
        return read;
    }
}
