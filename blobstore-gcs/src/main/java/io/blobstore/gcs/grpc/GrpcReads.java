package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Reads the objects of a bucket over gRPC. Thread-safe.
 *
 * <p>There are two limits: how many connections carry the streams, and how many ranges are read at once. A single
 * connection of a zonal bucket is slower than the network; ranges beyond the number of connections share them.
 */
public final class GrpcReads implements Closeable {
    private final GrpcSettings settings;
    private final SessionPool pool;
    private final Semaphore ranges;

    private GrpcReads(GrpcSettings settings, SessionPool pool) {
        this.settings = settings;
        this.pool = pool;
        this.ranges = new Semaphore(settings.rangesInFlight(), true);
    }

    /**
     * Creates the connections, which are established when they are needed.
     *
     * @throws IOException if Google's libraries cannot create a channel
     */
    public static GrpcReads create(GrpcSettings settings) throws IOException {
        List<Connection> connections = new ArrayList<>();
        for (int i = 0; i < settings.connections(); i++) {
            connections.add(Connection.create(settings));
        }
        SessionPool.Opener opener = (connection, object, generation, redirect) -> ReadSession.open(
                connection,
                settings.bucketResource(),
                object,
                generation,
                redirect,
                settings.stallTimeout().toNanos());
        return new GrpcReads(settings, new SessionPool(opener, connections));
    }

    /**
     * Reads a blob, or a range of it, into a window, as {@link io.blobstore.BlobStore#read(BlobKey, ByteRange,
     * BlobTarget.Window, io.blobstore.ReadOptions)} does.
     *
     * @param object the object's name
     * @param generation the version that the blob must have; empty for the current one
     */
    public ReadResult read(
            BlobKey key, String object, ByteRange range, Optional<Long> generation, BlobTarget.Window target)
            throws IOException {
        try {
            ranges.acquire();
        } catch (InterruptedException e) {
            throw settings.errors().translate(Operation.READ, key, e);
        }
        try {
            return new ObjectRead(settings, pool, key, object, range, generation, target).run();
        } finally {
            ranges.release();
        }
    }

    /** Returns the number of open sessions, for tests. */
    int sessions() {
        return pool.size();
    }

    /** Cancels all reads, waits until they have ended, and closes the connections. Idempotent. */
    @Override
    public void close() {
        pool.close();
    }
}
