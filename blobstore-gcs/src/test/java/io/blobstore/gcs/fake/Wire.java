package io.blobstore.gcs.fake;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** HTTP/1.1 on one connection. */
final class Wire {
    private static final int MAX_LINE = 256 << 10;

    private final InputStream input;
    private final OutputStream output;

    /**
     * @param input buffered
     * @param output buffered
     */
    Wire(InputStream input, OutputStream output) {
        this.input = input;
        this.output = output;
    }

    /**
     * A request's head.
     *
     * @param headers by name, whatever its case
     */
    record Head(String method, String target, Map<String, List<String>> headers) {
        Optional<String> field(String name) {
            return headers.getOrDefault(name, List.of()).stream().findFirst();
        }

        boolean says(String name, String value) {
            return field(name).filter(value::equalsIgnoreCase).isPresent();
        }
    }

    /** A request's body; {@code whole} is empty if it ended too early, after so many bytes. */
    record Body(Optional<byte[]> whole, long received) {}

    /**
     * Reads a head; empty if the client has closed the connection instead, or speaks something else, which is said to
     * it.
     */
    Optional<Head> head() throws IOException {
        String[] first = line().split(" ", -1);
        if (first[0].isEmpty()) {
            return Optional.empty();
        }
        if (first.length != 3 || !first[1].startsWith("/") || !first[2].equals("HTTP/1.1")) {
            write(Answer.empty(400), true, 0);
            return Optional.empty();
        }
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                write(Answer.empty(400), true, 0);
                return Optional.empty();
            }
            headers.computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        return Optional.of(new Head(first[0], first[1], headers));
    }

    /** A line in UTF-8; empty at the end. */
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = input.read(); b >= 0 && b != '\n'; b = input.read()) {
            if (line.size() == MAX_LINE) {
                throw new IOException("a line without end");
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    /**
     * Reads a body.
     *
     * @param divisor 1 for the whole; otherwise so small a piece of it, where its length is known
     */
    Body body(Head head, int divisor) throws IOException {
        if (head.says("Expect", "100-continue")) {
            output.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            output.flush();
        }
        if (head.says("Transfer-Encoding", "chunked")) {
            return chunks();
        }
        byte[] content =
                new byte[head.field("Content-Length").map(Integer::parseInt).orElse(0)];
        int received = 0;
        try {
            received = input.readNBytes(content, 0, content.length / divisor);
        } catch (IOException reset) {
            // as if it had ended
        }
        return new Body(received == content.length ? Optional.of(content) : Optional.empty(), received);
    }

    private Body chunks() {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try {
            while (true) {
                int length = Integer.parseInt(line().replaceFirst(";.*", "").strip(), 16);
                content.writeBytes(input.readNBytes(length));
                if (length == 0) {
                    while (!line().isEmpty()) {
                        // trailers say nothing here
                    }
                    return new Body(Optional.of(content.toByteArray()), content.size());
                }
                if (input.read() != '\r' || input.read() != '\n') {
                    throw new EOFException("in a chunk");
                }
            }
        } catch (IOException | NumberFormatException e) {
            return new Body(Optional.empty(), content.size());
        }
    }

    /**
     * Writes an answer.
     *
     * @param withBody whether the request is none whose answer has no body
     * @param sent how much of the body
     */
    void write(Answer answer, boolean withBody, int sent) throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " Fake\r\n");
        for (String field : answer.fields()) {
            head.append(field).append("\r\n");
        }
        if (answer.status() != 204 && answer.status() != 304) {
            head.append("Content-Length: ").append(answer.length()).append("\r\n");
        }
        output.write(FakeObjects.utf8(head.append("\r\n").toString()));
        if (withBody) {
            output.write(answer.body(), answer.offset(), sent);
        }
        output.flush();
    }
}
