package io.blobstore.gcs.grpc;

import com.google.storage.v2.AppendObjectSpec;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.WriteObjectSpec;
import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes the objects of a zonal bucket over gRPC, where all objects are appendable. Thread-safe. */
public final class GrpcWrites implements Closeable {
    private static final Duration FIRST_DELAY = Duration.ofMillis(10);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    private final GrpcSettings settings;
    private final List<Connection> connections;
    private final AtomicInteger next = new AtomicInteger();
    private final Set<ObjectWriter> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private GrpcWrites(GrpcSettings settings, List<Connection> connections) {
        this.settings = settings;
        this.connections = connections;
    }

    /**
     * Creates connections of their own, so that writes do not wait for reads. They are established when they are
     * needed; writers use them in turn.
     *
     * @throws IOException if Google's libraries cannot create a channel
     */
    public static GrpcWrites create(GrpcSettings settings) throws IOException {
        List<Connection> connections = new ArrayList<>();
        for (int i = 0; i < settings.connections(); i++) {
            connections.add(Connection.create(settings));
        }
        return new GrpcWrites(settings, connections);
    }

    /** Waits after a number of failures in a row, with exponential backoff and full jitter. */
    static void pause(GrpcSettings settings, int failures) throws InterruptedException {
        long longest = Math.min(LONGEST_DELAY.toNanos(), FIRST_DELAY.toNanos() << Math.min(failures - 1, 20));
        settings.clock().sleep(Duration.ofNanos(ThreadLocalRandom.current().nextLong(longest + 1)));
    }

    /**
     * Creates an empty object, which is visible at once, and replaces the one of that name.
     *
     * @param operation the operation of errors
     * @param object the object's name
     * @throws io.blobstore.PreconditionFailedException if the condition does not hold; also if an attempt to create the
     *     object failed after the server had done it
     */
    public ObjectWriter create(Operation operation, BlobKey key, String object, ObjectAttributes attributes)
            throws IOException {
        WriteObjectSpec.Builder spec = WriteObjectSpec.newBuilder()
                .setResource(attributes.resource(settings.bucketResource(), object))
                .setAppendable(true);
        attributes.ifGeneration().ifPresent(spec::setIfGenerationMatch);
        return begin(
                operation,
                key,
                object,
                BidiWriteObjectRequest.newBuilder().setWriteObjectSpec(spec).build());
    }

    /**
     * Takes over an object that is not finalized, and becomes its only writer.
     *
     * @param operation the operation of errors
     * @param object the object's name
     * @throws FencedException if the object is finalized
     */
    public ObjectWriter resume(Operation operation, BlobKey key, String object, long generation) throws IOException {
        return begin(
                operation,
                key,
                object,
                BidiWriteObjectRequest.newBuilder()
                        .setAppendObjectSpec(AppendObjectSpec.newBuilder()
                                .setBucket(settings.bucketResource())
                                .setObject(object)
                                .setGeneration(generation))
                        .build());
    }

    /**
     * Moves an object inside the bucket. If the response to an attempt was lost, and the destination then has an object
     * of the same size and checksum, the move counts as successful.
     *
     * @param source the name of the object
     * @param stored the object
     * @param destination its new name
     * @param ifGeneration the generation that the destination must have before, 0 for none; empty for no condition
     */
    public StoredBlob move(
            Operation operation, String source, StoredBlob stored, String destination, Optional<Long> ifGeneration)
            throws IOException {
        try {
            return new ObjectRequests(settings, nextConnection(), destination)
                    .move(operation, source, stored, ifGeneration);
        } catch (InterruptedException e) {
            throw settings.errors().translate(operation, stored.key(), e);
        }
    }

    /** Deletes a generation of an object; does nothing if it does not exist. */
    public void delete(Operation operation, BlobKey key, String object, long generation) throws IOException {
        try {
            new ObjectRequests(settings, nextConnection(), object).delete(operation, key, generation);
        } catch (InterruptedException e) {
            throw settings.errors().translate(operation, key, e);
        }
    }

    private Connection nextConnection() {
        return connections.get(Math.floorMod(next.getAndIncrement(), connections.size()));
    }

    private ObjectWriter begin(Operation operation, BlobKey key, String object, BidiWriteObjectRequest first)
            throws IOException {
        ObjectWriter writer = new ObjectWriter(settings, nextConnection(), key, object, first, open::remove);
        open.add(writer);
        if (closed) {
            writer.abort();
        }
        writer.begin(operation);
        return writer;
    }

    /** Aborts the writers that are open; what they have not flushed may be lost. Closes the connections. Idempotent. */
    @Override
    public void close() {
        closed = true;
        open.forEach(ObjectWriter::abort);
        connections.forEach(Connection::shutdownNow);
        connections.forEach(Connection::awaitTermination);
    }
}
