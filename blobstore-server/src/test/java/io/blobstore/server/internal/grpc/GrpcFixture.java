package io.blobstore.server.internal.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.AuthOptions;
import io.blobstore.server.GrpcOptions;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.TlsOptions;
import io.blobstore.server.internal.AccessControl;
import io.blobstore.server.internal.AccessLog;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.ReadMemory;
import io.blobstore.server.internal.ServerContext;
import io.blobstore.server.internal.ServerMetrics;
import io.blobstore.server.internal.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A cache that is served by gRPC on the loopback interface, and a client. */
final class GrpcFixture implements Closeable {
    final ContentCache cache;
    final ServerContext context;
    final GrpcEndpoint endpoint;
    final GrpcClient client;

    GrpcFixture(Path directory, StorageMode mode) throws IOException {
        this(
                directory,
                CacheOptions.builder().maxBytes(256L << 20).storageMode(mode).build(),
                ServerLimits.defaults(),
                AuthOptions.none(),
                Optional.empty());
    }

    GrpcFixture(Path directory, ServerLimits limits) throws IOException {
        this(directory, CacheOptions.ofMaxBytes(256L << 20), limits, AuthOptions.none(), Optional.empty());
    }

    GrpcFixture(Path directory, AuthOptions auth, Optional<TlsOptions> tls) throws IOException {
        this(directory, CacheOptions.ofMaxBytes(256L << 20), ServerLimits.defaults(), auth, tls);
    }

    GrpcFixture(Path directory, CacheOptions options) throws IOException {
        this(directory, options, ServerLimits.defaults(), AuthOptions.none(), Optional.empty());
    }

    private GrpcFixture(
            Path directory, CacheOptions options, ServerLimits limits, AuthOptions auth, Optional<TlsOptions> tls)
            throws IOException {
        cache = ContentCache.open(directory, options);
        boolean certificates = tls.flatMap(TlsOptions::clientAuthorities).isPresent();
        context = new ServerContext(
                new CacheAccess(
                        cache,
                        new ReadMemory(limits.readMemory()),
                        cache.stats().maxBytes(),
                        limits.maxRecordBytes(),
                        Optional.empty()),
                new Workers(limits.workerThreads()),
                AccessControl.of(auth, certificates),
                new ServerMetrics(),
                new AccessLog(),
                limits,
                tls);
        endpoint = GrpcEndpoint.start(context, GrpcOptions.builder().build());
        client = new GrpcClient(endpoint.address());
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.yield();
        }
    }

    /** Cuts everything off, and requires that nothing is left: memory, leases, reserved room. */
    @Override
    public void close() throws IOException {
        client.close();
        endpoint.stopAccepting();
        endpoint.cut();
        context.access().close();
        context.workers().closeAndWait();
        assertThat(context.cache().memory().used()).as("memory for reads").isZero();
        assertThat(endpoint.activeBuffers()).as("buffers in use").isZero();
        assertThat(cache.stats().reservedBytes()).as("reserved").isZero();
        if (cache.accessMode() != AccessMode.READ_ONLY) {
            cache.evictTo(0);
            assertThat(cache.stats().entries()).as("entries under a lease").isZero();
        }
        cache.close();
    }
}
