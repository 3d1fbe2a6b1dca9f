package io.blobstore.gcs;

import com.google.auth.Credentials;
import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.gcs.grpc.GrpcReadSettings;
import io.blobstore.gcs.grpc.GrpcReads;
import io.blobstore.gcs.grpc.GrpcWrites;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.RetryClock;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The transport of content: HTTP, or gRPC, which is set up, and whose classes are loaded, with the first read over it.
 * Thread-safe.
 */
final class ContentTransport implements Closeable {
    private static final int MAX_CONNECTIONS = 64;

    private final Settings settings;
    private final BucketContext bucket;
    private final GcsClientFactory.Client client;
    private final GcsErrors errors;
    private final TransportSelection selection;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private @Nullable GrpcReads reads;
    private @Nullable GrpcWrites writes;

    /**
     * The settings of the transport.
     *
     * @param endpoint the server for gRPC; empty for that of the SDK's client
     */
    record Settings(
            GcsTransport transport,
            int connections,
            int rangesInFlight,
            Optional<URI> endpoint,
            Duration stallTimeout,
            List<TrustManager> trustManagers,
            int maxAttempts,
            RetryClock clock) {
        static final Settings DEFAULT = new Settings(
                GcsTransport.HTTP, 4, 256, Optional.empty(), Duration.ofSeconds(30), List.of(), 1, RetryClock.SYSTEM);

        Settings {
            if (connections < 1 || connections > MAX_CONNECTIONS) {
                throw new IllegalArgumentException(
                        "grpcConnections is from 1 to " + MAX_CONNECTIONS + "; got " + connections);
            }
            if (rangesInFlight < 1) {
                throw new IllegalArgumentException("grpcRangesInFlight is 1 or more; got " + rangesInFlight);
            }
        }

        Settings with(GcsTransport other) {
            return new Settings(
                    other, connections, rangesInFlight, endpoint, stallTimeout, trustManagers, maxAttempts, clock);
        }

        Settings withConnections(int other) {
            return new Settings(
                    transport, other, rangesInFlight, endpoint, stallTimeout, trustManagers, maxAttempts, clock);
        }

        Settings withRangesInFlight(int other) {
            return new Settings(
                    transport, connections, other, endpoint, stallTimeout, trustManagers, maxAttempts, clock);
        }

        Settings withEndpoint(URI other) {
            return new Settings(
                    transport,
                    connections,
                    rangesInFlight,
                    Optional.of(other),
                    stallTimeout,
                    trustManagers,
                    maxAttempts,
                    clock);
        }

        Settings withStallTimeout(Duration other) {
            return new Settings(
                    transport, connections, rangesInFlight, endpoint, other, trustManagers, maxAttempts, clock);
        }

        Settings withTrustManagers(List<TrustManager> other) {
            return new Settings(
                    transport, connections, rangesInFlight, endpoint, stallTimeout, other, maxAttempts, clock);
        }

        Settings with(int attempts, RetryClock other) {
            return new Settings(
                    transport, connections, rangesInFlight, endpoint, stallTimeout, trustManagers, attempts, other);
        }
    }

    ContentTransport(Settings settings, BucketContext bucket, GcsClientFactory.Client client, GcsErrors errors) {
        this.settings = settings;
        this.bucket = bucket;
        this.client = client;
        this.errors = errors;
        selection = new TransportSelection(
                settings.transport(), bucket, client.client(), errors, TransportSelection.TIME_LIMIT);
    }

    /**
     * Returns whether content is read over gRPC; the first call may send a request.
     *
     * @throws UnsupportedTransportException if the settings demand gRPC, and the bucket is not zonal
     */
    boolean isGrpc(Operation operation, @Nullable BlobKey key) throws IOException {
        return selection.isGrpc(operation, key);
    }

    /** Reads a range over gRPC; see {@link io.blobstore.BlobStore#read}. */
    ReadResult read(BlobKey key, String object, ByteRange range, Optional<BlobVersion> wanted, BlobTarget.Window target)
            throws IOException {
        Optional<Long> generation = wanted.isEmpty()
                ? Optional.empty()
                : Optional.of(Generations.require(Operation.READ, key, wanted.get()));
        return bucket.request(Operation.READ, key, () -> {
            ReadResult result = opened().read(key, object, range, generation, target);
            bucket.moved(0, result.length());
            return result;
        });
    }

    private GrpcReads opened() throws IOException {
        lock.lock();
        try {
            bucket.requireOpen(); // in the lock, as close() must find what is opened
            if (reads == null) {
                reads = GrpcReads.create(grpcSettings());
            }
            return reads;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the writes over gRPC, which are possible if {@link #isGrpc} returns true. */
    GrpcWrites writes() throws IOException {
        lock.lock();
        try {
            bucket.requireOpen(); // in the lock, as close() must find what is opened
            if (writes == null) {
                writes = GrpcWrites.create(grpcSettings());
            }
            return writes;
        } finally {
            lock.unlock();
        }
    }

    private GrpcReadSettings grpcSettings() {
        Credentials credentials = client.client().getOptions().getScopedCredentials();
        return new GrpcReadSettings(
                bucket.name(),
                settings.endpoint()
                        .orElseGet(() -> URI.create(client.client().getOptions().getHost())),
                settings.endpoint().isEmpty() && client.isGoogle(),
                Optional.ofNullable(credentials).filter(found -> !(found instanceof NoCredentials)),
                settings.trustManagers(),
                settings.connections(),
                settings.rangesInFlight(),
                settings.stallTimeout(),
                settings.maxAttempts(),
                settings.clock(),
                errors);
    }

    /**
     * Ends all reads and writes over gRPC, and waits for them. To be called after the bucket was closed. Idempotent.
     */
    @Override
    public void close() {
        GrpcReads openedReads;
        GrpcWrites openedWrites;
        lock.lock();
        try {
            openedReads = reads;
            openedWrites = writes;
        } finally {
            lock.unlock();
        }
        if (openedWrites != null) {
            openedWrites.close();
        }
        if (openedReads != null) {
            openedReads.close();
        }
    }
}
