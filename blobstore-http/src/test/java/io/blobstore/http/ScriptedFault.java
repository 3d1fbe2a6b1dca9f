package io.blobstore.http;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** Replaces the handling of one request by a {@link ScriptedService}. */
@FunctionalInterface
public interface ScriptedFault {
    /** Runs in the thread of the connection. The body of the request has not been read. */
    void apply(ScriptedExchange exchange, ScriptedService.Handler handler) throws IOException, InterruptedException;

    /** Handles the request and sends the response: for requests that succeed before one that does not. */
    static ScriptedFault none() {
        return changing(UnaryOperator.identity());
    }

    /** Handles the request and sends the response with a change. */
    static ScriptedFault changing(UnaryOperator<ScriptedResponse> change) {
        return (exchange, handler) -> exchange.respond(change.apply(handler.handle(exchange, exchange.readBody())));
    }

    /** Handles the request and sends the response without some of its header fields. */
    static ScriptedFault without(String... names) {
        return changing(response -> response.without(names));
    }

    /** Handles the request and sends the response with one bit of its body flipped. */
    static ScriptedFault flipResponse() {
        return changing(ScriptedResponse::withFlippedBit);
    }

    /** Flips one bit of the request's body before the request is handled. */
    static ScriptedFault flipRequest() {
        return (exchange, handler) -> {
            byte[] body = exchange.readBody();
            body[body.length / 2] ^= 4;
            exchange.respond(handler.handle(exchange, body));
        };
    }

    /** Sends another response; the request is not handled. */
    static ScriptedFault respond(ScriptedResponse response) {
        return (exchange, handler) -> {
            exchange.readBody();
            exchange.respond(response);
        };
    }

    /** Sends another response with a text; the request is not handled. {@code fields} are whole lines. */
    static ScriptedFault respond(int status, String body, String... fields) {
        return respond(ScriptedResponse.of(status, "text/plain", body).with(Arrays.asList(fields)));
    }

    /** Handles the request, and then applies a fault. */
    static ScriptedFault afterHandling(ScriptedFault fault) {
        return (exchange, handler) -> {
            ScriptedResponse response = handler.handle(exchange, exchange.readBody());
            fault.apply(exchange, (ignored, none) -> response);
        };
    }

    /** Closes the connection when half of the request's body has arrived. */
    static ScriptedFault closeDuringRequest() {
        return (exchange, handler) -> {
            exchange.discardBody(exchange.bodyLength() / 2);
            exchange.close();
        };
    }

    /** Closes the connection when the request has arrived; the request is not handled. */
    static ScriptedFault disconnect() {
        return (exchange, handler) -> {
            exchange.readBody();
            exchange.close();
        };
    }

    /** Resets the connection when the request has arrived; the request is not handled. */
    static ScriptedFault reset() {
        return (exchange, handler) -> {
            exchange.readBody();
            exchange.reset();
        };
    }

    /** Handles the request and closes the connection without a response. */
    static ScriptedFault loseResponse() {
        return afterHandling(disconnect());
    }

    /**
     * Handles the request and closes the connection in the middle of the response's body. A response without a body is
     * lost as a whole.
     */
    static ScriptedFault cutResponse() {
        return (exchange, handler) -> {
            ScriptedResponse response = handler.handle(exchange, exchange.readBody());
            if (response.body().length > 0 && !exchange.method().equals("HEAD")) {
                exchange.respond(response, response.body().length / 2);
            }
            exchange.close();
        };
    }

    /** Handles the request and closes the connection in the middle of the response, which may be in its header. */
    static ScriptedFault truncate() {
        return (exchange, handler) -> {
            ScriptedResponse response = handler.handle(exchange, exchange.readBody());
            byte[] bytes = response.bytes(!exchange.method().equals("HEAD"));
            exchange.output().write(bytes, 0, bytes.length / 2);
            exchange.close();
        };
    }
}
