package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Receives a response, either into the caller's memory or into a body on the heap. */
final class ResponseReader {
    /** The maximum size of an error's body that is read. */
    static final int MAX_ERROR_BODY = 64 << 10;

    /**
     * The maximum size of a read: the bytes are still in the CPU's cache when the handler computes their checksum, and
     * the JDK's temporary buffer for a heap target is no larger.
     */
    private static final int WINDOW = 256 << 10;

    /** The maximum number of interim responses before the final one. */
    private static final int MAX_INTERIM = 16;

    /** The time limit for the body of a success: a server may still be working, and send white space meanwhile. */
    private static final long KEPT_BODY_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** How many times the time limit of a slow answer its whole body may take. */
    static final int SLOW_BODY_FACTOR = 6;

    private static final Logger LOG = LoggerFactory.getLogger(ResponseReader.class);

    private final TransportClock clock;
    private final BufferedInput input;
    private final NetChannel channel;
    private final Duration stall;
    /** How long the server may be silent before the head, and during a body that is kept. */
    private final Duration silence;
    /** The bytes of a body that is kept which show progress. */
    private final int enough;
    /** The time limit for a body that is kept, in nanoseconds. */
    private final long keptBodyNanos;

    private @Nullable ResponseHead head;
    private int interim;
    private boolean whole;
    private boolean reusable;

    /**
     * Creates a reader of one response.
     *
     * @param slow how long the server may be silent if its answer takes as long as its work; empty for the stall
     *     timeout
     */
    ResponseReader(
            TransportClock clock, BufferedInput input, NetChannel channel, Duration stall, Optional<Duration> slow) {
        this.clock = clock;
        this.input = input;
        this.channel = channel;
        this.stall = stall;
        silence = slow.orElse(stall);
        enough = slow.isPresent() ? StallDetector.ANY : StallDetector.PAYLOAD;
        keptBodyNanos = slow.map(limit -> TimeUnit.NANOSECONDS.convert(limit.multipliedBy(SLOW_BODY_FACTOR)))
                .orElse(KEPT_BODY_NANOS);
    }

    /** What the server has sent while the request is still being sent. */
    enum EarlyResponse {
        /** Nothing, or only records of TLS itself. */
        NONE,
        /** An interim response. */
        INTERIM,
        /** A final response, or the end of the connection. */
        FINAL
    }

    /** Returns what the server has sent so far; blocks only for the rest of a head that has begun. */
    EarlyResponse poll() throws IOException {
        EarlyResponse early = EarlyResponse.NONE;
        while (head == null) {
            int bytes = input.hasBuffered() ? 1 : input.poll();
            if (bytes == 0) {
                return early;
            }
            if (bytes < 0 || !nextHead(new StallDetector(clock, stall, StallDetector.ANY))) {
                return EarlyResponse.FINAL;
            }
            early = EarlyResponse.INTERIM;
        }
        return EarlyResponse.FINAL;
    }

    /** Reads the next head; returns true if it is an interim one, false if it is final, or there is none. */
    private boolean nextHead(StallDetector watch) throws IOException {
        ResponseHead next = ResponseHead.read(input, watch);
        if (next == null) {
            return false;
        }
        if (next.status() == 101) {
            throw ResponseHead.malformed("it switches to a protocol that was not requested");
        }
        if (next.status() >= 200) {
            head = next;
            return false;
        }
        if (++interim > MAX_INTERIM) {
            throw ResponseHead.malformed("it consists of interim responses only");
        }
        watch.restart();
        return true;
    }

    /** Blocks until the final response's head has arrived, and returns it. */
    ResponseHead head() throws IOException {
        StallDetector watch = new StallDetector(clock, silence, StallDetector.ANY);
        while (head == null && nextHead(watch)) {
            // interim
        }
        ResponseHead found = head;
        if (found == null) {
            throw new TransportException(Kind.CLOSED, "the server closed the connection without a response", null);
        }
        return found;
    }

    /**
     * Receives the response.
     *
     * @param requestIsWhole whether the whole request was sent; otherwise a success is a protocol error
     */
    HttpResponse receive(String method, ResponseHandler handler, boolean requestIsWhole) throws IOException {
        ResponseHead found = head();
        long length = found.bodyLength(method);
        boolean success = found.status() / 100 == 2;
        if (success && !requestIsWhole) {
            throw new TransportException(
                    Kind.PROTOCOL,
                    "the server responded with " + found.status() + " before it had the whole request",
                    null);
        }
        Optional<ResponseHandler.Body> target =
                success ? handler.target(found.status(), found.headers()) : Optional.empty();
        BodyReader body = BodyReader.of(input, channel, length);
        long received = 0;
        byte[] kept = {};
        if (target.isPresent()) {
            received = fill(target.get(), body, length, handler);
        } else {
            kept = success ? keep(body, length, handler.maxKept()) : keepError(body, length);
        }
        reusable = whole && requestIsWhole && found.keepAlive() && length != ResponseHead.UNKNOWN_LENGTH;
        return new HttpResponse(found.status(), found.headers(), new HttpResponse.Body(kept), received);
    }

    /** Returns whether another request may be sent over the connection. */
    boolean isReusable() {
        return reusable && !input.hasBuffered();
    }

    private long fill(ResponseHandler.Body wanted, BodyReader body, long length, ResponseHandler handler)
            throws IOException {
        if (length == ResponseHead.UNKNOWN_LENGTH) {
            throw ResponseHead.malformed("the length of its body is unknown");
        }
        if (length >= 0 && (wanted.exact() ? length != wanted.length() : length > wanted.length())) {
            throw ResponseHead.malformed("its body has " + length + " bytes where " + (wanted.exact() ? "" : "at most ")
                    + wanted.length() + " were requested");
        }
        StallDetector watch = new StallDetector(clock, stall, StallDetector.PAYLOAD);
        for (long left = wanted.length(); left > 0; ) {
            ByteBuffer memory = wanted.target().buffer();
            watch.restart(); // the time that the target takes is not the server's
            int bytes = (int) Math.min(memory.remaining(), left);
            int arrived = fill(memory, bytes, body, handler, watch);
            left -= arrived;
            if (arrived < bytes && wanted.exact()) {
                throw ResponseHead.malformed("its body is shorter than requested");
            }
            if (arrived < bytes) {
                whole = true;
                return wanted.length() - left;
            }
        }
        requireEnd(body, watch, "its body is longer than requested");
        whole = true;
        return wanted.length();
    }

    /** Reads a number of bytes into a buffer, from its position on. Returns fewer at the end of the body only. */
    private static int fill(
            ByteBuffer target, int length, BodyReader body, ResponseHandler handler, StallDetector watch)
            throws IOException {
        int start = target.position();
        int end = start + length;
        // One view for the whole buffer: over TLS, each record would need two more otherwise.
        ByteBuffer view = target.duplicate();
        while (target.position() < end) {
            int at = target.position();
            view.limit(Math.min(at + WINDOW, end));
            int bytes = body.read(view, watch);
            if (bytes < 0) {
                break;
            }
            target.position(at + bytes);
            handler.received(view.limit(at + bytes).position(at));
            view.limit(end).position(at + bytes);
        }
        return target.position() - start;
    }

    /**
     * Keeps the body of a success. It must arrive as fast as payload, so that a server cannot hold the caller for as
     * long as it sends a byte now and then; but in a slow answer, any byte shows that the server is still working.
     */
    private byte[] keep(BodyReader body, long length, int max) throws IOException {
        String tooLarge = "its body is larger than " + max + " bytes";
        if (length > max) {
            throw ResponseHead.malformed(tooLarge);
        }
        StallDetector watch = new StallDetector(clock, silence, enough);
        Kept kept = new Kept(length, max);
        long end = clock.nanoTime() + keptBodyNanos;
        while (kept.readSome(body, watch)) {
            if (clock.nanoTime() - end > 0) {
                throw new TransportException(
                        Kind.TIMEOUT,
                        "the server's response does not end within " + TimeUnit.NANOSECONDS.toSeconds(keptBodyNanos)
                                + " s",
                        null);
            }
        }
        requireEnd(body, watch, tooLarge);
        whole = true;
        return kept.bytes();
    }

    /** Keeps the part of an error's body that arrives in time, before the connection breaks: the status is enough. */
    private byte[] keepError(BodyReader body, long length) throws IOException {
        StallDetector watch = new StallDetector(
                clock, stall, Integer.MAX_VALUE); // the whole body must arrive within one stall timeout
        Kept kept = new Kept(length, MAX_ERROR_BODY);
        try {
            boolean more = true;
            while (more) {
                more = kept.readSome(body, watch);
            }
            whole = kept.size < MAX_ERROR_BODY; // otherwise the rest is not read
        } catch (TransportException e) {
            if (e.kind() != Kind.TIMEOUT && e.kind() != Kind.CLOSED) {
                throw e;
            }
            LOG.debug("Only {} bytes of an error's body arrived", kept.size, e);
        }
        return kept.bytes();
    }

    /**
     * The bytes of a body that have arrived, on the heap. Memory grows with what arrives, not with the length that a
     * head announces.
     */
    private static final class Kept {
        private static final int FIRST = 4096;

        /** The length that the head announces, at most the maximum; the maximum if it announces none. */
        private final int limit;

        private byte[] bytes;
        private int size;

        Kept(long length, int max) {
            limit = length < 0 ? max : (int) Math.min(length, max);
            bytes = new byte[Math.min(FIRST, limit)];
        }

        /** Reads some bytes; returns false at the end of the body, or at the limit. */
        boolean readSome(BodyReader body, StallDetector watch) throws IOException {
            if (size == limit) {
                return false;
            }
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(limit, 2L * size));
            }
            int read = body.read(ByteBuffer.wrap(bytes, size, bytes.length - size), watch);
            size += Math.max(read, 0);
            return read >= 0;
        }

        byte[] bytes() {
            return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
        }
    }

    private static void requireEnd(BodyReader body, StallDetector watch, String problem) throws IOException {
        if (body.read(ByteBuffer.allocate(1), watch) >= 0) {
            throw ResponseHead.malformed(problem);
        }
    }
}
