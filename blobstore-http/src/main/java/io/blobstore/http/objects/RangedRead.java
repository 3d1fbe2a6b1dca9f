package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.http.HttpHeaders;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a range with one GET request. Content that is a whole blob is compared with the blob's checksum. If there is
 * none, its length is compared with the size of the blob, which a second request asks for if the response has it only
 * once.
 *
 * <p>HTTP can request neither an empty range nor one that begins at the end of the blob. For these, a HEAD request
 * checks that blob and version exist.
 */
public final class RangedRead {
    private static final Operation OPERATION = Operation.READ;
    private static final int NOT_SATISFIABLE = 416;

    private final ObjectReader objects;
    private final ErrorTranslator errors;
    private final BlobKey key;
    private final ByteRange range;
    private final Optional<BlobVersion> wanted;
    private final BlobTarget.Window target;
    private final RangeResponseHandler handler;

    private @Nullable BlobMetadata metadata;
    private boolean partial;
    /** Whether the response has the size of the blob twice, and they agree. */
    private boolean sizeRepeated;

    /** Creates a read into a window, which can be run once. */
    public RangedRead(
            ObjectReader objects,
            ErrorTranslator errors,
            BlobKey key,
            ByteRange range,
            Optional<BlobVersion> wanted,
            BlobTarget.Window target) {
        this.objects = objects;
        this.errors = errors;
        this.key = key;
        this.range = range;
        this.wanted = wanted;
        this.target = target;
        handler = new RangeResponseHandler(key, range, target, objects.rangeOfWhole(), this::describe);
    }

    /**
     * Sends the request and fills the window.
     *
     * @throws io.blobstore.PartialReadException if only the first bytes of the range arrived
     */
    public ReadResult run() throws IOException {
        if (handler.isEmpty()) {
            return readEmpty();
        }
        try {
            objects.get(key, wanted, handler.field(), handler);
        } catch (BlobStoreException e) {
            if (errors.status(e) == NOT_SATISFIABLE) {
                return readEmpty();
            }
            BlobMetadata blob = metadata;
            throw handler.failed(e, blob == null ? null : withChecksumOfWhole(blob, false));
        }
        return verified();
    }

    private ReadResult readEmpty() throws IOException {
        BlobMetadata head = objects.head(OPERATION, key, wanted);
        if (ByteRanges.resolve(range, key, head.size(), target.remaining()).length() > 0) {
            throw new BlobStoreException(OPERATION, key, "it was replaced during the read", null, true);
        }
        return ReadResult.of(head, 0, Crc32c.EMPTY);
    }

    private void describe(HttpHeaders headers, long blobSize, boolean partialResponse) throws IOException {
        partial = partialResponse;
        metadata = objects.requireVersion(OPERATION, objects.describe(key, headers, blobSize), wanted);
        sizeRepeated =
                ObjectHeaders.repeatsSize(OPERATION, key, headers, objects.sizeField(), blobSize) || partialResponse;
    }

    private ReadResult verified() throws IOException {
        BlobMetadata described = metadata;
        if (described == null) {
            throw new BlobStoreException(OPERATION, key, "the response has no content", null, true);
        }
        boolean whole = handler.length() == described.size();
        BlobMetadata blob = withChecksumOfWhole(described, whole);
        Crc32c actual = handler.checksum();
        if (whole) {
            Checksums.requireStored(OPERATION, blob, actual);
            if (blob.checksum().isEmpty() && !sizeRepeated) {
                requireSize(blob);
            }
        }
        return ReadResult.of(blob, handler.length(), actual);
    }

    /** Requests the size of a blob of which nothing else shows whether the response has all of it. */
    private void requireSize(BlobMetadata blob) throws IOException {
        long size;
        try {
            size = objects.head(OPERATION, key, Optional.of(blob.version())).size();
        } catch (PreconditionFailedException | BlobNotFoundException e) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", e, true);
        }
        if (size != blob.size()) {
            throw new IntegrityException(
                    OPERATION,
                    key,
                    "the response has " + blob.size() + " bytes, but the blob has " + size + "; read again",
                    null);
        }
    }

    private BlobMetadata withChecksumOfWhole(BlobMetadata blob, boolean whole) throws IOException {
        if (!partial) {
            return blob;
        }
        return blob.toBuilder().checksum(objects.checksumOfPartial(blob, whole)).build();
    }
}
