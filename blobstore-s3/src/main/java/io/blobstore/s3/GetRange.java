package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.RangeResponseHandler;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One read: a GET with a range, its content compared with the blob's checksum where it is the whole.
 *
 * <p>HTTP has no way to ask for nothing, and none to ask for what begins at the very end. Then HEAD says whether the
 * blob and the version are there, and how large it is.
 */
final class GetRange {
    private static final Operation OPERATION = Operation.READ;
    private static final int NOT_SATISFIABLE = 416;

    private final S3Context bucket;
    private final BlobKey key;
    private final ByteRange range;
    private final Optional<BlobVersion> wanted;
    private final BlobTarget.Window target;
    private final RangeResponseHandler sink;

    private @Nullable BlobMetadata metadata;
    private boolean partial;

    GetRange(S3Context bucket, BlobKey key, ByteRange range, Optional<BlobVersion> wanted, BlobTarget.Window target) {
        this.bucket = bucket;
        this.key = key;
        this.range = range;
        this.wanted = wanted;
        this.target = target;
        sink = new RangeResponseHandler(key, range, target, this::describe);
    }

    ReadResult run() throws IOException {
        if (sink.wantsNothing()) {
            return readNothing();
        }
        String object = bucket.objectOf(OPERATION, key);
        Map<String, String> fields = new TreeMap<>(bucket.headers().read());
        wanted.ifPresent(
                version -> fields.put(S3Headers.IF_MATCH, VersionTag.of(version).etag()));
        sink.field().ifPresent(value -> fields.put("Range", value));
        try {
            bucket.request(OPERATION, key, () -> bucket.payloads().get(object, fields, sink));
        } catch (BlobStoreException e) {
            if (S3Errors.status(e) == NOT_SATISFIABLE) {
                return readNothing();
            }
            throw sink.failed(e, partial && metadata != null ? with(metadata, Optional.empty()) : metadata);
        }
        return verified();
    }

    private ReadResult readNothing() throws IOException {
        BlobMetadata head = bucket.head(OPERATION, key, wanted);
        if (ByteRanges.resolve(range, key, head.size(), target.remaining()) > 0) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", null, true);
        }
        return ReadResult.of(head, 0, Crc32c.EMPTY);
    }

    private void describe(HttpHeaders headers, long blobSize, boolean partial) throws IOException {
        this.partial = partial;
        metadata = ObjectMetadata.of(OPERATION, key, new ObjectMetadata.TransportFields(headers), blobSize)
                .requireVersion(OPERATION, wanted)
                .blob();
    }

    private ReadResult verified() throws IOException {
        BlobMetadata read = metadata;
        if (read == null) {
            throw new BlobStoreException(OPERATION, key, "the answer has no content", null, true);
        }
        boolean whole = sink.length() == read.size();
        if (partial) {
            read = with(read, whole ? checksumOfWhole(read) : Optional.empty());
        }
        Crc32c actual = sink.checksum();
        if (whole) {
            Checksums.requireStored(OPERATION, read, actual);
        }
        return ReadResult.of(read, sink.length(), actual);
    }

    /**
     * With a range, some servers send the whole's checksum, some the range's own, and some none. Where the range is the
     * whole, the first two are the same; else HEAD is asked.
     */
    private Optional<Crc32c> checksumOfWhole(BlobMetadata read) throws IOException {
        if (read.checksum().isPresent() || !bucket.settings().keepsChecksums()) {
            return read.checksum();
        }
        try {
            return bucket.head(OPERATION, key, Optional.of(read.version())).checksum();
        } catch (PreconditionFailedException | BlobNotFoundException e) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", e, true);
        }
    }

    private static BlobMetadata with(BlobMetadata read, Optional<Crc32c> checksum) {
        return BlobMetadata.builder(read.key(), read.size(), read.version(), read.lastModified())
                .checksum(checksum)
                .contentType(read.contentType())
                .userMetadata(read.userMetadata())
                .build();
    }
}
