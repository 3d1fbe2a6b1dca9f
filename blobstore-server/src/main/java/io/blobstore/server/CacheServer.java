package io.blobstore.server;

import io.blobstore.cache.CachedStoreOptions;
import io.blobstore.cache.EntryBlobStore;
import io.blobstore.cache.RemoteCache;
import io.blobstore.cas.ContentCache;
import io.blobstore.server.internal.AccessControl;
import io.blobstore.server.internal.AccessLog;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.Endpoint;
import io.blobstore.server.internal.ReadMemory;
import io.blobstore.server.internal.ServerContext;
import io.blobstore.server.internal.ServerMetrics;
import io.blobstore.server.internal.Workers;
import io.blobstore.server.internal.grpc.ActionResults;
import io.blobstore.server.internal.grpc.GrpcEndpoint;
import io.blobstore.server.internal.http.HttpEndpoint;
import io.blobstore.server.internal.remote.CasblobStore;
import io.blobstore.server.internal.remote.HttpEntries;
import io.blobstore.server.internal.remote.RemoteTier;
import io.blobstore.transfer.RetryPolicy;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a {@link ContentCache} to clients that use bazel-remote: by HTTP, and by the Remote Execution API. Listens on
 * the loopback address unless told otherwise.
 *
 * <pre>{@code
 * try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(50L << 30));
 *         CacheServer server = CacheServer.builder(cache)
 *                 .http(HttpOptions.of(new InetSocketAddress("localhost", 8080)))
 *                 .start()) {
 *     …
 * }
 * }</pre>
 *
 * <p>The cache belongs to the caller, who closes it after the server. Thread-safe.
 */
public final class CacheServer implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheServer.class);
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);

    private final ServerContext context;
    private final Optional<Endpoint> http;
    private final Optional<Endpoint> grpc;
    private final AtomicBoolean closed = new AtomicBoolean();

    private CacheServer(ServerContext context, Optional<Endpoint> http, Optional<Endpoint> grpc) {
        this.context = context;
        this.http = http;
        this.grpc = grpc;
    }

    /** Returns a builder of a server for a cache, which must stay open until the server is closed. */
    public static Builder builder(ContentCache cache) {
        Objects.requireNonNull(cache, "cache");
        return new Builder(cache);
    }

    /**
     * Returns the address on which it listens for HTTP, with the port that was chosen.
     *
     * @throws IllegalStateException if it does not speak HTTP
     */
    public InetSocketAddress httpAddress() {
        return http.orElseThrow(() -> new IllegalStateException("the server was started without http()"))
                .address();
    }

    /**
     * Returns the address on which it listens for gRPC, with the port that was chosen.
     *
     * @throws IllegalStateException if it does not speak gRPC
     */
    public InetSocketAddress grpcAddress() {
        return grpc.orElseThrow(() -> new IllegalStateException("the server was started without grpc()"))
                .address();
    }

    /** Closes the server, with 30 s for the requests that run. See {@link #close(Duration)}. */
    @Override
    public void close() {
        close(DEFAULT_GRACE);
    }

    /**
     * Closes the server: stops accepting connections and requests, waits for those that run, then cuts off what is left
     * of them, of which nothing is kept; and waits for the uploads to the remote cache. What is not uploaded by then
     * stays recorded, and is uploaded by the next server of this cache with this remote cache. When this returns,
     * nothing uses the cache, or the store of the remote one, any more. Idempotent.
     *
     * <p>If the thread is interrupted, requests and uploads are cut off at once, and it stays interrupted.
     *
     * @param grace how long all of that may take
     */
    public void close(Duration grace) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        boolean interrupted = false;
        long end = System.nanoTime() + grace.toNanos();
        endpoints().forEach(Endpoint::stopAccepting);
        for (Endpoint endpoint : endpoints().toList()) {
            try {
                if (!endpoint.awaitIdle(Duration.ofNanos(Math.max(0, end - System.nanoTime())))) {
                    LOG.warn("requests to {} are cut off: they did not end within {}", endpoint.address(), grace);
                }
            } catch (InterruptedException e) {
                interrupted = true;
                break;
            }
        }
        Optional<RemoteTier> remote = context.cache().remote();
        remote.ifPresent(RemoteTier::endWaits);
        endpoints().forEach(Endpoint::cut);
        context.access().close();
        interrupted |= context.workers().closeAndWait();
        context.cache().close();
        if (remote.isPresent()) {
            interrupted |= remote.get()
                    .close(interrupted ? Duration.ZERO : Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns how many buffers its connections use; for tests. */
    long activeBuffers() {
        return endpoints().mapToLong(Endpoint::activeBuffers).sum();
    }

    private Stream<Endpoint> endpoints() {
        return Stream.of(http, grpc).flatMap(Optional::stream);
    }

    @Override
    public String toString() {
        return "CacheServer" + endpoints().map(Endpoint::address).toList();
    }

    /** Builds {@link CacheServer}s. Not thread-safe. */
    public static final class Builder {
        /** A client waits: it can try again by itself. */
        private static final RetryPolicy DOWNLOADS = RetryPolicy.builder()
                .maxAttempts(3)
                .baseDelay(Duration.ofMillis(100))
                .maxDelay(Duration.ofSeconds(1))
                .build();

        private final ContentCache cache;
        private Optional<HttpOptions> http = Optional.empty();
        private Optional<GrpcOptions> grpc = Optional.empty();
        private Optional<TlsOptions> tls = Optional.empty();
        private AuthOptions auth = AuthOptions.none();
        private ServerLimits limits = ServerLimits.defaults();
        private Optional<RemoteOptions> remote = Optional.empty();

        private Builder(ContentCache cache) {
            this.cache = cache;
        }

        /** Lets the server speak HTTP. */
        public Builder http(HttpOptions options) {
            http = Optional.of(Objects.requireNonNull(options, "options"));
            return this;
        }

        /** Lets the server speak gRPC: the Remote Execution API. */
        public Builder grpc(GrpcOptions options) {
            grpc = Optional.of(Objects.requireNonNull(options, "options"));
            return this;
        }

        /** Sets the certificates; default: none, connections are not encrypted. */
        public Builder tls(TlsOptions options) {
            tls = Optional.of(Objects.requireNonNull(options, "options"));
            return this;
        }

        /** Sets who may use the server; default: everyone who can connect. */
        public Builder auth(AuthOptions options) {
            auth = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * Sets the remote cache behind the local one; default: none. What the local one does not have is fetched from
         * it, and what clients put is uploaded to it. A remote cache that fails is one that has nothing.
         */
        public Builder remote(RemoteOptions options) {
            remote = Optional.of(Objects.requireNonNull(options, "options"));
            return this;
        }

        /** Sets what clients may demand; default {@link ServerLimits#defaults}. */
        public Builder limits(ServerLimits limits) {
            this.limits = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /**
         * Starts the server, which accepts connections when this returns.
         *
         * @throws IOException if it cannot listen, or a file of certificates or passwords is not valid, or the records
         *     of what waits to be uploaded cannot be read
         * @throws IllegalArgumentException if uploads are to be written back, and the cache is not open in exclusive
         *     mode
         * @throws IllegalStateException if neither {@link #http} nor {@link #grpc} was called
         */
        public CacheServer start() throws IOException {
            if (http.isEmpty() && grpc.isEmpty()) {
                throw new IllegalStateException("nothing to listen for; call http() or grpc()");
            }
            boolean certificates = tls.flatMap(TlsOptions::clientAuthorities).isPresent();
            AccessControl access = AccessControl.of(auth, certificates);
            Optional<RemoteTier> tier = Optional.empty();
            try {
                tier = remote.isPresent() ? Optional.of(openRemote(remote.get())) : tier;
            } catch (IOException | RuntimeException e) {
                access.close();
                throw e;
            }
            ServerContext context = new ServerContext(
                    new CacheAccess(
                            cache,
                            new ReadMemory(limits.readMemory()),
                            limits.maxBlobBytes().orElse(cache.stats().maxBytes()),
                            limits.maxRecordBytes(),
                            tier),
                    new Workers(limits.workerThreads()),
                    access,
                    new ServerMetrics(),
                    new AccessLog(),
                    limits,
                    tls);
            CacheServer server = new CacheServer(context, Optional.empty(), Optional.empty());
            try {
                if (grpc.isPresent()) {
                    server = new CacheServer(
                            context, Optional.empty(), Optional.of(GrpcEndpoint.start(context, grpc.get())));
                }
                if (http.isPresent()) {
                    server = new CacheServer(context, Optional.of(startHttp(context, http.get())), server.grpc);
                }
                return server;
            } catch (IOException | RuntimeException | Error e) {
                server.close(Duration.ZERO);
                throw e;
            }
        }

        private static Endpoint startHttp(ServerContext context, HttpOptions options) throws IOException {
            return HttpEndpoint.start(
                    options.validateActionResults()
                            ? context.withCache(context.cache().checkedBy(new ActionResults(context.cache(), true)))
                            : context,
                    options);
        }

        private RemoteTier openRemote(RemoteOptions options) throws IOException {
            CachedStoreOptions.Builder settings = CachedStoreOptions.builder()
                    .fillThreads(options.downloads())
                    .stallTimeout(options.stallTimeout())
                    .retry(DOWNLOADS);
            options.writeBack().ifPresent(settings::writeBack);
            EntryBlobStore entries = options.http().isPresent()
                    ? HttpEntries.open(options.http().get(), options.stallTimeout())
                    : new CasblobStore(options.bucket().orElseThrow(), options.layout(), options.prefix());
            try {
                RemoteCache opened = RemoteCache.open(entries, cache, settings.build());
                return new RemoteTier(opened, options, limits.maxRecordBytes());
            } catch (IOException | RuntimeException e) {
                entries.close();
                throw e;
            }
        }
    }
}
