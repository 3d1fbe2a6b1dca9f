package io.blobstore.server.internal.http;

import io.blobstore.cas.AccessMode;
import io.blobstore.server.HttpOptions;
import io.blobstore.server.internal.Endpoint;
import io.blobstore.server.internal.ServerContext;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The HTTP endpoint: listens, and gives each connection its handlers. Thread-safe. */
@SuppressWarnings("FutureReturnValueIgnored") // that a channel is closed is waited for in cut()
public final class HttpEndpoint implements Endpoint {
    static final String NAME = "http";

    private static final int MAX_RECEIVED = 128 << 10;
    private static final int BACKLOG = 1024;
    private static final int PAGE = 8 << 10;
    /** Chunks of 1 MiB: 8 KiB shifted by this. */
    private static final int CHUNK_ORDER = 7;

    private final ServerContext context;
    private final Optional<SslContext> tls;
    private final boolean writable;
    private final EventLoopGroup loops;
    private final PooledByteBufAllocator buffers;
    private final ChannelGroup connections = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
    private final AtomicInteger open = new AtomicInteger();
    private final Running requests = new Running();
    /** Tasks of workers, until the event loop knows of their end. */
    private final Running tasks = new Running();

    private volatile boolean stopping;
    private Channel listener;

    @SuppressWarnings("NullAway.Init") // the listener is set before anyone else knows this
    private HttpEndpoint(ServerContext context, HttpOptions options) throws IOException {
        this.context = context;
        tls = context.tls().isPresent() ? Optional.of(Certificates.context(context)) : Optional.empty();
        writable = context.cache().cache().accessMode() != AccessMode.READ_ONLY;
        loops = new NioEventLoopGroup(
                options.eventLoopThreads(), new DefaultThreadFactory("blobstore-server-http", true));
        buffers = new PooledByteBufAllocator(true, 0, options.eventLoopThreads(), PAGE, CHUNK_ORDER, 0, 0, false);
    }

    /**
     * Starts to listen.
     *
     * @throws IOException if the address cannot be used, or a certificate is not valid
     */
    public static HttpEndpoint start(ServerContext context, HttpOptions options) throws IOException {
        HttpEndpoint endpoint = new HttpEndpoint(context, options);
        ChannelFuture bound = endpoint.bootstrap().bind(options.address()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            endpoint.endLoops();
            throw new IOException("cannot listen on " + options.address() + ": " + bound.cause(), bound.cause());
        }
        endpoint.listener = bound.channel();
        return endpoint;
    }

    private ServerBootstrap bootstrap() {
        return new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.ALLOCATOR, (ByteBufAllocator) buffers)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.RCVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 4096, MAX_RECEIVED))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accept(channel);
                    }
                });
    }

    private void accept(SocketChannel channel) {
        if (open.incrementAndGet() > context.limits().maxConnections()) {
            open.decrementAndGet();
            context.metrics().refused(NAME);
            channel.close();
            return;
        }
        context.metrics().opened(NAME);
        connections.add(channel);
        channel.closeFuture().addListener(closed -> {
            open.decrementAndGet();
            context.metrics().closed(NAME);
        });
        Connection connection = new Connection(this);
        tls.ifPresent(certificates -> {
            SslHandler handler = certificates.newHandler(channel.alloc());
            handler.setHandshakeTimeoutMillis(context.limits().headTimeout().toMillis());
            channel.pipeline().addLast(handler);
        });
        int maxHead = context.limits().maxHeaderBytes();
        channel.pipeline()
                .addLast(new ByteWatch(connection.patience()))
                .addLast(new HttpRequestDecoder(new HttpDecoderConfig()
                        .setMaxInitialLineLength(maxHead)
                        .setMaxHeaderSize(maxHead)
                        .setMaxChunkSize(MAX_RECEIVED)))
                .addLast(new ResponseEncoder())
                .addLast(connection);
    }

    @Override
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    ServerContext context() {
        return context;
    }

    /** Returns whether clients can put anything into the cache. */
    boolean isWritable() {
        return writable;
    }

    boolean isStopping() {
        return stopping;
    }

    /** Returns the count of requests without a complete response. */
    Running requests() {
        return requests;
    }

    /**
     * Has a worker do something, and an event loop what follows. Never does the server end in between: what the work
     * has taken is always given back by what follows.
     *
     * @param then receives what the work returned, or what it threw; called at once if no worker takes it
     */
    <T> void onWorker(Callable<T> work, Executor loop, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        tasks.begin();
        try {
            context.workers().execute(() -> run(work, loop, then));
        } catch (RejectedExecutionException e) {
            tasks.end();
            then.accept(null, e);
        }
    }

    private <T> void run(Callable<T> work, Executor loop, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        T result = null;
        Throwable failure = null;
        try {
            result = work.call();
        } catch (Throwable e) {
            failure = e;
        }
        follow(result, failure, loop, then);
    }

    private <T> void follow(
            @Nullable T result,
            @Nullable Throwable failure,
            Executor loop,
            BiConsumer<@Nullable T, @Nullable Throwable> then) {
        loop.execute(() -> {
            try {
                then.accept(result, failure);
            } finally {
                tasks.end();
            }
        });
    }

    /**
     * Has an event loop do what follows when a future completes. Never does the server end in between.
     *
     * @param then receives the result, or the failure
     */
    <T> void await(CompletableFuture<T> future, Executor loop, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        tasks.begin();
        CompletableFuture<?> unused = future.whenComplete((result, failure) -> follow(result, failure, loop, then));
    }

    @Override
    public long activeBuffers() {
        return buffers.metric().directArenas().stream()
                .mapToLong(PoolArenaMetric::numActiveAllocations)
                .sum();
    }

    @Override
    public void stopAccepting() {
        stopping = true;
        listener.close();
        for (Channel channel : connections) {
            channel.eventLoop().execute(() -> {
                Connection connection = channel.pipeline().get(Connection.class);
                if (connection != null) {
                    connection.stop();
                }
            });
        }
    }

    @Override
    public boolean awaitIdle(Duration timeout) throws InterruptedException {
        return requests.await(timeout.toNanos());
    }

    @Override
    public void cut() {
        stopping = true;
        listener.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
        tasks.awaitUninterruptibly();
        endLoops();
    }

    private void endLoops() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
