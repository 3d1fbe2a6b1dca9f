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

/** Receives a response, into the caller's memory or into a kept body. */
final class ResponseReader {
    /** The maximum size of an error's body that is read. */
    static final int MAX_ERROR_BODY = 64 << 10;

    /**
     * The maximum size of a read: the handler's checksum finds the bytes in the CPU's cache, and for a heap target the
     * JDK copies, and keeps a buffer, of no more than that.
     */
    private static final int WINDOW = 256 << 10;

    /** The maximum number of interim responses before a response. */
    private static final int MAX_INTERIM = 16;

    /** The time limit for the body of a success: a server may work on it, and send a blank now and then. */
    private static final long KEPT_BODY_NANOS = TimeUnit.MINUTES.toNanos(10);

    private static final Logger LOG = LoggerFactory.getLogger(ResponseReader.class);

    private final TransportClock clock;
    private final BufferedInput input;
    private final NetChannel channel;
    private final Duration stall;

    private @Nullable ResponseHead head;
    private int interim;
    private boolean whole;
    private boolean reusable;

    ResponseReader(TransportClock clock, BufferedInput input, NetChannel channel, Duration stall) {
        this.clock = clock;
        this.input = input;
        this.channel = channel;
        this.stall = stall;
    }

    /** What a server has sent while a request is still being sent. */
    enum Heard {
        /** Nothing, or only records of TLS itself. */
        NOTHING,
        /** An interim response. */
        INTERIM,
        /** A final response, or the end of the connection. */
        ANSWER
    }

    /** Returns what the server has sent up to now; blocks only for the rest of a head that has begun. */
    Heard listen() throws IOException {
        Heard heard = Heard.NOTHING;
        while (head == null) {
            int bytes = input.hasBuffered() ? 1 : input.poll();
            if (bytes == 0) {
                return heard;
            }
            if (bytes < 0 || !nextHead(new StallDetector(clock, stall, StallDetector.ANY))) {
                return Heard.ANSWER;
            }
            heard = Heard.INTERIM;
        }
        return Heard.ANSWER;
    }

    /** Reads the next head; returns true if it is an interim one, false if it is final, or there is none. */
    private boolean nextHead(StallDetector watch) throws IOException {
        ResponseHead next = ResponseHead.read(input, watch);
        if (next == null) {
            return false;
        }
        if (next.status() == 101) {
            throw ResponseHead.malformed("it changes to a protocol that nobody asked for");
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
        StallDetector watch = new StallDetector(clock, stall, StallDetector.ANY);
        while (head == null && nextHead(watch)) {
            // interim
        }
        ResponseHead found = head;
        if (found == null) {
            throw new TransportException(Kind.CLOSED, "the server closed the connection without an answer", null);
        }
        return found;
    }

    /**
     * Receives the response.
     *
     * @param requestIsWhole whether all of the request was sent; otherwise a success is a protocol error
     */
    HttpResponse receive(String method, ResponseHandler handler, boolean requestIsWhole) throws IOException {
        ResponseHead found = head();
        long length = found.bodyLength(method);
        boolean success = found.status() / 100 == 2;
        if (success && !requestIsWhole) {
            throw new TransportException(
                    Kind.PROTOCOL, "the server answered " + found.status() + " before it had the whole request", null);
        }
        Optional<ResponseHandler.Body> target =
                success ? handler.target(found.status(), found.headers()) : Optional.empty();
        BodyReader body = BodyReader.of(input, channel, length);
        long received = 0;
        byte[] kept = {};
        if (target.isPresent()) {
            received = fill(target.get(), body, length, handler);
        } else {
            kept = success ? keep(body, length) : keepError(body, length);
        }
        reusable = whole && requestIsWhole && found.keepAlive() && length != ResponseHead.UNKNOWN_LENGTH;
        return new HttpResponse(found.status(), found.headers(), new HttpResponse.Body(kept), received);
    }

    /** Returns whether another request may follow on the connection. */
    boolean endedWell() {
        return reusable && !input.hasBuffered();
    }

    private long fill(ResponseHandler.Body wanted, BodyReader body, long length, ResponseHandler handler)
            throws IOException {
        if (length == ResponseHead.UNKNOWN_LENGTH) {
            throw ResponseHead.malformed("it does not say how long its body is");
        }
        if (length >= 0 && length != wanted.length()) {
            throw ResponseHead.malformed(
                    "its body has " + length + " bytes where " + wanted.length() + " were asked for");
        }
        StallDetector watch = new StallDetector(clock, stall, StallDetector.PAYLOAD);
        for (long left = wanted.length(); left > 0; ) {
            ByteBuffer memory = wanted.target().buffer();
            watch.restart(); // the target's time does not count as the server's
            int bytes = (int) Math.min(memory.remaining(), left);
            fill(memory, bytes, body, handler, watch);
            left -= bytes;
        }
        requireEnd(body, watch, "its body is longer than what was asked for");
        whole = true;
        return wanted.length();
    }

    /** Reads a number of bytes into a buffer, from its position on. */
    private static void fill(
            ByteBuffer target, int length, BodyReader body, ResponseHandler handler, StallDetector watch)
            throws IOException {
        int end = target.position() + length;
        // One view for the whole buffer, as over TLS each record would need another two.
        ByteBuffer view = target.duplicate();
        while (target.position() < end) {
            int at = target.position();
            view.limit(Math.min(at + WINDOW, end));
            int bytes = body.read(view, watch);
            if (bytes < 0) {
                throw ResponseHead.malformed("its body is shorter than what was asked for");
            }
            target.position(at + bytes);
            handler.received(view.limit(at + bytes).position(at));
            view.limit(end).position(at + bytes);
        }
    }

    private byte[] keep(BodyReader body, long length) throws IOException {
        int most = HttpClient.MAX_KEPT_BODY;
        if (length > most) {
            throw ResponseHead.malformed("its body is larger than any that is expected");
        }
        StallDetector watch = new StallDetector(clock, stall, StallDetector.ANY);
        Kept kept = new Kept(length, most);
        long end = clock.nanoTime() + KEPT_BODY_NANOS;
        while (kept.readSome(body, watch)) {
            if (clock.nanoTime() - end > 0) {
                throw new TransportException(Kind.TIMEOUT, "the server's answer does not come to an end", null);
            }
        }
        requireEnd(body, watch, "its body is larger than any that is expected");
        whole = true;
        return kept.bytes();
    }

    /** Keeps what arrives of an error's body in time, and before the connection breaks: the status is enough. */
    private byte[] keepError(BodyReader body, long length) throws IOException {
        StallDetector watch = new StallDetector(clock, stall, Integer.MAX_VALUE); // all of it in the time of one stall
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
            LOG.debug("Of an error's body only {} bytes came", kept.size, e);
        }
        return kept.bytes();
    }

    /** A body on the heap, as far as it has arrived. */
    private static final class Kept {
        private final long length;
        private final int most;
        private byte[] bytes;
        private int size;

        Kept(long length, int most) {
            this.length = length;
            this.most = most;
            bytes = new byte[length >= 0 ? (int) Math.min(length, most) : 4096];
        }

        /** Reads some bytes; returns false at the end, or at the maximum size. */
        boolean readSome(BodyReader body, StallDetector watch) throws IOException {
            if (size == bytes.length) {
                if (size == length || size == most) {
                    return false;
                }
                bytes = Arrays.copyOf(bytes, (int) Math.min(most, 2L * size));
            }
            int read = body.read(ByteBuffer.wrap(bytes, size, bytes.length - size), watch);
            size += Math.max(read, 0);
            return read >= 0;
        }

        byte[] bytes() {
            return Arrays.copyOf(bytes, size);
        }
    }

    private static void requireEnd(BodyReader body, StallDetector watch, String problem) throws IOException {
        if (body.read(ByteBuffer.allocate(1), watch) >= 0) {
            throw ResponseHead.malformed(problem);
        }
    }
}
