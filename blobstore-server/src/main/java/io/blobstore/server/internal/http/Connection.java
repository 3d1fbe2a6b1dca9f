package io.blobstore.server.internal.http;

import io.blobstore.server.internal.AccessControl.Decision;
import io.blobstore.server.internal.AccessLog;
import io.blobstore.server.internal.ServerMetrics;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection: one request after the other, those that it sends ahead wait. The socket is read only when
 * something can be done with what it has. Used by one event loop only.
 */
final class Connection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** The rest of a body that is read and dropped after an early response, so that the connection can stay open. */
    private static final int MAX_DRAINED = 64 << 10;

    /** So many messages of one read may wait; more are an attack, or chunks of a few bytes each. */
    private static final int MAX_AHEAD = 2048;

    private final HttpFace face;
    private final Patience patience;
    private final ResponseEncoder encoder = new ResponseEncoder();
    private ChannelHandlerContext context;

    private @Nullable Exchange exchange;
    private long began;
    private String user = "";
    private long received;
    private long sent;
    private @Nullable HttpResponseStatus status;
    private boolean requestEnded;
    private boolean responseEnded;
    private boolean closing;

    /** Messages that arrived with others: of one read of the socket, at most. */
    private final Deque<Object> inbox = new ArrayDeque<>();

    private boolean readWanted;
    private boolean delivering;

    @SuppressWarnings("NullAway.Init") // the context is set when the connection opens
    Connection(HttpFace face) {
        this.face = face;
        this.patience = new Patience(face.context().limits());
    }

    // ---- events of the channel

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        patience.start(this, ctx);
        awaitRequest();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        patience.stop();
        inbox.forEach(ReferenceCountUtil::release);
        inbox.clear();
        if (exchange != null && !responseEnded) {
            Exchange cut = exchange;
            record(status == null ? "aborted" : status.code() + "-aborted");
            responseEnded = true;
            cut.abort();
        }
        exchange = null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        inbox.add(message);
        deliver();
        if (inbox.size() > MAX_AHEAD) {
            LOG.debug("{}: too many requests are sent ahead", ctx.channel().remoteAddress());
            ctx.close();
        }
    }

    private void take(Object message) {
        patience.messageArrived();
        try {
            if (message instanceof HttpRequest request && exchange == null) {
                beginExchange(request);
            }
            if (message instanceof HttpContent content) {
                takeContent(content);
            }
        } finally {
            ReferenceCountUtil.release(message);
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

    /** Takes the next message as soon as it is there, and this method's callers have returned. */
    private void read() {
        readWanted = true;
        deliver();
    }

    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        try {
            while (readWanted) {
                Object message = inbox.poll();
                if (message == null) {
                    patience.waits();
                    context.read();
                    break;
                }
                readWanted = false;
                take(message);
            }
        } finally {
            delivering = false;
        }
    }

    // ---- requests

    private void awaitRequest() {
        exchange = null;
        if (face.isStopping()) {
            context.close();
            return;
        }
        patience.idle();
        read();
    }

    private void beginExchange(HttpRequest head) {
        began = System.nanoTime();
        user = "";
        received = 0;
        sent = 0;
        status = null;
        requestEnded = false;
        responseEnded = false;
        face.requests().begin();
        encoder.setHeadOnly(head.method().equals(HttpMethod.HEAD));
        exchange = Routes.exchange(this, head);
        Exchange begun = exchange;
        if (begun.isPublic()) {
            begun.begin();
            return;
        }
        String authorization = head.headers().get(HttpHeaderNames.AUTHORIZATION);
        face.context().access().decide(begun.access(), authorization, isCertified(), decision -> {
            if (context.executor().inEventLoop()) {
                decided(begun, decision);
            } else {
                onLoop(() -> decided(begun, decision));
            }
        });
    }

    private void decided(Exchange begun, Decision decision) {
        if (exchange != begun) {
            return; // the connection was closed
        }
        user = decision.user();
        switch (decision.outcome()) {
            case ALLOWED -> begun.begin();
            case UNAUTHENTICATED -> {
                FullHttpResponse response = text(HttpResponseStatus.UNAUTHORIZED, "a user and a password are needed");
                response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Basic realm=\"cache\", charset=\"UTF-8\"");
                respond(response);
            }
            case FORBIDDEN -> respond(HttpResponseStatus.FORBIDDEN, "a client certificate is needed");
            case BUSY -> respond(busy());
        }
    }

    private boolean isCertified() {
        SslHandler tls = context.pipeline().get(SslHandler.class);
        if (tls == null) {
            return false;
        }
        try {
            return tls.engine().getSession().getPeerCertificates().length > 0;
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }

    private void takeContent(HttpContent content) {
        Exchange current = exchange;
        if (current == null || closing && responseEnded) {
            read(); // what arrives after the last response is dropped
            return;
        }
        int bytes = content.content().readableBytes();
        received += bytes;
        face.context().metrics().received(HttpFace.NAME, bytes);
        boolean last = content instanceof LastHttpContent;
        requestEnded = last;
        if (content.decoderResult().isFailure()) {
            requestEnded = false;
            refuseContent(current);
            return;
        }
        if (status == null && bytes > 0) {
            current.content(content.content().retain());
        }
        if (last && status == null) {
            current.contentEnded();
        }
        if (exchange == current) {
            readOn();
        }
    }

    private void refuseContent(Exchange current) {
        closing = true;
        if (status == null) {
            current.abort();
            respond(HttpResponseStatus.BAD_REQUEST, "the chunks of the body are malformed");
        } else {
            context.close();
        }
    }

    /** Goes on: reads more of the body, or awaits the next request, or nothing until something has been done. */
    void readOn() {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        if (responseEnded && requestEnded) {
            awaitRequest();
        } else if (!requestEnded && (responseEnded || (status == null && current.wantsContent()))) {
            read();
        }
    }

    /** Tells a client that expects it to send the body. */
    void sendContinue() {
        if (HttpUtil.is100ContinueExpected(currentHead())) {
            context.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private HttpRequest currentHead() {
        Exchange current = exchange;
        if (current == null) {
            throw new IllegalStateException("no request is being processed");
        }
        return current.head;
    }

    // ---- responses

    static FullHttpResponse text(HttpResponseStatus status, String text) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(text + "\n", StandardCharsets.UTF_8));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
        return response;
    }

    static FullHttpResponse busy() {
        FullHttpResponse response = text(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many requests; try again");
        response.headers().set(HttpHeaderNames.RETRY_AFTER, 1);
        return response;
    }

    void respond(HttpResponseStatus status, String text) {
        respond(text(status, text));
    }

    void respond(FullHttpResponse response) {
        int bytes = response.content().readableBytes();
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes);
        writeHead(response);
        endWith(context.writeAndFlush(response), bytes);
    }

    /** Writes the head of a response, which is not flushed yet. */
    void sendHead(HttpResponse response) {
        writeHead(response);
        context.write(response);
    }

    private void writeHead(HttpResponse response) {
        status = response.status();
        closing = closing
                || face.isStopping()
                || !HttpUtil.isKeepAlive(currentHead())
                || !(requestEnded || isDrainable());
        if (closing) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!currentHead().protocolVersion().isKeepAliveDefault()) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    /** Returns whether so little of the body is left that it is read and dropped. */
    private boolean isDrainable() {
        HttpRequest head = currentHead();
        return !HttpUtil.isTransferEncodingChunked(head)
                && !HttpUtil.is100ContinueExpected(head)
                && HttpUtil.getContentLength(head, 0L) - received <= MAX_DRAINED;
    }

    /** Writes a part of a response's body; returns the future of the write. */
    ChannelFuture sendPart(Object part, long bytes) {
        patience.sends();
        ChannelFuture written = context.write(part);
        written.addListener(future -> {
            if (future.isSuccess()) {
                countSent(bytes);
            }
        });
        return written;
    }

    private void countSent(long bytes) {
        sent += bytes;
        patience.sent(bytes);
        face.context().metrics().sent(HttpFace.NAME, bytes);
    }

    void flush() {
        context.flush();
    }

    /** Writes the end of a response. */
    void sendEnd() {
        endWith(context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT), 0);
    }

    private void endWith(ChannelFuture written, long bytes) {
        patience.sends();
        written.addListener(future -> {
            if (future.isSuccess()) {
                countSent(bytes);
                responseEnded();
            } else {
                context.close();
            }
        });
    }

    private void responseEnded() {
        if (exchange == null || responseEnded) {
            return;
        }
        responseEnded = true;
        patience.hasSent();
        record(status == null ? "-" : Integer.toString(status.code()));
        if (!closing) {
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
        if (context.channel() instanceof DuplexChannel channel
                && context.pipeline().get(SslHandler.class) == null) {
            channel.shutdownOutput();
        }
        read();
    }

    private void record(String outcome) {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        long nanos = System.nanoTime() - began;
        ServerMetrics.Kind kind = Routes.kind(current.head);
        face.context().metrics().request(kind, outcome, nanos);
        face.context()
                .log()
                .write(new AccessLog.Line(
                        HttpFace.NAME,
                        String.valueOf(context.channel().remoteAddress()),
                        user,
                        current.head.method().name(),
                        Routes.printable(current.head),
                        outcome,
                        received,
                        sent,
                        nanos));
        face.requests().end();
    }

    /** Closes the connection without an end of the response: the client must see that it is not complete. */
    void cut() {
        context.close();
    }

    /** Ends a wait for the client that took too long. */
    void timedOut() {
        LOG.debug("{}: the client is too slow", context.channel().remoteAddress());
        if (exchange != null && status == null) {
            Exchange slow = exchange;
            closing = true;
            slow.abort();
            respond(HttpResponseStatus.REQUEST_TIMEOUT, "the request took too long");
            context.close();
        } else {
            context.close();
        }
    }

    // ---- work

    HttpFace face() {
        return face;
    }

    boolean isEncrypted() {
        return context.pipeline().get(SslHandler.class) != null;
    }

    ResponseEncoder encoder() {
        return encoder;
    }

    Patience patience() {
        return patience;
    }

    /**
     * Has a worker do something, and the event loop what follows, also if the connection was closed meanwhile.
     *
     * @param then receives what the work returned, or what it threw
     */
    <T> void onWorker(Callable<T> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        face.tasks().begin();
        try {
            face.context().workers().execute(() -> {
                T result = null;
                Throwable failure = null;
                try {
                    result = work.call();
                } catch (Throwable e) {
                    failure = e;
                }
                follow(result, failure, then);
            });
        } catch (RejectedExecutionException e) {
            face.tasks().end();
            then.accept(null, e);
        }
    }

    /**
     * Has the event loop do what follows when a future completes, also if the connection was closed meanwhile.
     *
     * @param then receives the result, or the failure
     */
    <T> void await(CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        face.tasks().begin();
        CompletableFuture<?> unused = future.whenComplete((result, failure) -> follow(result, failure, then));
    }

    private <T> void follow(
            @Nullable T result, @Nullable Throwable failure, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        context.executor().execute(() -> {
            try {
                then.accept(result, failure);
            } catch (Throwable e) {
                exceptionCaught(context, e);
            } finally {
                face.tasks().end();
            }
        });
    }

    private void onLoop(Runnable task) {
        try {
            context.executor().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the server was closed while a password was checked", e);
        }
    }

    /** Closes the connection if it waits for a request: the server is being stopped. */
    void stop() {
        if (exchange == null) {
            context.close();
        }
    }

    /** Has the connection closed after the response. */
    void closeAfterResponse() {
        closing = true;
    }
}
