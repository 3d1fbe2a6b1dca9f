package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;

import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Buckets and the objects in them. Thread-safe. */
final class FakeObjects {
    /** Compares names by their bytes in UTF-8. */
    static final Comparator<String> ORDER = Comparator.comparing(Request::utf8, Arrays::compareUnsigned);

    private static final int MAX_NAME = 1024;

    private final Map<String, NavigableMap<String, FakeObject>> buckets = new HashMap<>();
    private final Set<String> zonal = new HashSet<>();
    private volatile boolean ignoresConditions;
    private volatile Clock clock = Clock.systemUTC();
    private long lastGeneration;

    void useClock(Clock other) {
        clock = other;
    }

    void ignoreConditions() {
        ignoresConditions = true;
    }

    Instant now() {
        return clock.instant();
    }

    synchronized void makeZonal(String bucket) {
        zonal.add(bucket);
    }

    synchronized boolean isZonal(String bucket) {
        return zonal.contains(bucket);
    }

    synchronized void createBucket(String bucket) {
        buckets.putIfAbsent(bucket, new TreeMap<>(ORDER));
    }

    synchronized NavigableMap<String, FakeObject> requireBucket(String bucket) {
        NavigableMap<String, FakeObject> objects = buckets.get(bucket);
        if (objects == null) {
            throw new ErrorResponse(404, "NoSuchBucket", "notFound", "The specified bucket does not exist.");
        }
        return objects;
    }

    synchronized Optional<FakeObject> find(String bucket, String name) {
        return Optional.ofNullable(
                buckets.getOrDefault(bucket, Collections.emptyNavigableMap()).get(name));
    }

    /**
     * Returns an object.
     *
     * @param generation the requested generation; only the newest exists
     * @param ifMatch the generation that the object must have
     */
    synchronized FakeObject get(String bucket, String name, Optional<Long> generation, Optional<Long> ifMatch) {
        FakeObject object = requireBucket(bucket).get(name);
        if (object == null || generation.orElse(object.generation()) != object.generation()) {
            String json = "No such object: " + bucket + "/" + name;
            throw new ErrorResponse(404, "NoSuchKey", "notFound", "The specified key does not exist.", json);
        }
        if (ifMatch.orElse(object.generation()) != object.generation()) {
            throw ErrorResponse.conditionNotMet();
        }
        return object;
    }

    /** Refuses a name or a condition that {@link #put} would refuse now. */
    synchronized void requireWritable(String bucket, String name, Optional<Long> ifMatch) {
        FakeObject before = requireBucket(bucket).get(name);
        requireName(name);
        long current = before == null ? 0 : before.generation();
        if (!ignoresConditions && ifMatch.orElse(current) != current) {
            throw ErrorResponse.conditionNotMet();
        }
    }

    /**
     * Stores an object.
     *
     * @param ifMatch the current generation that the object must have; 0 if it must not exist
     */
    synchronized FakeObject put(
            String bucket, String name, byte[] content, Hashes hashes, Attributes attributes, Optional<Long> ifMatch) {
        requireWritable(bucket, name, ifMatch);
        Instant now = now();
        lastGeneration = Math.max(lastGeneration + 1, now.getEpochSecond() * 1_000_000 + now.getNano() / 1000);
        FakeObject object = new FakeObject(bucket, name, content, lastGeneration, hashes, attributes, now);
        requireBucket(bucket).put(name, object);
        return object;
    }

    synchronized void delete(String bucket, String name, Optional<Long> generation, Optional<Long> ifMatch) {
        get(bucket, name, generation, ifMatch);
        requireBucket(bucket).remove(name);
    }

    /** Flips a bit of an object's content and leaves its checksums. */
    synchronized boolean damage(String bucket, String name) {
        Optional<FakeObject> object = find(bucket, name).filter(found -> found.content().length > 0);
        object.ifPresent(found -> {
            byte[] content = found.content().clone();
            content[content.length / 2] ^= 4;
            requireBucket(bucket).put(name, found.withContent(content));
        });
        return object.isPresent();
    }

    /** Returns the objects with the name {@code first} and those after it, in the order of their names' bytes. */
    synchronized List<FakeObject> from(String bucket, String first) {
        return List.copyOf(requireBucket(bucket).tailMap(first, true).values());
    }

    private static void requireName(String name) {
        require(Request.utf8(name).length <= MAX_NAME, "KeyTooLong", "The object name is longer than 1024 bytes.");
        require(
                !name.matches("(?s)|\\.|\\.\\.|.*[\r\n].*|\\.well-known/acme-challenge/.*"),
                "InvalidObjectName",
                "Invalid object name: '" + name + "'");
    }
}
