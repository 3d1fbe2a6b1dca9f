package io.blobstore.spring;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRange;

/**
 * Responds to a GET or HEAD request with a blob, or the range of it that was requested:
 *
 * <pre>{@code
 * @GetMapping("/images/{name}")
 * void image(@PathVariable String name, HttpServletRequest request, HttpServletResponse response) throws IOException {
 *     BlobResponse.send(new BlobResource(transfers, images, BlobKey.of(name)), request, response);
 * }
 * }</pre>
 *
 * <p>The content is not held in memory: 256 KiB of it are on the heap at a time, and what is prefetched, at most 8 MiB,
 * is in the off-heap memory of the transfer manager.
 */
public final class BlobResponse {
    /** The most bytes on the heap; a smaller range is read with one request of exactly its size. */
    private static final int PIECE = 256 << 10;

    private static final long MAX_READ_AHEAD = 8 << 20;

    /** How often a response is begun for a blob that is replaced before its first bytes are read. */
    private static final int ATTEMPTS = 3;

    private BlobResponse() {}

    /**
     * Sends the response, with the blob's version as its entity tag, and the content headers that were stored with the
     * blob:
     *
     * <ul>
     *   <li>200 with the whole content, also if several ranges are requested, or a range in an unknown syntax;
     *   <li>206 with the requested range, unless {@code If-Range} names another version than the current one;
     *   <li>304 if {@code If-None-Match} or {@code If-Modified-Since} say that the client has the content;
     *   <li>404 if there is no such blob, 405 for other methods than GET and HEAD;
     *   <li>412 if {@code If-Match} or {@code If-Unmodified-Since} exclude the current version;
     *   <li>416 if the range begins beyond the end.
     * </ul>
     *
     * <p>All bytes are of one version. If the whole blob is sent, its checksum is verified before the last bytes.
     *
     * @throws IOException if the store or the client fails. If the response has begun, the container must end the
     *     connection, so that the client notices; it does if this exception reaches it
     */
    public static void send(BlobResource blob, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Objects.requireNonNull(blob, "blob");
        boolean withContent = request.getMethod().equals("GET");
        if (!withContent && !request.getMethod().equals("HEAD")) {
            response.setHeader(HttpHeaders.ALLOW, "GET, HEAD");
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        for (int attempt = 1; ; attempt++) {
            try (BlobReader reader = blob.open(
                    ReaderOptions.builder().maxReadAhead(MAX_READ_AHEAD).build())) {
                send(reader, withContent, request, response);
                return;
            } catch (BlobNotFoundException e) {
                response.sendError(HttpServletResponse.SC_NOT_FOUND);
                return;
            } catch (PreconditionFailedException e) {
                if (response.isCommitted() || attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static void send(
            BlobReader reader, boolean withContent, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        BlobMetadata metadata = reader.metadata();
        RequestConditions conditions = new RequestConditions(request, metadata);
        Optional<HttpRange> requested = withContent && conditions.allowRange() ? range(request) : Optional.empty();
        long size = metadata.size();
        long start = requested.map(range -> range.getRangeStart(size)).orElse(0L);
        RequestConditions.Outcome outcome = conditions.evaluate();
        if (outcome == RequestConditions.Outcome.PRECONDITION_FAILED) {
            response.sendError(HttpServletResponse.SC_PRECONDITION_FAILED);
            return;
        }
        boolean modified = outcome == RequestConditions.Outcome.SEND;
        if (modified && requested.isPresent() && start >= size) {
            response.setHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + size);
            response.sendError(HttpServletResponse.SC_REQUESTED_RANGE_NOT_SATISFIABLE);
            return;
        }
        long length = requested.map(range -> range.getRangeEnd(size) + 1).orElse(size) - start;
        byte[] piece = new byte[modified && withContent ? (int) Math.min(length, PIECE) : 0];
        read(reader, start, piece, piece.length); // before the headers: another version has others
        response.setHeader(HttpHeaders.ETAG, conditions.entityTag());
        response.setDateHeader(
                HttpHeaders.LAST_MODIFIED, metadata.lastModified().toEpochMilli());
        metadata.cacheControl().ifPresent(value -> response.setHeader(HttpHeaders.CACHE_CONTROL, value));
        if (!modified) {
            response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
            return;
        }
        metadata.contentHeaders().forEach(response::setHeader);
        response.setHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
        response.setContentLengthLong(length);
        if (requested.isPresent()) {
            response.setStatus(HttpServletResponse.SC_PARTIAL_CONTENT);
            response.setHeader(HttpHeaders.CONTENT_RANGE, "bytes " + start + "-" + (start + length - 1) + "/" + size);
        }
        if (withContent) {
            copy(reader, start, length, piece, response);
        }
    }

    /** Sends the piece that was read, and then the others. */
    private static void copy(BlobReader reader, long start, long length, byte[] piece, HttpServletResponse response)
            throws IOException {
        long sent = 0;
        int ready = piece.length;
        while (ready > 0) {
            response.getOutputStream().write(piece, 0, ready);
            sent += ready;
            ready = (int) Math.min(piece.length, length - sent);
            read(reader, start + sent, piece, ready);
        }
    }

    /** Fills the beginning of an array. */
    private static void read(BlobReader reader, long position, byte[] piece, int length) throws IOException {
        ByteBuffer target = ByteBuffer.wrap(piece, 0, length);
        reader.position(position);
        while (target.hasRemaining()) {
            if (reader.read(target) < 0) {
                throw new IOException("the blob ended before the size that its metadata says");
            }
        }
    }

    /** Returns the only range that is requested; empty if there are several, or none that is valid. */
    private static Optional<HttpRange> range(HttpServletRequest request) {
        try {
            List<HttpRange> ranges = HttpRange.parseRanges(request.getHeader(HttpHeaders.RANGE));
            return ranges.size() == 1 ? Optional.of(ranges.get(0)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // RFC 9110, section 14.2, allows to ignore it
        }
    }
}
