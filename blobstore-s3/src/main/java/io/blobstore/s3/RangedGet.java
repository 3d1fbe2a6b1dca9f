package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.http.BodySink;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One read: a GET with a range, checked against what was asked for, and its content checksummed while it arrives.
 *
 * <p>HTTP has no way to ask for nothing, and none to ask for what begins at the very end. Then HEAD says whether the blob and the
 * version are there, and how large it is.
 */
final class RangedGet implements BodySink {
    private static final String OPERATION = "read";
    private static final int PARTIAL = 206;
    private static final int NOT_SATISFIABLE = 416;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

    private final S3Bucket bucket;
    private final BlobKey key;
    private final ByteRange range;
    private final Optional<BlobVersion> wanted;
    private final ByteBuffer target;

    private final CRC32C crc = new CRC32C();
    private @Nullable BlobMetadata metadata;
    private int length;
    private boolean partial;

    RangedGet(S3Bucket bucket, BlobKey key, ByteRange range, Optional<BlobVersion> wanted, ByteBuffer target) {
        this.bucket = bucket;
        this.key = key;
        this.range = range;
        this.wanted = wanted;
        this.target = target;
    }

    /** Reads, and moves the target's position if that went well. */
    ReadResult run() throws IOException {
        if (range.length() == 0 || !target.hasRemaining()) {
            return readNothing();
        }
        String object = bucket.objectOf(OPERATION, key);
        Map<String, String> fields = new TreeMap<>(bucket.headers().read());
        wanted.ifPresent(
                version -> fields.put(S3Headers.IF_MATCH, VersionTag.of(version).etag()));
        if (asksForRange()) {
            fields.put("Range", rangeField());
        }
        try {
            HttpResponse response =
                    bucket.request(OPERATION, key, () -> bucket.payloads().get(object, fields, this));
            return verified(response.received());
        } catch (BlobStoreException e) {
            if (S3Errors.status(e) == NOT_SATISFIABLE) {
                return readNothing();
            }
            throw e;
        }
    }

    /** A whole blob is asked for without range: an empty one has none. */
    private boolean asksForRange() {
        return range.kind() != ByteRange.Kind.TO_END || range.offset() > 0;
    }

    private String rangeField() {
        if (range.kind() == ByteRange.Kind.TO_END) {
            return "bytes=" + range.offset() + "-";
        }
        long most = Math.min(range.length(), target.remaining());
        return "bytes=" + range.offset() + "-" + (range.offset() + most - 1);
    }

    private ReadResult readNothing() throws IOException {
        BlobMetadata head = bucket.head(OPERATION, key, wanted);
        if (range.resolve(key, head.size(), target.remaining()) > 0) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", null, true);
        }
        return new ReadResult(head, 0, Crc32c.EMPTY);
    }

    // ---- while it arrives

    @Override
    public Optional<ByteBuffer> target(int status, HttpHeaders headers) throws IOException {
        long blobSize = status == PARTIAL ? sizeOfRange(headers) : sizeOfWhole(headers);
        ObjectMetadata object = ObjectMetadata.of(OPERATION, key, new ObjectMetadata.TransportFields(headers), blobSize)
                .requireVersion(OPERATION, wanted);
        int expected = (int) range.resolve(key, blobSize, target.remaining());
        long sent = ObjectMetadata.number(headers.first("Content-Length").orElse("" + expected))
                .orElse(-1L);
        if (sent != expected || (status != PARTIAL && (range.offset() > 0 || expected != blobSize))) {
            throw notTheRange("it sends " + sent + " bytes with status " + status);
        }
        metadata = object.blob();
        length = expected;
        partial = status == PARTIAL;
        crc.reset();
        return Optional.of(target.slice(target.position(), expected));
    }

    private long sizeOfRange(HttpHeaders headers) throws BlobStoreException {
        String text = headers.first("Content-Range").orElse("");
        Matcher matcher = CONTENT_RANGE.matcher(text);
        if (!asksForRange() || !matcher.matches()) {
            throw notTheRange("it says '" + text + "'");
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        long size = Long.parseLong(matcher.group(3));
        long most =
                range.kind() == ByteRange.Kind.TO_END ? Long.MAX_VALUE : Math.min(range.length(), target.remaining());
        if (first != range.offset() || last >= size || last - first + 1 != Math.min(most, size - first)) {
            throw notTheRange("it says '" + text + "'");
        }
        return size;
    }

    private long sizeOfWhole(HttpHeaders headers) throws BlobStoreException {
        return headers.first("Content-Length")
                .flatMap(ObjectMetadata::number)
                .orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, key, "Content-Length"));
    }

    private BlobStoreException notTheRange(String difference) {
        return new BlobStoreException(
                OPERATION,
                key,
                "the server does not send the range that was asked for, " + range + ": " + difference,
                null,
                false);
    }

    @Override
    public void received(ByteBuffer bytes) {
        crc.update(bytes);
    }

    // ---- when it has arrived

    private ReadResult verified(long received) throws IOException {
        BlobMetadata read = metadata;
        if (read == null || received != length) {
            throw new BlobStoreException(OPERATION, key, "the answer ended early", null, true);
        }
        if (partial) {
            read = with(read, length == read.size() ? checksumOfWhole(read) : Optional.empty());
        }
        Crc32c actual = new Crc32c((int) crc.getValue());
        if (length == read.size()
                && read.checksum().filter(stored -> !stored.equals(actual)).isPresent()) {
            throw new IntegrityException(
                    OPERATION,
                    key,
                    "its content has " + actual + ", but was stored with "
                            + read.checksum().get() + "; read again, and if that fails too, store it again",
                    null);
        }
        target.position(target.position() + length);
        return new ReadResult(read, length, actual);
    }

    /** With a range, some servers send no checksum, and some the range's own. Where the range is the whole, HEAD is asked. */
    private Optional<Crc32c> checksumOfWhole(BlobMetadata read) throws IOException {
        if (!bucket.settings().keepsChecksums()) {
            return Optional.empty();
        }
        try {
            return bucket.head(OPERATION, key, Optional.of(read.version())).checksum();
        } catch (PreconditionFailedException | BlobNotFoundException e) {
            throw new BlobStoreException(OPERATION, key, "it was replaced while it was read", e, true);
        }
    }

    private static BlobMetadata with(BlobMetadata read, Optional<Crc32c> checksum) {
        return new BlobMetadata(
                read.key(),
                read.size(),
                read.version(),
                checksum,
                read.contentType(),
                read.userMetadata(),
                read.lastModified());
    }
}
