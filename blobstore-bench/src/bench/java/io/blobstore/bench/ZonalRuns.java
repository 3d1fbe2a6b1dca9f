package io.blobstore.bench;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobReadSession;
import com.google.cloud.storage.ReadProjectionConfigs;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadOptions;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsTransport;
import io.blobstore.gcs.grpc.FakeGrpcServer;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;

/** Rounds of reads from a zonal bucket over gRPC. */
final class ZonalRuns {
    /** How often a round of whole reads reads the object. */
    static final int READS = 4;

    /** The number of small reads of a round. */
    static final int SMALL_READS = 256;

    static final String OBJECT = "blob";
    private static final BlobKey KEY = BlobKey.of(OBJECT);
    private static final int SMALL = 4096;

    private ZonalRuns() {}

    private static BlobStore open(Workload.Spec spec, int connections) throws IOException {
        return GcsBlobStore.builder(FakeGrpcServer.BUCKET)
                .endpoint(URI.create(spec.endpoint())) // which answers no HTTP: then the transport is as demanded
                .grpcEndpoint(URI.create(spec.endpoint()))
                .credentials(NoCredentials.getInstance())
                .transport(GcsTransport.GRPC)
                .grpcConnections(connections)
                .open();
    }

    /** Reads the object as a whole, with one range. */
    static Workload.Run whole(Workload.Spec spec) throws IOException {
        BlobStore store = open(spec, 1);
        ByteBuffer target = ByteBuffer.allocateDirect((int) spec.size());
        return run(store, () -> {
            for (int i = 0; i < READS; i++) {
                store.read(KEY, ByteRange.all(), target.clear());
            }
        });
    }

    /** Downloads the object in parts, which are read at once, into memory. */
    static Workload.Run download(Workload.Spec spec, int connections) throws IOException {
        BlobStore store = open(spec, connections);
        ByteBuffer target = ByteBuffer.allocateDirect((int) spec.size());
        TransferManager transfers = TransferManager.create();
        DownloadOptions options =
                DownloadOptions.builder().partSize(4 << 20).concurrency(8).build();
        return run(
                store,
                () -> transfers
                        .download(store, KEY, ByteRange.all(), BlobTarget.of(target.clear()), options)
                        .join());
    }

    /** Reads 4 KiB of one version at random, one after the other. */
    static Workload.Run small(Workload.Spec spec) throws IOException {
        BlobStore store = open(spec, 4);
        ByteBuffer target = ByteBuffer.allocateDirect(SMALL);
        ReadOptions version = version(store, target);
        return run(store, () -> readSmall(store, spec.size(), target, version));
    }

    /** Reads 4 KiB at random while another thread reads all of the object again and again, also between rounds. */
    static Workload.Run besideLarge(Workload.Spec spec) throws IOException {
        BlobStore store = open(spec, 4);
        ByteBuffer target = ByteBuffer.allocateDirect(SMALL);
        ByteBuffer large = ByteBuffer.allocateDirect((int) spec.size());
        ReadOptions version = version(store, target);
        CompletableFuture<Void> end = new CompletableFuture<>();
        CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
            try {
                while (!end.isDone()) {
                    store.read(KEY, ByteRange.all(), large.clear(), version);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        AutoCloseable both = () -> {
            end.complete(null);
            others.join();
            store.close();
        };
        return run(both, () -> {
            if (others.isDone()) {
                others.join(); // it has failed
            }
            readSmall(store, spec.size(), target, version);
        });
    }

    private static ReadOptions version(BlobStore store, ByteBuffer target) throws IOException {
        return ReadOptions.ifMatch(
                store.read(KEY, ByteRange.of(0, SMALL), target.clear()).blob().version());
    }

    private static void readSmall(BlobStore store, long size, ByteBuffer target, ReadOptions version)
            throws IOException {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < SMALL_READS; i++) {
            store.read(KEY, ByteRange.of(random.nextLong(size - SMALL), SMALL), target.clear(), version);
        }
    }

    /** What a round does. */
    private interface Round {
        void run() throws Exception;
    }

    private static Workload.Run run(AutoCloseable resource, Round round) {
        return new Workload.Run() {
            @Override
            public void round() throws Exception {
                round.run();
            }

            @Override
            public void close() throws Exception {
                resource.close();
            }
        };
    }

    /** Reads the object as a whole, through a channel of the SDK's session. */
    static Workload.Run sdkChannel(Workload.Spec spec) throws IOException {
        Storage storage = StorageOptions.grpc()
                .setHost(spec.endpoint())
                .setCredentials(NoCredentials.getInstance())
                .setProjectId("none")
                .setAttemptDirectPath(false)
                .setEnableGrpcClientMetrics(false)
                .build()
                .getService();
        ByteBuffer target = ByteBuffer.allocateDirect((int) spec.size());
        try {
            BlobReadSession session = storage.blobReadSession(BlobId.of(FakeGrpcServer.BUCKET, OBJECT))
                    .get();
            return run(storage, () -> {
                for (int i = 0; i < READS; i++) {
                    read(session, target.clear());
                }
            });
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        }
    }

    private static void read(BlobReadSession session, ByteBuffer target) throws IOException {
        try (ReadableByteChannel channel = session.readAs(ReadProjectionConfigs.asChannel())) {
            int bytes = 0;
            while (target.hasRemaining() && bytes >= 0) {
                bytes = channel.read(target);
                if (bytes == 0) {
                    LockSupport.parkNanos(50_000); // the channel does not wait
                }
            }
        }
        if (target.hasRemaining()) {
            throw new BenchmarkException("a read was cut short");
        }
    }
}
