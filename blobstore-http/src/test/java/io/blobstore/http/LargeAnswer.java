package io.blobstore.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Responses of a {@link ScriptedServer} that are larger than any that a client needs. */
public final class LargeAnswer {
    /** The size of a body in bytes: more than the client keeps of any response. */
    public static final int SIZE = 16 << 20;

    private static final byte[] PIECE = "<Error><Code>".repeat(100).getBytes(StandardCharsets.US_ASCII);

    private LargeAnswer() {}

    /** Sends a body of {@link #SIZE} bytes, in one chunk or with its length; the client may be gone before its end. */
    public static void send(ScriptedExchange exchange, int status, boolean chunked, String... fields)
            throws IOException {
        exchange.write("HTTP/1.1 " + status + " X\r\n");
        for (String field : fields) {
            exchange.write(field + "\r\n");
        }
        exchange.write(chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + SIZE + "\r\n\r\n");
        if (chunked) {
            exchange.write(Integer.toHexString(SIZE) + "\r\n");
        }
        repeat(exchange, PIECE);
        if (chunked) {
            exchange.write("\r\n0\r\n\r\n");
        }
    }

    /** Sends a head of {@link #SIZE} bytes. */
    public static void sendHead(ScriptedExchange exchange) throws IOException {
        exchange.write("HTTP/1.1 200 OK\r\n");
        repeat(exchange, "A: bbbbbbbbbbbbbbbbbbbb\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private static void repeat(ScriptedExchange exchange, byte[] piece) throws IOException {
        for (int left = SIZE; left > 0; left -= piece.length) {
            exchange.output().write(piece, 0, Math.min(left, piece.length));
        }
        exchange.output().flush();
    }
}
