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
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One request that a {@link ScriptedServer} received, and the means to answer it, rightly or wrongly. Used by the
 * script's thread; what was received may be read by others.
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

    /** Null when the script has ended: requests are remembered, what is behind them is not. */
    private @Nullable Streams streams;

    private boolean ended;
    private volatile long bodyReceived;
    private volatile Crc32c bodyChecksum = Crc32c.EMPTY;

    /**
     * What a connection is made of.
     *
     * @param raw the socket itself
     * @param socket the same, or TLS upon it
     * @param input of {@code socket}, buffered
     * @param closing counted down when the server is closed
     */
    record Streams(Socket raw, Socket socket, InputStream input, OutputStream output, CountDownLatch closing) {}

    private ScriptedExchange(int connection, String method, String target, HttpHeaders headers, Streams streams) {
        this.connection = connection;
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.streams = streams;
        this.bodyLength = headers.first("Content-Length").map(Long::parseLong).orElse(0L);
    }

    /** Reads a request's head; nothing if the client has closed the connection instead. */
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
        require(headers.all("Transfer-Encoding").isEmpty(), "a request has no Transfer-Encoding field");
        return Optional.of(new ScriptedExchange(connection, request.group(1), request.group(2), headers, streams));
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
            throw new AssertionError("the client broke HTTP/1.1: " + what);
        }
    }

    // ---- the request

    /** The number of the connection it came on, from 0. */
    public int connection() {
        return connection;
    }

    /** The request's method. */
    public String method() {
        return method;
    }

    /** The request's target as it was on the wire. */
    public String target() {
        return target;
    }

    /** The request's fields. */
    public HttpHeaders headers() {
        return headers;
    }

    /** The first value of a field of the request. */
    public Optional<String> header(String name) {
        return headers.first(name);
    }

    /** What Content-Length says; 0 without. */
    public long bodyLength() {
        return bodyLength;
    }

    /** How many bytes of the body were read so far. */
    public long bodyReceived() {
        return bodyReceived;
    }

    /** The CRC32C of the bytes read so far. */
    public Crc32c bodyChecksum() {
        return bodyChecksum;
    }

    /** How many bytes can be read without waiting: a lower bound of what the client has sent. */
    public int available() throws IOException {
        return streams().input().available();
    }

    /** Reads the rest of the body, and gives its bytes. */
    public byte[] readBody() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        read(bodyLength - bodyReceived, body);
        return body.toByteArray();
    }

    /** Reads the rest of the body, and forgets it but for its length and checksum. */
    public void discardBody() throws IOException {
        discardBody(bodyLength - bodyReceived);
    }

    /** Reads the next bytes of the body, and forgets them but for the checksum. */
    public void discardBody(long bytes) throws IOException {
        read(bytes, OutputStream.nullOutputStream());
    }

    private void read(long bytes, OutputStream target) throws IOException {
        if (bytes > bodyLength - bodyReceived) {
            throw new AssertionError("the script wants more of the body than there is");
        }
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
     * Waits until the client ends the connection, however it does that.
     *
     * @return how many bytes it still sent
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
            // gone all the same
        }
        return bytes;
    }

    // ---- the answer

    /** The stream to the client, not buffered. */
    public OutputStream output() {
        return streams().output();
    }

    /** The stream from the client, for what is not HTTP. */
    public InputStream input() {
        ended = true;
        return streams().input();
    }

    /** Writes characters as bytes, as they are. */
    public void write(String raw) throws IOException {
        streams().output().write(raw.getBytes(StandardCharsets.ISO_8859_1));
        streams().output().flush();
    }

    /** Writes a right answer: to HEAD without the body. {@code fields} are whole lines. */
    public void answer(int status, byte[] body, String... fields) throws IOException {
        answerHead(status, body.length, fields);
        if (!method.equals("HEAD")) {
            streams().output().write(body);
            streams().output().flush();
        }
    }

    /** The same with a text as body. */
    public void answer(int status, String body, String... fields) throws IOException {
        answer(status, body.getBytes(StandardCharsets.ISO_8859_1), fields);
    }

    /** Writes the head of an answer alone. */
    public void answerHead(int status, long length, String... fields) throws IOException {
        StringBuilder head =
                new StringBuilder("HTTP/1.1 " + status + " Scripted\r\nContent-Length: " + length + "\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        write(head.append("\r\n").toString());
    }

    // ---- the end

    /** Does nothing more, reading included, until the server is closed. */
    public void stall() throws InterruptedException {
        ended = true;
        streams().closing().await();
    }

    /** Does nothing for a while: what a slow server does. */
    public void pause(Duration time) throws IOException, InterruptedException {
        if (streams().closing().await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new IOException("the server is closed");
        }
    }

    /** Sends no more, in the orderly way, and leaves the rest to the client. */
    public void halfClose() throws IOException {
        ended = true;
        streams().socket().shutdownOutput();
    }

    /** Closes in the orderly way. */
    public void close() throws IOException {
        halfClose();
        streams().raw().close();
    }

    /** Ends the stream of bytes without ending TLS: what an attacker can do who wants to cut an answer short. */
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

    /** Called when the script has ended. */
    void letGo() {
        streams = null;
    }

    /** Whether another request may follow: nothing has ended, and the body was read. */
    boolean mayBeFollowed() {
        return !ended && bodyReceived == bodyLength;
    }

    @Override
    public String toString() {
        return method + " " + target + " on connection " + connection;
    }
}
