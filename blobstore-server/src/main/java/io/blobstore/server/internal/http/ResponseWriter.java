package io.blobstore.server.internal.http;

import io.blobstore.server.internal.ServerMetrics;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * Writes the responses of a connection, one after the other: a whole one, or a head, parts and an end. Used by one
 * event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails closes the connection, which is noticed there
final class ResponseWriter {
    private final Connection connection;
    private final ChannelHandlerContext context;
    private final ResponseEncoder encoder;
    private final Patience patience;
    private final ServerMetrics metrics;

    private @Nullable HttpRequest request;
    private @Nullable HttpResponseStatus status;
    private boolean ended;
    private boolean closing;
    private long sent;

    ResponseWriter(Connection connection, ChannelHandlerContext context, Patience patience, ServerMetrics metrics) {
        this.connection = connection;
        this.context = context;
        this.encoder = context.pipeline().get(ResponseEncoder.class);
        this.patience = patience;
        this.metrics = metrics;
    }

    /** Begins to process a request. */
    void begin(HttpRequest head) {
        request = head;
        status = null;
        ended = false;
        sent = 0;
        encoder.setHeadOnly(head.method().equals(HttpMethod.HEAD));
    }

    /** Returns the status of the response; null if its head was not written yet. */
    @Nullable HttpResponseStatus status() {
        return status;
    }

    /** Returns whether all of the response was sent. */
    boolean isEnded() {
        return ended;
    }

    /** Returns the number of bytes of the response's body that were sent. */
    long sent() {
        return sent;
    }

    /** Has the connection closed after the response. */
    void closeAfterwards() {
        closing = true;
    }

    /** Returns whether the connection is closed after the response. */
    boolean isClosing() {
        return closing;
    }

    /** Tells the client to send the body that it announced. */
    void sendContinue() {
        context.writeAndFlush(Responses.empty(HttpResponseStatus.CONTINUE));
    }

    /** Writes a whole response. */
    void respond(FullHttpResponse response) {
        int bytes = response.content().readableBytes();
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes);
        prepareHead(response);
        end(context.writeAndFlush(response), bytes);
    }

    /** Writes the head of a response, which is not flushed yet. */
    void writeHead(HttpResponse response) {
        prepareHead(response);
        context.write(response);
    }

    private void prepareHead(HttpResponse response) {
        HttpRequest head = request;
        if (head == null || status != null) {
            throw new IllegalStateException("there is no request without a response");
        }
        status = response.status();
        closing = closing || !HttpUtil.isKeepAlive(head) || !connection.canGoOn();
        if (closing) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!head.protocolVersion().isKeepAliveDefault()) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    /**
     * Writes a part of the body, which is not flushed yet.
     *
     * @param done run when the write has ended, in whatever way: nothing reads the part any more
     */
    void writePart(Object part, long bytes, Runnable done) {
        patience.sends();
        context.write(part).addListener(written -> {
            if (written.isSuccess()) {
                count(bytes);
            }
            done.run();
        });
    }

    private void count(long bytes) {
        sent += bytes;
        patience.sent(bytes);
        metrics.sent(HttpEndpoint.NAME, bytes);
    }

    /** Sends what was written. */
    void flush() {
        context.flush();
    }

    /** Writes the end of the response, and sends all of it. */
    void end() {
        end(context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT), 0);
    }

    private void end(ChannelFuture writing, long bytes) {
        patience.sends();
        writing.addListener(written -> {
            if (!written.isSuccess()) {
                context.close();
            } else if (!ended) {
                count(encoder.isHeadOnly() ? 0 : bytes);
                ended = true;
                patience.hasSent();
                connection.responseEnded();
            }
        });
    }
}
