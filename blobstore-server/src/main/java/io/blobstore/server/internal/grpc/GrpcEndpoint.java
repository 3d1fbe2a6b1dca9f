package io.blobstore.server.internal.grpc;

import io.blobstore.cas.AccessMode;
import io.blobstore.server.GrpcOptions;
import io.blobstore.server.TlsOptions;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.Endpoint;
import io.blobstore.server.internal.ServerContext;
import io.blobstore.server.internal.Workers;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.buffer.PoolArenaMetric;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The Remote Execution API of a server: capabilities, content, action results, ByteStream and health.
 *
 * <p>gRPC's own event loops read and write sockets; a pool of its own runs the services. A call occupies a worker only
 * while it reads or writes the disk: gRPC says when a client takes or has sent more.
 */
@SuppressWarnings("FutureReturnValueIgnored") // that the event loops end is waited for, or nothing was started
public final class GrpcEndpoint implements Endpoint {
    /** Clients send messages of 4 MiB at most, by gRPC's own default; some set more for batches. */
    private static final int MAX_MESSAGE = 16 << 20;

    private static final int MAX_CALLS_PER_CONNECTION = 100;
    /** Calls that may run for each connection that may be open; one connection may have more of them. */
    private static final int CALLS_PER_CONNECTION = 8;

    private static final int FLOW_CONTROL_WINDOW = 1 << 20;
    private static final int PAGE = 8 << 10;
    /** Chunks of 1 MiB: 8 KiB shifted by this. */
    private static final int CHUNK_ORDER = 7;

    private final Server server;
    private final HealthStatusManager health;
    private final EventLoopGroup loops;
    private final PooledByteBufAllocator buffers;
    private final Workers workers;

    private GrpcEndpoint(
            Server server,
            HealthStatusManager health,
            EventLoopGroup loops,
            PooledByteBufAllocator buffers,
            Workers workers) {
        this.server = server;
        this.health = health;
        this.loops = loops;
        this.buffers = buffers;
        this.workers = workers;
    }

    /**
     * Starts to listen.
     *
     * @throws IOException if it cannot, or the certificates are not valid
     */
    public static GrpcEndpoint start(ServerContext context, GrpcOptions options) throws IOException {
        CacheAccess cache = context.cache();
        boolean writable = cache.cache().accessMode() != AccessMode.READ_ONLY;
        HealthStatusManager health = new HealthStatusManager();
        Workers workers = Workers.forCalls(context.limits().workerThreads());
        CallPaces paces = new CallPaces(context.limits(), cache.memory(), workers);
        ConnectionLimit connections = new ConnectionLimit(context.limits().maxConnections(), context.metrics());
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                options.eventLoopThreads(),
                new DefaultThreadFactory("blobstore-server-grpc", true),
                NioIoHandler.newFactory());
        PooledByteBufAllocator buffers =
                new PooledByteBufAllocator(true, 0, options.eventLoopThreads(), PAGE, CHUNK_ORDER, 0, 0, false);
        boolean started = false;
        try {
            NettyServerBuilder builder = NettyServerBuilder.forAddress(options.address())
                    .bossEventLoopGroup(loops)
                    .workerEventLoopGroup(loops)
                    .channelFactory(connections)
                    .withChildOption(ChannelOption.ALLOCATOR, buffers)
                    .executor(workers)
                    .maxInboundMessageSize(MAX_MESSAGE)
                    .maxInboundMetadataSize(context.limits().maxHeaderBytes())
                    .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                    .flowControlWindow(FLOW_CONTROL_WINDOW)
                    .maxConnectionIdle(context.limits().idleTimeout().toMillis(), TimeUnit.MILLISECONDS)
                    .handshakeTimeout(context.limits().headTimeout().toMillis(), TimeUnit.MILLISECONDS)
                    .keepAliveTime(context.limits().paceWindow().toMillis(), TimeUnit.MILLISECONDS)
                    .permitKeepAliveWithoutCalls(true)
                    .permitKeepAliveTime(10, TimeUnit.SECONDS)
                    .addService(
                            BoundedMessages.of(new CapabilitiesService(cache.maxBlobBytes(), writable).bindService()))
                    .addService(BoundedMessages.of(new ContentService(cache, context.limits(), workers).bindService()))
                    .addService(BoundedMessages.of(new ActionCacheService(
                                    new ActionResults(cache, options.checkOutputs()), cache.maxRecordBytes())
                            .bindService()))
                    .addService(
                            BoundedMessages.of(new ByteStreamService(cache, context.limits(), workers).bindService()))
                    .addService(BoundedMessages.of(health.getHealthService().bindService()))
                    .intercept(new RemoteInterceptor(cache, workers))
                    .intercept(new AccessInterceptor(context.access(), writable))
                    .addStreamTracerFactory(paces)
                    .intercept(paces)
                    .intercept(new CallLimit(
                            CALLS_PER_CONNECTION * context.limits().maxConnections()))
                    .intercept(new CallLog(context.metrics(), context.log())); // the last one is called first
            Optional<TlsOptions> tls = context.tls();
            if (tls.isPresent()) {
                builder.sslContext(sslContext(tls.get(), context.access().allowsAnonymousReads()));
            }
            GrpcEndpoint endpoint = new GrpcEndpoint(builder.build().start(), health, loops, buffers, workers);
            paces.start(loops);
            started = true;
            return endpoint;
        } finally {
            if (!started) {
                loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            }
        }
    }

    private static SslContext sslContext(TlsOptions tls, boolean optional) throws IOException {
        try {
            SslContextBuilder builder = GrpcSslContexts.forServer(file(tls.certificateChain()), file(tls.privateKey()));
            if (tls.clientAuthorities().isPresent()) {
                builder.trustManager(file(tls.clientAuthorities().get()))
                        .clientAuth(optional ? ClientAuth.OPTIONAL : ClientAuth.REQUIRE);
            }
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw new IOException("the certificates or the key are not valid: " + e.getMessage(), e);
        }
    }

    private static File file(java.nio.file.Path path) {
        return path.toFile();
    }

    @Override
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getListenSockets().get(0);
    }

    @Override
    public void stopAccepting() {
        health.enterTerminalState();
        server.shutdown();
    }

    @Override
    public boolean awaitIdle(Duration timeout) throws InterruptedException {
        return server.awaitTermination(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public long activeBuffers() {
        return buffers.metric().directArenas().stream()
                .mapToLong(PoolArenaMetric::numActiveAllocations)
                .sum();
    }

    /** Returns how many bytes of memory it has for its buffers; for tests. */
    long bufferMemory() {
        return buffers.metric().directArenas().stream()
                .mapToLong(PoolArenaMetric::numActiveBytes)
                .sum();
    }

    @Override
    public void cut() {
        server.shutdownNow();
        boolean interrupted = false;
        for (; ; ) {
            try {
                server.awaitTermination();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
        interrupted |= workers.closeAndWait();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
