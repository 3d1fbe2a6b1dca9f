package io.blobstore.gcs.grpc;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import com.google.protobuf.ByteString;
import com.google.storage.v2.Bucket;
import com.google.storage.v2.Object;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;

/**
 * Cloud Storage's gRPC service with one bucket, in the JVM of the tests, over real connections of the loopback
 * interface, usually without TLS. Implements what zonal buckets need (reads of many ranges over one stream, appendable
 * objects), and objects' and the bucket's metadata, lists and deletions. Thread-safe.
 */
final class FakeGrpcStorage implements AutoCloseable {
    static final String BUCKET = "zonal";

    /** The largest message that Cloud Storage sends. */
    static final int MAX_MESSAGE = 2 << 20;

    private static final String BUCKET_PATH = "projects/_/buckets/" + BUCKET;

    final FakeCounts counts = new FakeCounts();
    final FakeFaults faults = new FakeFaults();
    final FakeGrpcObjects objects = new FakeGrpcObjects(BUCKET_PATH);
    final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final FakeConnections connections = new FakeConnections();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final Server server;
    private volatile int messageSize = MAX_MESSAGE;
    private volatile boolean zonal = true;

    private final boolean secure;

    private FakeGrpcStorage(ServerCredentials credentials) throws IOException {
        secure = credentials instanceof TlsServerCredentials;
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), credentials)
                .channelFactory(connections::newAcceptor)
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .executor(executor)
                .maxInboundMessageSize(16 << 20)
                .addService(new FakeStorageService(this))
                .intercept(counts.authorizing())
                .build()
                .start();
    }

    static FakeGrpcStorage start() throws IOException {
        return new FakeGrpcStorage(InsecureServerCredentials.create());
    }

    /** Starts a server with TLS. */
    static FakeGrpcStorage startSecure(KeyManager... keyManagers) throws IOException {
        return new FakeGrpcStorage(
                TlsServerCredentials.newBuilder().keyManager(keyManagers).build());
    }

    /** Returns the server's address: {@code http://127.0.0.1:PORT}, or with {@code https}. */
    URI endpoint() {
        return URI.create((secure ? "https" : "http") + "://127.0.0.1:" + server.getPort());
    }

    /** Returns a client of the SDK; it has one connection. */
    Storage newClient() {
        return StorageOptions.grpc()
                .setHost(endpoint().toString())
                .setCredentials(NoCredentials.getInstance())
                .setProjectId("none")
                .setAttemptDirectPath(false)
                .setEnableGrpcClientMetrics(false)
                .build()
                .getService();
    }

    /** Sets how many bytes a message has at most. */
    void messageSize(int bytes) {
        messageSize = bytes;
    }

    int messageSize() {
        return messageSize;
    }

    /** Makes the bucket one of the storage class STANDARD in a region. */
    void beStandard() {
        zonal = false;
    }

    Bucket bucket() {
        return Bucket.newBuilder()
                .setName(BUCKET_PATH)
                .setBucketId(BUCKET)
                .setProject("projects/1")
                .setLocation(zonal ? "US-CENTRAL1" : "US")
                .setLocationType(zonal ? "zone" : "multi-region")
                .setStorageClass(zonal ? "RAPID" : "STANDARD")
                .build();
    }

    /** Stores a finalized object, and returns its generation. */
    long put(String name, byte[] content) {
        FakeGrpcObject object = objects.create(
                Object.newBuilder().setBucket(BUCKET_PATH).setName(name).build(), false, 0);
        object.write(0, ByteString.copyFrom(content));
        object.persist(content.length);
        object.finish();
        return object.generation();
    }

    /** Returns the persisted content of an object's newest generation. */
    byte[] content(String name) {
        return objects.find(name).orElseThrow().content();
    }

    /** Returns how many connections were accepted so far. */
    int connections() {
        return connections.accepted();
    }

    /** Returns how many connections are open. */
    int openConnections() {
        return connections.open();
    }

    /** Closes all connections, whatever they carry, and returns how many there were. Clients may connect again. */
    int cutConnections() {
        return connections.cut();
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            if (!server.awaitTermination(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the server does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        executor.shutdownNow();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
