package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadResult;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives a range of a blob into the caller's window. Verifies that the response has the requested range before the
 * first byte is read, and computes the checksum while the content arrives. Handles one response with content; others
 * without content may precede it. Not thread-safe.
 *
 * <p>HTTP cannot request an empty range: see {@link #isEmpty}.
 */
final class RangeResponseHandler implements ResponseHandler {
    /** The status of a response with a part of the blob. */
    private static final int PARTIAL = 206;

    private static final Operation OPERATION = Operation.READ;
    private static final String CONTENT_RANGE_FIELD = "Content-Range";
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

    /** What MinIO and fake-gcs-server send when the last bytes of an empty object are requested. */
    private static final String SUFFIX_OF_NOTHING = "bytes 0--1/0";

    private final BlobKey key;
    private final ByteRange range;
    private final BlobTarget.Window target;
    /** The window's remaining bytes when the request was created. */
    private final long room;

    private final Optional<String> whole;
    private final Description description;

    private final CRC32C crc = new CRC32C();
    private long length;
    private long received;

    /** Receives the head of the response, which describes the blob. */
    @FunctionalInterface
    interface Description {
        /**
         * Receives the head before any content is read.
         *
         * @param blobSize the size of the whole blob
         * @param partial whether the status is 206; the range may be the whole blob nevertheless
         * @throws IOException if it is not the wanted blob; then the content is not read
         */
        void take(HttpHeaders headers, long blobSize, boolean partial) throws IOException;
    }

    /**
     * Creates a handler.
     *
     * @param whole the value of the Range field for a request of the whole blob
     */
    RangeResponseHandler(
            BlobKey key, ByteRange range, BlobTarget.Window target, Optional<String> whole, Description description) {
        this.key = key;
        this.range = range;
        this.target = target;
        this.whole = whole;
        this.room = target.remaining();
        this.description = description;
    }

    // ---- the request

    /** Returns whether the range or the window is empty. */
    boolean isEmpty() {
        return range.length() == 0 || room == 0;
    }

    /** Returns the value of the Range field; empty for none, which is usual for the whole blob. */
    Optional<String> field() {
        long max = Math.min(range.length(), room);
        return switch (range.kind()) {
            case EXACT, AT_MOST -> Optional.of("bytes=" + range.offset() + "-" + (range.offset() + max - 1));
            case SUFFIX -> Optional.of("bytes=-" + max);
            case TO_END -> range.offset() > 0 ? Optional.of("bytes=" + range.offset() + "-") : whole;
        };
    }

    // ---- the response

    @Override
    public Optional<Body> target(int status, HttpHeaders headers) throws IOException {
        long blobSize = status == PARTIAL ? sizeOfRange(headers) : sizeOfWhole(headers);
        ByteRange exact = ByteRanges.resolve(range, key, blobSize, room);
        long expected = exact.length();
        String sent = headers.first("Content-Length").orElse("" + expected);
        if (!sent.equals("" + expected) || (status != PARTIAL && (exact.offset() > 0 || expected != blobSize))) {
            throw notTheRange("it sends " + sent + " bytes with status " + status);
        }
        description.take(headers, blobSize, status == PARTIAL);
        length = expected;
        received = 0;
        crc.reset();
        return Optional.of(new Body(expected, target));
    }

    private long sizeOfRange(HttpHeaders headers) throws BlobStoreException {
        String text = String.join(" and ", new TreeSet<>(headers.all(CONTENT_RANGE_FIELD)));
        if (range.kind() == ByteRange.Kind.SUFFIX && text.equals(SUFFIX_OF_NOTHING)) {
            return 0;
        }
        Matcher matcher = CONTENT_RANGE.matcher(text);
        if (field().isEmpty() || !matcher.matches()) {
            throw notTheRange("Content-Range is '" + text + "'");
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        long size = Long.parseLong(matcher.group(3));
        long max = range.kind() == ByteRange.Kind.TO_END ? Long.MAX_VALUE : Math.min(range.length(), room);
        long wanted = range.kind() == ByteRange.Kind.SUFFIX ? Math.max(0, size - max) : range.offset();
        if (first != wanted || last >= size || last - first + 1 != Math.min(max, size - first)) {
            throw notTheRange("Content-Range is '" + text + "'");
        }
        return size;
    }

    private long sizeOfWhole(HttpHeaders headers) throws BlobStoreException {
        if (headers.first(CONTENT_RANGE_FIELD).isPresent()) {
            throw notTheRange("it has a Content-Range, but not status 206");
        }
        return headers.number("Content-Length").orElseThrow(() -> notTheRange("it has no Content-Length"));
    }

    private BlobStoreException notTheRange(String difference) {
        return new BlobStoreException(
                OPERATION,
                key,
                "the server does not send the range that was requested, " + range + ": " + difference,
                null,
                false);
    }

    @Override
    public void received(ByteBuffer bytes) {
        received += bytes.remaining();
        crc.update(bytes);
    }

    // ---- the result

    /**
     * Returns the exception for a failed read: a {@link PartialReadException} if bytes arrived and the rest can be read
     * later.
     *
     * @param blob the metadata in the head of the response; null if there was none
     */
    BlobStoreException failed(BlobStoreException problem, @Nullable BlobMetadata blob) {
        if (blob == null || received == 0 || received == length || !problem.isRetryable()) {
            return problem;
        }
        return new PartialReadException(
                key,
                ReadResult.of(blob, received, checksum()),
                "only " + received + " of " + length + " bytes arrived: " + ErrorTranslator.message(problem),
                problem);
    }

    /** Returns the number of bytes of a complete response. */
    long length() {
        return length;
    }

    /** Returns the checksum of the bytes that arrived. */
    Crc32c checksum() {
        return new Crc32c((int) crc.getValue());
    }
}
