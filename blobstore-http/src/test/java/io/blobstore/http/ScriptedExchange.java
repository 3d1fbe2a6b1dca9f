package io.blobstore.http;

import io.blobstore.Crc32c;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One request that a {@link ScriptedServer} received, and the means to respond to it, correctly or not. The script's
 * thread uses all of it; other threads may read what was received and sent.
 *
 * <p>The request is parsed strictly: a violation of RFC 9112 fails the test when its server is closed.
 */
public final class ScriptedExchange {
    private static final Pattern REQUEST_LINE = Pattern.compile("([A-Z]+) ([\\x21-\\x7e]+) HTTP/1\\.1");
    private static final Pattern FIELD = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\\x21-\\x7e\\x80-\\xff]"
            + "(?:[\\x20-\\x7e\\x80-\\xff\\t]*[\\x21-\\x7e\\x80-\\xff])?)?");
    private static final int MAX_HEAD = 256 << 10;

    private final int connection;
    private final String method;
    private final String target;
    private final HttpHeaders headers;
    private final long bodyLength;

    /** Null after the script has ended, as requests are kept, but not their connections. */
    private @Nullable Streams streams;

    private boolean ended;
    /** Whether a chunked body must still be read; its length is unknown before. */
    private boolean chunksLeft;

    private volatile int status;
    private volatile long bodySent;
    private volatile long bodyReceived;
    private volatile Crc32c bodyChecksum = Crc32c.EMPTY;

    /**
     * The parts of a connection.
     *
     * @param raw the socket itself
     * @param socket the same, or the TLS layer on it
     * @param input of {@code socket}, buffered
     * @param closing counted down when the server is closed
     * @param chunked whether requests may have bodies in chunks
     */
    record Streams(
            Socket raw,
            Socket socket,
            InputStream input,
            OutputStream output,
            CountDownLatch closing,
            boolean chunked) {}

    private ScriptedExchange(int connection, String method, String target, HttpHeaders headers, Streams streams) {
        this.connection = connection;
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.streams = streams;
        this.bodyLength = headers.first("Content-Length").map(Long::parseLong).orElse(0L);
        this.chunksLeft = headers.first("Transfer-Encoding").isPresent();
    }

    /** Reads the request line and the header; returns empty if the client has closed the connection. */
    static Optional<ScriptedExchange> read(int connection, Streams streams) throws IOException {
        String first = line(streams.input());
        if (first == null) {
            return Optional.empty();
        }
        Matcher request = REQUEST_LINE.matcher(first);
        require(request.matches(), "request line: " + first);
        HttpHeaders.Builder builder = HttpHeaders.builder();
        for (String line = line(streams.input()); ; line = line(streams.input())) {
            if (line == null) {
                throw new EOFException("in the head");
            }
            if (line.isEmpty()) {
                break;
            }
            Matcher field = FIELD.matcher(line);
            require(field.matches(), "header field: " + line);
            builder.add(field.group(1), field.group(2) == null ? "" : field.group(2));
        }
        HttpHeaders headers = builder.build();
        require(headers.all("Host").size() == 1, "a request has one Host field");
        require(headers.all("Content-Length").size() <= 1, "a request has at most one Content-Length field");
        List<String> codings = headers.all("Transfer-Encoding");
        require(
                codings.isEmpty() || (streams.chunked() && codings.equals(List.of("chunked"))),
                "a request has no Transfer-Encoding field");
        String method = request.group(1);
        require(
                !(method.equals("PUT") || method.equals("POST"))
                        || !codings.isEmpty()
                        || headers.first("Content-Length").isPresent(),
                method + " has a Content-Length field, also without a body"); // some gateways respond 411
        return Optional.of(new ScriptedExchange(connection, method, request.group(2), headers, streams));
    }

    private static String line(InputStream input) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = input.read(); ; b = input.read()) {
            if (b < 0) {
                if (line.size() > 0) {
                    throw new EOFException("in a line");
                }
                return null;
            }
            if (b == '\r') {
                require(input.read() == '\n', "a line ends with CR LF");
                return line.toString(StandardCharsets.ISO_8859_1);
            }
            require(b != '\n' && line.size() < MAX_HEAD, "a bare LF, or a line without end");
            line.write(b);
        }
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError("the client violated HTTP/1.1: " + what);
        }
    }

    // ---- the request

    /** Returns the number of the connection that the request came on, from 0. */
    public int connection() {
        return connection;
    }

    /** Returns the request's method. */
    public String method() {
        return method;
    }

    /** Returns the request's target as it was sent: path and query. */
    public String target() {
        return target;
    }

    /** Returns the path as it was sent. */
    public String path() {
        return target.replaceFirst("\\?.*", "");
    }

    /** Returns the request's header fields. */
    public HttpHeaders headers() {
        return headers;
    }

    /** Returns the first value of a header field of the request. */
    public Optional<String> header(String name) {
        return headers.first(name);
    }

    /** Returns the value of Content-Length; 0 without that field. */
    public long bodyLength() {
        return bodyLength;
    }

    /** Returns the number of bytes of the body read so far, without the framing of chunks. */
    public long bodyReceived() {
        return bodyReceived;
    }

    /** Returns the CRC32C of the bytes of the body read so far. */
    public Crc32c bodyChecksum() {
        return bodyChecksum;
    }

    /** Returns the number of bytes that can be read without blocking: a lower bound of what the client has sent. */
    public int available() throws IOException {
        return streams().input().available();
    }

    /** Reads the rest of the body and returns it. */
    public byte[] readBody() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(Math.toIntExact(bodyLength - bodyReceived));
        if (chunksLeft) {
            readChunks(body);
        } else {
            read(bodyLength - bodyReceived, body);
        }
        return body.toByteArray();
    }

    private void readChunks(OutputStream target) throws IOException {
        int length;
        do {
            length = Integer.parseInt(requiredLine().replaceFirst(";.*", ""), 16);
            transfer(length, target);
            // Trailers, which are ignored, follow the last chunk.
            for (String line = requiredLine(); !line.isEmpty(); line = requiredLine()) {
                require(length == 0, "a chunk is longer than its size");
            }
        } while (length > 0);
        chunksLeft = false;
    }

    private String requiredLine() throws IOException {
        String line = line(streams().input());
        if (line == null) {
            throw new EOFException("in a chunk");
        }
        return line;
    }

    /** Reads the rest of the body and keeps its length and checksum only. */
    public void discardBody() throws IOException {
        discardBody(bodyLength - bodyReceived);
    }

    /** Reads the next bytes of the body and keeps their checksum only. */
    public void discardBody(long bytes) throws IOException {
        read(bytes, OutputStream.nullOutputStream());
    }

    private void read(long bytes, OutputStream target) throws IOException {
        if (bytes > bodyLength - bodyReceived) {
            throw new AssertionError("the script wants more of the body than there is");
        }
        transfer(bytes, target);
    }

    private void transfer(long bytes, OutputStream target) throws IOException {
        byte[] window = new byte[(int) Math.min(bytes, 64 << 10)];
        for (long left = bytes; left > 0; ) {
            int read = streams().input().read(window, 0, (int) Math.min(left, window.length));
            if (read < 0) {
                throw new EOFException("the body ended after " + bodyReceived + " of " + bodyLength + " bytes");
            }
            bodyChecksum = bodyChecksum.combine(Crc32c.of(ByteBuffer.wrap(window, 0, read)), read);
            bodyReceived += read;
            left -= read;
            target.write(window, 0, read);
        }
    }

    /**
     * Blocks until the client ends the connection in any way.
     *
     * @return the number of bytes that the client sent meanwhile
     */
    public long awaitClientGone() {
        ended = true;
        long bytes = 0;
        byte[] window = new byte[64 << 10];
        try {
            for (int read = 0; read >= 0; read = streams().input().read(window)) {
                bytes += read;
            }
        } catch (IOException reset) {
            // the client has reset the connection
        }
        return bytes;
    }

    // ---- the response

    /** Returns the status of the last response; 0 before the first. */
    public int status() {
        return status;
    }

    /** Returns the number of bytes of response bodies sent. */
    public long bodySent() {
        return bodySent;
    }

    /** Sends a response, without the body in response to HEAD. */
    public void respond(ScriptedResponse response) throws IOException {
        respond(response, response.body().length);
    }

    /** Sends a response with the first bytes of its body. */
    void respond(ScriptedResponse response, int length) throws IOException {
        status = response.status();
        streams().output().write(response.head());
        if (!method.equals("HEAD")) {
            bodySent += length;
            streams().output().write(response.body(), 0, length);
        }
        streams().output().flush();
    }

    /** Returns the stream to the client, not buffered. */
    public OutputStream output() {
        return streams().output();
    }

    /** Returns the stream from the client, for protocols other than HTTP. */
    public InputStream input() {
        ended = true;
        return streams().input();
    }

    /** Writes characters as bytes, unchanged. */
    public void write(String raw) throws IOException {
        streams().output().write(raw.getBytes(StandardCharsets.ISO_8859_1));
        streams().output().flush();
    }

    /** Sends a valid response, without the body in response to HEAD. {@code fields} are whole lines. */
    public void respond(int status, byte[] body, String... fields) throws IOException {
        respond(new ScriptedResponse(status, List.of(fields), body));
    }

    /** Sends a valid response with a text as body. */
    public void respond(int status, String body, String... fields) throws IOException {
        respond(status, body.getBytes(StandardCharsets.ISO_8859_1), fields);
    }

    /** Sends a response's status line and header, with {@code Content-Length}. */
    public void respondHead(int status, long length, String... fields) throws IOException {
        ScriptedResponse response = new ScriptedResponse(status, List.of(fields), new byte[0]);
        respond(response.with("Content-Length", length), 0);
    }

    // ---- the end

    /** Blocks, without reading, until the server is closed. */
    public void stall() throws InterruptedException {
        ended = true;
        streams().closing().await();
    }

    /** Blocks for some time, like a slow server. */
    public void pause(Duration time) throws IOException, InterruptedException {
        if (streams().closing().await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new IOException("the server is closed");
        }
    }

    /** Ends the output in order, over TLS by close_notify; the client can still send. */
    public void halfClose() throws IOException {
        ended = true;
        streams().socket().shutdownOutput();
    }

    /** Closes the connection in order, over TLS by close_notify. */
    public void close() throws IOException {
        halfClose();
        streams().raw().close();
    }

    /** Ends the stream of bytes without ending TLS, like an attacker that truncates a response. */
    public void cutOff() throws IOException {
        ended = true;
        streams().raw().shutdownOutput();
    }

    /** Resets the connection. */
    public void reset() throws IOException {
        ended = true;
        streams().raw().setSoLinger(true, 0);
        streams().raw().close();
    }

    private Streams streams() {
        if (streams == null) {
            throw new IllegalStateException("the script has ended");
        }
        return streams;
    }

    /** Releases the connection when the script has ended. */
    void release() {
        streams = null;
    }

    /** Returns whether another request may follow: nothing has ended, and the body was read. */
    boolean isReusable() {
        return !ended
                && !chunksLeft
                && (bodyReceived == bodyLength
                        || headers.first("Transfer-Encoding").isPresent());
    }

    @Override
    public String toString() {
        return method + " " + target + " on connection " + connection;
    }
}
