package io.blobstore.server.internal.http;

import io.blobstore.server.internal.AccessControl.Decision;
import io.blobstore.server.internal.AccessLog;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection: one request after the other, those that it sends ahead wait. The socket is read only when
 * something can be done with what it has. Used by one event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // that a channel is closed is seen in channelInactive
final class Connection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** The rest of a body that is read and dropped after an early response, so that the connection can stay open. */
    private static final int MAX_DRAINED = 64 << 10;

    /** So many messages of one read may wait; more are an attack, or chunks of a few bytes each. */
    private static final int MAX_AHEAD = 2048;

    private final HttpEndpoint endpoint;
    private final Patience patience;
    private ChannelHandlerContext context;
    private ResponseWriter response;
    private Inbox inbox;

    /** The request that is being processed, until its response is sent and its body was read; null for none. */
    private @Nullable Exchange exchange;

    private long began;
    private String user = "";
    private long received;
    private boolean requestEnded;

    @SuppressWarnings("NullAway.Init") // the rest is set when the connection opens
    Connection(HttpEndpoint endpoint) {
        this.endpoint = endpoint;
        this.patience = new Patience(endpoint.context().limits());
    }

    Patience patience() {
        return patience;
    }

    HttpEndpoint endpoint() {
        return endpoint;
    }

    ResponseWriter response() {
        return response;
    }

    boolean isEncrypted() {
        return context.pipeline().get(SslHandler.class) != null;
    }

    // ---- events of the channel

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        response = new ResponseWriter(this, ctx, patience, endpoint.context().metrics());
        inbox = new Inbox(ctx, patience, this::take);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        patience.start(this, ctx);
        awaitRequest();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        patience.stop();
        inbox.clear();
        Exchange cut = exchange;
        if (cut != null && !response.isEnded()) {
            HttpResponseStatus status = response.status();
            record(cut, status == null ? "aborted" : status.code() + "-aborted");
            cut.abort();
        }
        exchange = null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inbox.add(message);
        if (inbox.size() > MAX_AHEAD) {
            LOG.debug("{}: too many requests are sent ahead", ctx.channel().remoteAddress());
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException || cause.getCause() instanceof IOException) {
            LOG.debug("{}: the connection failed", ctx.channel().remoteAddress(), cause);
        } else {
            LOG.warn("{}: the connection is closed", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }

    private void take(Object message) {
        try {
            if (message instanceof HttpRequest request && exchange == null) {
                begin(request);
            }
            if (message instanceof HttpContent content) {
                take(content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    // ---- requests

    private void awaitRequest() {
        exchange = null;
        if (endpoint.isStopping()) {
            context.close();
            return;
        }
        patience.idle();
        inbox.next();
    }

    private void begin(HttpRequest head) {
        began = System.nanoTime();
        user = "";
        received = 0;
        requestEnded = false;
        response.begin(head);
        endpoint.requests().begin();
        Exchange begun = Routes.exchange(this, head);
        exchange = begun;
        if (begun.isPublic()) {
            begun.begin();
            return;
        }
        Admission.decide(endpoint.context().access(), context, begun, decision -> decided(begun, decision));
    }

    private void decided(Exchange begun, Decision decision) {
        if (exchange != begun || response.status() != null) {
            return; // the connection was closed, or the client was too slow
        }
        user = decision.user();
        switch (decision.outcome()) {
            case ALLOWED -> begun.begin();
            case UNAUTHENTICATED -> response.respond(Responses.unauthorized());
            case FORBIDDEN -> respond(HttpResponseStatus.FORBIDDEN, "a client certificate is needed");
            case BUSY -> response.respond(Responses.busy());
        }
    }

    private void take(HttpContent content) {
        Exchange current = exchange;
        if (current == null || (response.isClosing() && response.isEnded())) {
            inbox.next(); // what arrives after the last response is dropped
            return;
        }
        if (content.decoderResult().isFailure()) {
            refuseRest(current);
            return;
        }
        int bytes = content.content().readableBytes();
        received += bytes;
        endpoint.context().metrics().received(HttpEndpoint.NAME, bytes);
        requestEnded = content instanceof LastHttpContent;
        if (response.status() == null && bytes > 0) {
            current.content(content.content().retain());
        }
        if (response.status() == null && requestEnded) {
            current.contentEnded();
        }
        if (exchange == current) {
            readOn();
        }
    }

    private void refuseRest(Exchange current) {
        response.closeAfterwards();
        if (response.status() == null) {
            current.abort();
            respond(HttpResponseStatus.BAD_REQUEST, "the chunks of the body are malformed");
        } else if (!response.isEnded()) {
            context.close();
        }
    }

    /** Goes on: reads more of the body, or awaits the next request, or nothing until something has been done. */
    void readOn() {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        if (response.isEnded() && requestEnded) {
            awaitRequest();
        } else if (!requestEnded && (response.isEnded() || (response.status() == null && current.wantsContent()))) {
            inbox.next();
        }
    }

    // ---- responses

    void respond(HttpResponseStatus status, String text) {
        respond(Responses.text(status, text));
    }

    void respond(FullHttpResponse whole) {
        response.respond(whole);
    }

    /** Returns whether another request can follow, after the response to this one. */
    boolean canGoOn() {
        return !endpoint.isStopping() && (requestEnded || (exchange != null && isDrainable(exchange.head)));
    }

    /** Returns whether so little of the body is left that it is read and dropped. */
    private boolean isDrainable(HttpRequest head) {
        return !HttpUtil.isTransferEncodingChunked(head)
                && !HttpUtil.is100ContinueExpected(head)
                && HttpUtil.getContentLength(head, 0L) - received <= MAX_DRAINED;
    }

    /** Called when all of a response was sent. */
    void responseEnded() {
        Exchange current = exchange;
        HttpResponseStatus status = response.status();
        if (current == null || status == null) {
            return;
        }
        record(current, Integer.toString(status.code()));
        if (!response.isClosing()) {
            readOn();
        } else if (requestEnded) {
            context.close();
        } else {
            linger();
        }
    }

    /**
     * Closes in steps: a socket that is closed while the client still sends resets the connection, and the client may
     * lose the response.
     */
    private void linger() {
        patience.lingers();
        if (context.channel() instanceof DuplexChannel channel && !isEncrypted()) {
            channel.shutdownOutput();
        }
        inbox.next();
    }

    private void record(Exchange ended, String outcome) {
        long nanos = System.nanoTime() - began;
        endpoint.context().metrics().request(Routes.kind(ended.head), outcome, nanos);
        endpoint.context()
                .log()
                .write(new AccessLog.Line(
                        HttpEndpoint.NAME,
                        context.channel().remoteAddress(),
                        user,
                        ended.head.method().name(),
                        Routes.printable(ended.head),
                        outcome,
                        received,
                        response.sent(),
                        nanos));
        endpoint.requests().end();
    }

    // ---- ends

    /** Closes the connection without an end of the response: the client must see that it is not complete. */
    void cut() {
        context.close();
    }

    /** Closes the connection if it waits for a request: the server is being stopped. */
    void stop() {
        if (exchange == null) {
            context.close();
        }
    }

    /** Ends a wait for the client that took too long. */
    void timedOut() {
        LOG.debug("{}: the client is too slow", context.channel().remoteAddress());
        Exchange slow = exchange;
        if (slow != null && response.status() == null) {
            response.closeAfterwards();
            slow.abort();
            respond(HttpResponseStatus.REQUEST_TIMEOUT, "the request took too long");
        }
        context.close();
    }

    /** See {@link HttpEndpoint#onWorker}: what follows is done by the event loop of this connection. */
    <T> void onWorker(Callable<T> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        endpoint.onWorker(work, context.executor(), guarded(then));
    }

    /** See {@link HttpEndpoint#await}: what follows is done by the event loop of this connection. */
    <T> void await(CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        endpoint.await(future, context.executor(), guarded(then));
    }

    private <T> BiConsumer<@Nullable T, @Nullable Throwable> guarded(
            BiConsumer<@Nullable T, @Nullable Throwable> then) {
        return (result, failure) -> {
            try {
                then.accept(result, failure);
            } catch (RuntimeException | Error e) {
                exceptionCaught(context, e);
            }
        };
    }
}
