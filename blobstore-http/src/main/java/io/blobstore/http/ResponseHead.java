package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Status line and header fields, parsed strictly (RFC 9112, sections 4, 5 and 6): a head that two parsers could
 * interpret differently is refused, as a proxy in between may be the other parser.
 *
 * @param status from 100 to 599
 * @param headers the fields
 * @param keepAlive whether the head allows to reuse the connection
 */
record ResponseHead(int status, HttpHeaders headers, boolean keepAlive) {
    /** The maximum size of a head in bytes, line ends included. */
    static final int MAX_SIZE = 64 << 10;

    private static final int MAX_FIELDS = 200;

    private static final String CONTENT_LENGTH = "Content-Length";

    /** The length of a body that ends with its connection. */
    static final long UNKNOWN_LENGTH = -1;

    /** The length of a body in chunks. */
    static final long CHUNKED = -2;

    /**
     * Reads a head.
     *
     * @return null if the connection ended before its first byte
     */
    static @Nullable ResponseHead read(BufferedInput input, StallDetector watch) throws IOException {
        if (!input.await(watch)) {
            return null;
        }
        watch.restart(); // from here on no byte restarts it: the whole head must arrive in time
        Lines lines = new Lines(input, watch);
        String statusLine = lines.next();
        if (!isStatusLine(statusLine)) {
            throw malformed("its first line is not a status line");
        }
        boolean current = statusLine.charAt(7) == '1';
        int status = Integer.parseInt(statusLine.substring(9, 12));
        HttpHeaders.Builder headers = HttpHeaders.builder();
        int count = 0;
        for (String line = lines.next(); !line.isEmpty(); line = lines.next()) {
            if (++count > MAX_FIELDS) {
                throw malformed("it has more than " + MAX_FIELDS + " header fields");
            }
            addField(headers, line);
        }
        HttpHeaders fields = withoutRepeatedLength(headers.build());
        return new ResponseHead(status, fields, current && !hasClose(fields));
    }

    /** Returns whether a line is like {@code HTTP/1.1 200 OK}; the reason may be missing, together with its space. */
    private static boolean isStatusLine(String line) {
        return line.length() >= 12
                && (line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 "))
                && line.charAt(9) >= '1'
                && line.charAt(9) <= '5'
                && HttpSyntax.isNumber(line.substring(9, 12))
                && (line.length() == 12 || line.charAt(12) == ' ');
    }

    private static void addField(HttpHeaders.Builder headers, String line) throws TransportException {
        int colon = line.indexOf(':');
        if (colon < 0 || !HttpSyntax.isToken(line.substring(0, colon))) {
            throw malformed("a header field has no valid name"); // obs-fold, or a space before the colon
        }
        String value = HttpSyntax.trim(line.substring(colon + 1));
        if (!HttpSyntax.isValue(value)) {
            throw malformed("a header field has a control character");
        }
        headers.addReceived(line.substring(0, colon), value);
    }

    /**
     * Replaces a Content-Length that is repeated, in several fields or in a list, by one (RFC 9112, section 6.3).
     * Values that differ, or are no numbers, are unchanged.
     */
    private static HttpHeaders withoutRepeatedLength(HttpHeaders headers) {
        List<String> fields = headers.all(CONTENT_LENGTH);
        if (fields.isEmpty() || (fields.size() == 1 && fields.get(0).indexOf(',') < 0)) {
            return headers;
        }
        List<String> lengths = fields.stream()
                .flatMap(value -> Arrays.stream(value.split(",", -1)))
                .map(HttpSyntax::trim)
                .distinct()
                .toList();
        if (lengths.size() != 1 || !HttpSyntax.isNumber(lengths.get(0))) {
            return headers;
        }
        HttpHeaders.Builder one = HttpHeaders.builder().addReceived(CONTENT_LENGTH, lengths.get(0));
        headers.forEach((name, value) -> {
            if (!name.equalsIgnoreCase(CONTENT_LENGTH)) {
                one.addReceived(name, value);
            }
        });
        return one.build();
    }

    private static boolean hasClose(HttpHeaders headers) {
        for (String value : headers.all("Connection")) {
            for (String option : value.split(",", -1)) {
                if (HttpSyntax.trim(option).equalsIgnoreCase("close")) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Returns the length of the body, according to the head.
     *
     * @return the number of bytes, or {@link #CHUNKED}, or {@link #UNKNOWN_LENGTH}
     * @throws TransportException if the head is ambiguous
     */
    long bodyLength(String method) throws TransportException {
        if (method.equals("HEAD") || status == 204 || status == 304) {
            return 0;
        }
        List<String> lengths = headers.all(CONTENT_LENGTH);
        List<String> codings = headers.all("Transfer-Encoding");
        if (!codings.isEmpty()) {
            if (codings.size() > 1
                    || !lengths.isEmpty()
                    || !codings.get(0).toLowerCase(Locale.ROOT).equals("chunked")) {
                throw malformed("the end of its body is ambiguous");
            }
            return CHUNKED;
        }
        if (lengths.isEmpty()) {
            return UNKNOWN_LENGTH;
        }
        if (lengths.size() > 1 || !HttpSyntax.isNumber(lengths.get(0))) {
            throw malformed("the length of its body is ambiguous");
        }
        return Long.parseLong(lengths.get(0));
    }

    static TransportException malformed(String problem) {
        return new TransportException(Kind.PROTOCOL, "the server's response is malformed: " + problem, null);
    }

    /** Reads the lines of a head, whose total size is bounded. */
    static final class Lines {
        private final BufferedInput input;
        private final StallDetector watch;
        private final StringBuilder line = new StringBuilder(128);
        private int left = MAX_SIZE;

        Lines(BufferedInput input, StallDetector watch) {
            this.input = input;
            this.watch = watch;
        }

        /** Returns the next line without its end, which must be CR LF. */
        String next() throws IOException {
            line.setLength(0);
            for (int c = nextByte(); c != '\r'; c = nextByte()) {
                if (c == '\n' || c == 0) {
                    throw malformed("a line does not end with CR LF");
                }
                line.append((char) c);
            }
            if (nextByte() != '\n') {
                throw malformed("a line does not end with CR LF");
            }
            return line.toString();
        }

        private int nextByte() throws IOException {
            if (left-- == 0) {
                throw malformed("its head is larger than " + MAX_SIZE + " bytes");
            }
            int c = input.next(watch);
            if (c < 0) {
                throw new TransportException(Kind.CLOSED, "the connection ended within the server's response", null);
            }
            return c;
        }
    }
}
