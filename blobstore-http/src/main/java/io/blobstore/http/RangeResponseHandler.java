package io.blobstore.http;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadResult;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives a range of a blob into a window of the caller: checks that it is the range that was asked for before a byte
 * of it is taken, and adds up its checksum while it arrives. For one request, and for the next after an answer without
 * content. Not thread-safe.
 *
 * <p>HTTP has no way to ask for nothing: see {@link #wantsNothing}.
 */
public final class RangeResponseHandler implements ResponseHandler {
    /** A successful answer's status, if it is a part of the blob. */
    private static final int PARTIAL = 206;

    private static final Operation OPERATION = Operation.READ;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

    private final BlobKey key;
    private final ByteRange range;
    private final BlobTarget.Window target;
    /** Of the window, when the request is made. */
    private final long room;

    private final Description description;

    private final CRC32C crc = new CRC32C();
    private long length;
    private long received;

    /** Takes note of which blob the content belongs to. */
    @FunctionalInterface
    public interface Description {
        /**
         * Called when the head has arrived.
         *
         * @param blobSize of the whole
         * @param partial whether the answer is said to be of a range, which may be all of the blob
         * @throws IOException if it is not the blob that is wanted; the content is not read then
         */
        void take(HttpHeaders headers, long blobSize, boolean partial) throws IOException;
    }

    /** Makes one. */
    public RangeResponseHandler(BlobKey key, ByteRange range, BlobTarget.Window target, Description description) {
        this.key = key;
        this.range = range;
        this.target = target;
        this.room = target.remaining();
        this.description = description;
    }

    // ---- what to ask for

    /** Whether there is nothing to be asked for, as far as is known before. */
    public boolean wantsNothing() {
        return range.length() == 0 || room == 0;
    }

    /** The value of the Range field; none for a whole blob, as an empty one has no range. */
    public Optional<String> field() {
        if (range.kind() != ByteRange.Kind.TO_END) {
            long most = Math.min(range.length(), room);
            return Optional.of("bytes=" + range.offset() + "-" + (range.offset() + most - 1));
        }
        return range.offset() > 0 ? Optional.of("bytes=" + range.offset() + "-") : Optional.empty();
    }

    // ---- while it arrives

    @Override
    public Optional<Body> target(int status, HttpHeaders headers) throws IOException {
        long blobSize = status == PARTIAL ? sizeOfRange(headers) : sizeOfWhole(headers);
        long expected = ByteRanges.resolve(range, key, blobSize, room);
        String sent = headers.first("Content-Length").orElse("" + expected);
        if (!sent.equals("" + expected) || (status != PARTIAL && (range.offset() > 0 || expected != blobSize))) {
            throw notTheRange("it sends " + sent + " bytes with status " + status);
        }
        description.take(headers, blobSize, status == PARTIAL);
        length = expected;
        received = 0;
        crc.reset();
        return Optional.of(new Body(expected, target));
    }

    private long sizeOfRange(HttpHeaders headers) throws BlobStoreException {
        String text = headers.first("Content-Range").orElse("");
        Matcher matcher = CONTENT_RANGE.matcher(text);
        if (field().isEmpty() || !matcher.matches()) {
            throw notTheRange("it says '" + text + "'");
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        long size = Long.parseLong(matcher.group(3));
        long most = range.kind() == ByteRange.Kind.TO_END ? Long.MAX_VALUE : Math.min(range.length(), room);
        if (first != range.offset() || last >= size || last - first + 1 != Math.min(most, size - first)) {
            throw notTheRange("it says '" + text + "'");
        }
        return size;
    }

    private long sizeOfWhole(HttpHeaders headers) throws BlobStoreException {
        return headers.first("Content-Length")
                .filter(HttpSyntax::isNumber)
                .map(Long::parseLong)
                .orElseThrow(() -> notTheRange("it does not say how long it is"));
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
        received += bytes.remaining();
        crc.update(bytes);
    }

    // ---- when it has not arrived

    /**
     * The failure of a read, with what arrived before it, if that is of use.
     *
     * @param blob what the head of the answer said; null if there was none
     */
    public BlobStoreException failed(BlobStoreException problem, @Nullable BlobMetadata blob) {
        if (blob == null || received == 0 || received == length || !problem.isRetryable()) {
            return problem;
        }
        return new PartialReadException(
                key,
                ReadResult.of(blob, received, checksum()),
                "only " + received + " of " + length + " bytes came: " + Failures.message(problem),
                problem);
    }

    // ---- when it has arrived

    /** How many bytes were asked for, and arrived. */
    public long length() {
        return length;
    }

    /** Of the bytes that arrived. */
    public Crc32c checksum() {
        return new Crc32c((int) crc.getValue());
    }
}
