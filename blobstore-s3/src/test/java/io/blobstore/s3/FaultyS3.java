package io.blobstore.s3;

import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands before a real server: forwards whole requests and answers, and spoils those it is told to. Thread-safe, but
 * for {@link #spoil}, which comes first.
 */
final class FaultyS3 implements Closeable {
    /** What a request wants. */
    enum Operation {
        PUT_OBJECT,
        CREATE_MULTIPART_UPLOAD,
        UPLOAD_PART,
        COMPLETE_MULTIPART_UPLOAD,
        ABORT_MULTIPART_UPLOAD,
        GET_OBJECT,
        HEAD_OBJECT,
        LIST_OBJECTS,
        DELETE_OBJECT,
        DELETE_OBJECTS,
        COPY_OBJECT;

        static Operation of(ScriptedExchange request) {
            String target = request.target();
            boolean ofUpload = target.contains("uploadId=");
            return switch (request.method()) {
                case "GET" -> target.contains("list-type=2") ? LIST_OBJECTS : GET_OBJECT;
                case "HEAD" -> HEAD_OBJECT;
                case "DELETE" -> ofUpload ? ABORT_MULTIPART_UPLOAD : DELETE_OBJECT;
                case "POST" -> {
                    if (ofUpload) {
                        yield COMPLETE_MULTIPART_UPLOAD;
                    }
                    yield target.contains("?delete") ? DELETE_OBJECTS : CREATE_MULTIPART_UPLOAD;
                }
                case "PUT" -> {
                    if (ofUpload) {
                        yield UPLOAD_PART;
                    }
                    yield request.header("x-amz-copy-source").isPresent() ? COPY_OBJECT : PUT_OBJECT;
                }
                default -> throw new AssertionError("unexpected: " + request);
            };
        }
    }

    /** What comes in place of the server's answer. */
    enum Fault {
        SERVER_ERROR,
        SLOW_DOWN,
        BAD_REQUEST,
        RESET,
        TRUNCATED,
        ERROR_IN_SUCCESS,
        EMPTY_SUCCESS,
        /** The server's answer, with one bit of its body flipped. */
        FLIPPED_ANSWER,
        /** What the server answers to the request with one bit of its body flipped. */
        FLIPPED_REQUEST
    }

    /** Whether the server gets to see the request whose answer is spoilt. */
    enum Moment {
        BEFORE,
        AFTER
    }

    private record Rule(Operation operation, Fault fault, Moment moment, AtomicInteger times) {
        boolean applies(Operation request) {
            return request == operation && times.getAndDecrement() > 0;
        }
    }

    private final URI server;
    private final ScriptedServer front;
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Operation> forwarded = new CopyOnWriteArrayList<>();
    private final List<Operation> lost = new CopyOnWriteArrayList<>();

    FaultyS3(URI server) throws IOException {
        this.server = server;
        this.front = ScriptedServer.plain(this::answer);
    }

    URI endpoint() {
        return URI.create(front.endpoint().toString());
    }

    /** Spoils the next answers to an operation, so many times. */
    FaultyS3 spoil(Operation operation, Fault fault, Moment moment, int times) {
        rules.add(new Rule(operation, fault, moment, new AtomicInteger(times)));
        return this;
    }

    /** How many such requests the server has seen. */
    long forwarded(Operation operation) {
        return forwarded.stream().filter(operation::equals).count();
    }

    /** How many such requests the server has seen whose answers did not arrive. */
    long lost(Operation operation) {
        return lost.stream().filter(operation::equals).count();
    }

    @Override
    public void close() throws IOException {
        front.close();
    }

    // ---- one request

    private void answer(ScriptedExchange exchange) throws IOException {
        Operation operation = Operation.of(exchange);
        byte[] body = exchange.readBody();
        Rule rule =
                rules.stream().filter(any -> any.applies(operation)).findFirst().orElse(null);
        if (rule == null) {
            exchange.output().write(forward(operation, exchange, body));
            return;
        }
        switch (rule.fault()) {
            case FLIPPED_REQUEST -> {
                flip(body, 0);
                exchange.output().write(forward(operation, exchange, body));
            }
            case FLIPPED_ANSWER -> {
                byte[] answer = forward(operation, exchange, body);
                flip(answer, headLength(answer));
                exchange.output().write(answer);
            }
            default -> {
                byte[] answer = new byte[0];
                if (rule.moment() == Moment.AFTER) {
                    answer = forward(operation, exchange, body);
                    lost.add(operation);
                }
                spoil(rule.fault(), exchange, answer);
            }
        }
    }

    private static void spoil(Fault fault, ScriptedExchange exchange, byte[] answer) throws IOException {
        switch (fault) {
            case SERVER_ERROR -> error(exchange, 500, "InternalError");
            case SLOW_DOWN -> error(exchange, 503, "SlowDown");
            case BAD_REQUEST -> error(exchange, 400, "InvalidRequest");
            case ERROR_IN_SUCCESS -> error(exchange, 200, "InternalError");
            case EMPTY_SUCCESS -> exchange.answer(200, "");
            case RESET -> exchange.reset();
            case TRUNCATED -> {
                byte[] whole = answer.length > 0
                        ? answer
                        : "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag:".getBytes(StandardCharsets.US_ASCII);
                exchange.output().write(whole, 0, answer.length > 0 ? answer.length / 2 : whole.length);
                exchange.close();
            }
            default -> throw new AssertionError(fault);
        }
    }

    private static void error(ScriptedExchange exchange, int status, String code) throws IOException {
        String body = ScriptedS3.error(code);
        exchange.answerHead(status, body.length(), "Content-Type: application/xml");
        if (!exchange.method().equals("HEAD")) {
            exchange.write(body);
        }
    }

    private static void flip(byte[] bytes, int from) {
        bytes[from + (bytes.length - from) / 2] ^= 4;
    }

    /** As it was sent, byte by byte: its signature holds, the Host field included. */
    private byte[] forward(Operation operation, ScriptedExchange exchange, byte[] body) throws IOException {
        StringBuilder head = new StringBuilder(exchange.method() + " " + exchange.target() + " HTTP/1.1\r\n");
        exchange.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        head.append("Connection: close\r\n\r\n");
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            OutputStream output = socket.getOutputStream();
            output.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
            output.write(body);
            output.flush();
            byte[] answer = socket.getInputStream().readAllBytes();
            forwarded.add(operation);
            return kept(answer, exchange.method().equals("HEAD"));
        }
    }

    /** The answer for a connection that is kept. */
    private static byte[] kept(byte[] answer, boolean ofHead) {
        int length = headLength(answer);
        String head = new String(answer, 0, length, StandardCharsets.ISO_8859_1)
                .replaceFirst("(?i)Connection: close\r\n", "");
        boolean framed = head.matches("(?is).*\r\n(content-length|transfer-encoding):.*") || head.contains(" 204 ");
        if (!framed && !ofHead) {
            head = head.substring(0, head.length() - 2) + "Content-Length: " + (answer.length - length) + "\r\n\r\n";
        }
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        kept.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
        kept.write(answer, length, answer.length - length);
        return kept.toByteArray();
    }

    private static int headLength(byte[] answer) {
        for (int i = 3; i < answer.length; i++) {
            if (answer[i] == '\n' && answer[i - 1] == '\r' && answer[i - 2] == '\n') {
                return i + 1;
            }
        }
        throw new AssertionError("the server's answer has no end of its head");
    }
}
