package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.storage.v2.Object;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The newest generation of each object in the bucket of a {@link FakeGrpcStorage}. Thread-safe. */
final class FakeGrpcObjects {
    private final TreeMap<String, FakeGrpcObject> newest = new TreeMap<>();
    private final AtomicLong generations = new AtomicLong(1_000);
    private final String bucket;
    private Function<String, Optional<FakeGrpcObject>> others = name -> Optional.empty();
    private @Nullable UnaryOperator<FakeGrpcObject> publisher;

    /** @param bucket the bucket's full name */
    FakeGrpcObjects(String bucket) {
        this.bucket = bucket;
    }

    /** Makes all objects visible that a function returns for their names, instead of those that are stored here. */
    synchronized void show(Function<String, Optional<FakeGrpcObject>> source) {
        others = source;
    }

    /** Makes a function take over what is moved; it returns the object with its generation. */
    synchronized void publish(UnaryOperator<FakeGrpcObject> target) {
        publisher = target;
    }

    /** Stores an empty object, which anyone can see, under its name. */
    synchronized FakeGrpcObject create(Object metadata, boolean conditional, long ifGeneration) {
        requireBucket(metadata.getBucket());
        FakeGrpcObject existing = find(metadata.getName()).orElse(null);
        if (conditional && (existing == null ? 0 : existing.generation()) != ifGeneration) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("At least one of the pre-conditions you specified did not hold.")
                    .asRuntimeException();
        }
        FakeGrpcObject created = new FakeGrpcObject(metadata.toBuilder()
                .setGeneration(generations.incrementAndGet())
                .build());
        newest.put(metadata.getName(), created);
        return created;
    }

    /**
     * Returns an object.
     *
     * @param generation 0 for the newest
     * @throws io.grpc.StatusRuntimeException NOT_FOUND if it does not exist
     */
    synchronized FakeGrpcObject require(String bucketName, String name, long generation) {
        requireBucket(bucketName);
        return find(name)
                .filter(object -> generation == 0 || generation == object.generation())
                .orElseThrow(() -> Status.NOT_FOUND
                        .withDescription("No such object: " + name)
                        .asRuntimeException());
    }

    synchronized Optional<FakeGrpcObject> find(String name) {
        return others.apply(name).or(() -> Optional.ofNullable(newest.get(name)));
    }

    /** Moves a finalized object to another name, under which it is a new generation. */
    synchronized FakeGrpcObject move(FakeGrpcObject source, String name, boolean conditional, long ifGeneration) {
        FakeGrpcObject moved =
                create(source.metadata().toBuilder().setName(name).build(), conditional, ifGeneration);
        byte[] content = source.content();
        moved.write(0, ByteString.copyFrom(content));
        moved.persist(content.length);
        moved.finish();
        delete(source);
        if (publisher == null) {
            return moved;
        }
        delete(moved);
        return publisher.apply(moved);
    }

    synchronized void delete(FakeGrpcObject object) {
        newest.remove(object.name(), object);
    }

    /** Returns the objects whose names have a prefix, from a name on. */
    synchronized List<FakeGrpcObject> list(String prefix, String from) {
        return newest.tailMap(from, true).values().stream()
                .filter(object -> object.name().startsWith(prefix))
                .toList();
    }

    void requireBucket(String name) {
        if (!name.equals(bucket)) {
            throw Status.NOT_FOUND
                    .withDescription("The specified bucket does not exist.")
                    .asRuntimeException();
        }
    }
}
