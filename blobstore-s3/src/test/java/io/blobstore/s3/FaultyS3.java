package io.blobstore.s3;

import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedResponse;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedService;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A proxy of a real server, which forwards whole requests and responses and injects faults. Thread-safe. */
final class FaultyS3 implements Closeable {
    /** The operation of a request. */
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

    /** The replacement of the server's response. */
    enum Fault {
        SERVER_ERROR,
        SLOW_DOWN,
        BAD_REQUEST,
        RESET,
        TRUNCATED,
        ERROR_IN_SUCCESS,
        EMPTY_SUCCESS,
        /** The server's response with one bit of its body flipped. */
        FLIPPED_RESPONSE,
        /** The server's response to the request with one bit of its body flipped. */
        FLIPPED_REQUEST
    }

    /** Whether the response is replaced before the server receives the request, or after. */
    enum Moment {
        BEFORE,
        AFTER
    }

    private final URI server;
    private final ScriptedService service = new ScriptedService(this::forward);
    private final ScriptedServer front;
    private final List<Operation> forwarded = new CopyOnWriteArrayList<>();
    private final List<Operation> lost = new CopyOnWriteArrayList<>();

    FaultyS3(URI server) throws IOException {
        this.server = server;
        this.front = ScriptedServer.plain(service);
    }

    URI endpoint() {
        return URI.create(front.endpoint().toString());
    }

    /**
     * Replaces the next responses to an operation.
     *
     * @param times the number of responses to replace
     */
    FaultyS3 inject(Operation operation, Fault fault, Moment moment, int times) {
        ScriptedFault applied = switch (fault) {
            case FLIPPED_RESPONSE -> ScriptedFault.flipResponse();
            case FLIPPED_REQUEST -> ScriptedFault.flipRequest();
            default -> moment == Moment.BEFORE ? instead(scripted(fault)) : afterForwarding(scripted(fault));
        };
        service.fault(
                request -> Operation.of(request) == operation,
                Collections.nCopies(times, applied).toArray(ScriptedFault[]::new));
        return this;
    }

    /** Returns the number of requests for an operation that the server has received. */
    long forwarded(Operation operation) {
        return forwarded.stream().filter(operation::equals).count();
    }

    /**
     * Returns the number of requests for an operation that the server has received, but whose response was replaced.
     */
    long lost(Operation operation) {
        return lost.stream().filter(operation::equals).count();
    }

    @Override
    public void close() throws IOException {
        front.close();
    }

    // ---- faults

    private static ScriptedFault instead(ScriptedFault fault) {
        ScriptedResponse success = ScriptedResponse.empty(200).with(List.of(ScriptedS3.ETAG, ScriptedS3.MODIFIED));
        return (exchange, handler) -> {
            exchange.discardBody();
            fault.apply(exchange, (request, body) -> success);
        };
    }

    private ScriptedFault afterForwarding(ScriptedFault fault) {
        ScriptedFault counted = (exchange, handler) -> {
            lost.add(Operation.of(exchange));
            fault.apply(exchange, handler);
        };
        return ScriptedFault.afterHandling(counted);
    }

    private static ScriptedFault scripted(Fault fault) {
        return switch (fault) {
            case SERVER_ERROR -> error(500, "InternalError");
            case SLOW_DOWN -> error(503, "SlowDown");
            case BAD_REQUEST -> error(400, "InvalidRequest");
            case ERROR_IN_SUCCESS -> error(200, "InternalError");
            case EMPTY_SUCCESS -> ScriptedFault.respond(ScriptedResponse.empty(200));
            case RESET -> ScriptedFault.reset();
            case TRUNCATED -> ScriptedFault.truncate();
            default -> throw new AssertionError(fault);
        };
    }

    private static ScriptedFault error(int status, String code) {
        return ScriptedFault.respond(ScriptedResponse.of(status, "application/xml", ScriptedS3.error(code)));
    }

    // ---- forwarding

    /** Forwards a request unchanged, including the Host field, so that its signature stays valid. */
    private ScriptedResponse forward(ScriptedExchange exchange, byte[] body) throws IOException {
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
            byte[] response = socket.getInputStream().readAllBytes();
            forwarded.add(Operation.of(exchange));
            return parse(response);
        }
    }

    /** Parses a response, and removes the field that would close the connection. */
    private static ScriptedResponse parse(byte[] response) {
        int end = new String(response, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
        if (end < 0) {
            throw new AssertionError("the header of the server's response has no end");
        }
        String[] lines = new String(response, 0, end, StandardCharsets.UTF_8).split("\r\n");
        List<String> fields = Arrays.asList(lines).subList(1, lines.length);
        byte[] body = Arrays.copyOfRange(response, end + 4, response.length);
        return new ScriptedResponse(Integer.parseInt(lines[0].split(" ")[1]), fields, body).without("Connection");
    }
}
