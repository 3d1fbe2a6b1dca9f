package io.blobstore.server.internal.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** Creates short responses. */
final class Responses {
    private Responses() {}

    static FullHttpResponse empty(HttpResponseStatus status) {
        return new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
    }

    /** Creates a response with a line of text. */
    static FullHttpResponse text(HttpResponseStatus status, String text) {
        return body(status, "text/plain; charset=utf-8", text + "\n");
    }

    static FullHttpResponse body(HttpResponseStatus status, String type, String body) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        return response;
    }

    /** Creates the response to a request for which there is no thread or queue free. */
    static FullHttpResponse busy() {
        FullHttpResponse response = text(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many requests; try again");
        response.headers().set(HttpHeaderNames.RETRY_AFTER, 1);
        return response;
    }

    static FullHttpResponse unauthorized() {
        FullHttpResponse response = text(HttpResponseStatus.UNAUTHORIZED, "a user and a password are needed");
        response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Basic realm=\"cache\", charset=\"UTF-8\"");
        return response;
    }
}
