package io.blobstore.gcs.grpc;

import com.google.storage.v2.AppendObjectSpec;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.WriteObjectSpec;
import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.http.objects.ErrorTranslator;
import io.blobstore.http.objects.RetryClock;
import io.grpc.CallOptions;
import io.grpc.Channel;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes the objects of a zonal bucket over gRPC, where all objects are appendable. Thread-safe. */
public final class GrpcWrites implements Closeable {
    private final Settings settings;
    private final List<Channel> channels;
    private final AtomicInteger next = new AtomicInteger();
    private final Set<ObjectWriter> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * The settings of all writers.
     *
     * @param bucketResource the bucket's resource name
     * @param options the credentials of calls
     * @param stallTimeout how long the server may make no progress
     * @param maxAttempts how often a stream that makes no progress is opened, the first time included
     * @param clock measures the delays between attempts
     * @param errors translates the server's errors
     */
    record Settings(
            String bucketResource,
            CallOptions options,
            Duration stallTimeout,
            int maxAttempts,
            RetryClock clock,
            ErrorTranslator errors) {
        private static final Duration FIRST_DELAY = Duration.ofMillis(10);
        private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

        /** Waits after a number of failures in a row, with exponential backoff and full jitter. */
        void pause(int failures) throws InterruptedException {
            long longest = Math.min(LONGEST_DELAY.toNanos(), FIRST_DELAY.toNanos() << Math.min(failures - 1, 20));
            clock.sleep(Duration.ofNanos(ThreadLocalRandom.current().nextLong(longest + 1)));
        }
    }

    /** @param channels each is one connection; writers use them in turn */
    GrpcWrites(Settings settings, List<Channel> channels) {
        this.settings = settings;
        this.channels = List.copyOf(channels);
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

    private ObjectWriter begin(Operation operation, BlobKey key, String object, BidiWriteObjectRequest first)
            throws IOException {
        Channel channel = channels.get(Math.floorMod(next.getAndIncrement(), channels.size()));
        ObjectWriter writer = new ObjectWriter(settings, channel, key, object, first, open::remove);
        open.add(writer);
        if (closed) {
            writer.abort();
        }
        writer.begin(operation);
        return writer;
    }

    /** Aborts the writers that are open; what they have not flushed may be lost. The channels stay open. */
    @Override
    public void close() {
        closed = true;
        open.forEach(ObjectWriter::abort);
    }
}
