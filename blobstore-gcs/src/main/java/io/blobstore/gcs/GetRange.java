package io.blobstore.gcs;

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
 * One read: a GET of the XML API with a range, whose answer tells all of the blob's metadata. Its content is compared
 * with the blob's checksum where it is the whole.
 */
final class GetRange {
    private static final Operation OPERATION = Operation.READ;
    private static final int NOT_SATISFIABLE = 416;

    private final GcsContext bucket;
    private final BlobKey key;
    private final ByteRange range;
    private final Optional<BlobVersion> wanted;
    private final BlobTarget.Window target;
    private final RangeResponseHandler sink;

    private @Nullable BlobMetadata metadata;

    GetRange(GcsContext bucket, BlobKey key, ByteRange range, Optional<BlobVersion> wanted, BlobTarget.Window target) {
        this.bucket = bucket;
        this.key = key;
        this.range = range;
        this.wanted = wanted;
        this.target = target;
        sink = new RangeResponseHandler(
                key, range, target, (headers, blobSize, partial) -> describe(headers, blobSize));
    }

    ReadResult run() throws IOException {
        if (sink.wantsNothing()) {
            return readNothing();
        }
        String url = bucket.urls().object(bucket.objectOf(OPERATION, key), Map.of());
        Map<String, String> fields = new TreeMap<>(bucket.settings().keyFields());
        if (wanted.isPresent()) {
            fields.put("x-goog-if-generation-match", wantedGeneration(wanted.get()));
        }
        sink.field().ifPresent(value -> fields.put("Range", value));
        try {
            bucket.request(OPERATION, key, () -> bucket.payloads().get(url, fields, sink));
        } catch (BlobNotFoundException e) {
            throw wanted.isPresent() ? gone(e) : e;
        } catch (BlobStoreException e) {
            if (GcsErrors.status(e) == NOT_SATISFIABLE) {
                return readNothing();
            }
            throw sink.failed(e, metadata);
        }
        return verified();
    }

    private String wantedGeneration(BlobVersion version) throws PreconditionFailedException {
        return ObjectMetadata.generation(version)
                .map(String::valueOf)
                .orElseThrow(() -> new PreconditionFailedException(
                        OPERATION, key, "'" + version + "' is no version of a blob in this store", null));
    }

    private PreconditionFailedException gone(BlobNotFoundException cause) {
        return new PreconditionFailedException(OPERATION, key, "there is no such blob any more", cause);
    }

    /** HTTP has no way to ask for nothing, and none to ask for what begins at the very end. */
    private ReadResult readNothing() throws IOException {
        BlobMetadata head = bucket.head(OPERATION, key, wanted);
        if (ByteRanges.resolve(range, key, head.size(), target.remaining()) > 0) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", null, true);
        }
        return ReadResult.of(head, 0, Crc32c.EMPTY);
    }

    private void describe(HttpHeaders headers, long blobSize) throws IOException {
        Optional<String> coding = headers.first("x-goog-stored-content-encoding")
                .filter(name -> !name.isEmpty() && !name.equals("identity"));
        if (coding.isPresent()) {
            throw new BlobStoreException(
                    OPERATION,
                    key,
                    "it was stored with Content-Encoding '" + coding.get()
                            + "', which the server undoes; store it without, or read it by the SDK",
                    null,
                    false);
        }
        BlobMetadata described = ObjectMetadata.of(OPERATION, key, headers, blobSize);
        if (wanted.isPresent() && !wanted.get().equals(described.version())) {
            throw new PreconditionFailedException(
                    OPERATION, key, "its version is " + described.version() + " and not " + wanted.get(), null);
        }
        metadata = described;
    }

    private ReadResult verified() throws IOException {
        BlobMetadata read = metadata;
        if (read == null) {
            throw new BlobStoreException(OPERATION, key, "the answer has no content", null, true);
        }
        Crc32c actual = sink.checksum();
        if (sink.length() == read.size()) {
            Checksums.requireStored(OPERATION, read, actual);
        }
        return ReadResult.of(read, sink.length(), actual);
    }
}
