package io.blobstore.gcs.fake;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** Buckets and the objects in them. Thread-safe. */
final class FakeObjects {
    private static final int MAX_NAME = 1024;

    private final Map<String, NavigableMap<String, FakeObject>> buckets = new HashMap<>();
    private volatile Clock clock = Clock.systemUTC();
    private long lastGeneration;

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    void useClock(Clock other) {
        clock = other;
    }

    Instant now() {
        return clock.instant();
    }

    synchronized void createBucket(String bucket) {
        Comparator<String> order = (a, b) -> Arrays.compareUnsigned(utf8(a), utf8(b));
        buckets.putIfAbsent(bucket, new TreeMap<>(order));
    }

    synchronized void requireBucket(String bucket) throws Refusal {
        objects(bucket);
    }

    private NavigableMap<String, FakeObject> objects(String bucket) throws Refusal {
        NavigableMap<String, FakeObject> objects = buckets.get(bucket);
        if (objects == null) {
            throw Refusal.noSuchBucket();
        }
        return objects;
    }

    /** An object, if the bucket has it. */
    synchronized Optional<FakeObject> find(String bucket, String name) {
        return Optional.ofNullable(buckets.getOrDefault(bucket, new TreeMap<>()).get(name));
    }

    /**
     * An object.
     *
     * @param generation the one that is wanted; the fake keeps the newest only
     * @param ifMatch the one that must be there
     */
    synchronized FakeObject get(String bucket, String name, Optional<Long> generation, Optional<Long> ifMatch)
            throws Refusal {
        FakeObject object = objects(bucket).get(name);
        if (object == null
                || generation.filter(wanted -> wanted != object.generation()).isPresent()) {
            throw Refusal.noSuchObject(bucket, name);
        }
        if (ifMatch.filter(wanted -> wanted != object.generation()).isPresent()) {
            throw Refusal.conditionNotMet();
        }
        return object;
    }

    /** Refuses what {@link #put} would refuse now, before there is content. */
    synchronized void requireWritable(String bucket, String name, Optional<Long> ifMatch) throws Refusal {
        FakeObject before = objects(bucket).get(name);
        requireName(name);
        long current = before == null ? 0 : before.generation();
        if (ifMatch.filter(wanted -> wanted != current).isPresent()) {
            throw Refusal.conditionNotMet();
        }
    }

    /**
     * Stores an object.
     *
     * @param ifMatch the generation that must be there; 0 if there must be none
     */
    FakeObject put(String bucket, String name, byte[] content, Attributes attributes, Optional<Long> ifMatch)
            throws Refusal {
        Hashes hashes = Hashes.of(content);
        return put(bucket, name, content, hashes, true, attributes, ifMatch);
    }

    /**
     * Stores an object with given checksums.
     *
     * @param md5 whether it has an MD5
     */
    synchronized FakeObject put(
            String bucket,
            String name,
            byte[] content,
            Hashes hashes,
            boolean md5,
            Attributes attributes,
            Optional<Long> ifMatch)
            throws Refusal {
        requireWritable(bucket, name, ifMatch);
        Instant now = now();
        lastGeneration = Math.max(lastGeneration + 1, now.getEpochSecond() * 1_000_000 + now.getNano() / 1000);
        FakeObject object = new FakeObject(
                bucket,
                name,
                content,
                lastGeneration,
                hashes.crc32c(),
                md5 ? Optional.of(hashes.md5()) : Optional.empty(),
                attributes.contentType(),
                attributes.contentEncoding(),
                attributes.metadata(),
                attributes.storageClass(),
                attributes.kmsKeyName(),
                attributes.customerKeySha256(),
                now);
        objects(bucket).put(name, object);
        return object;
    }

    synchronized void delete(String bucket, String name, Optional<Long> generation, Optional<Long> ifMatch)
            throws Refusal {
        get(bucket, name, generation, ifMatch);
        objects(bucket).remove(name);
    }

    /** Flips a bit of an object's content, and leaves its checksums. */
    synchronized boolean damage(String bucket, String name) {
        Optional<FakeObject> object = find(bucket, name).filter(found -> found.content().length > 0);
        if (object.isPresent()) {
            byte[] content = object.get().content().clone();
            content[content.length / 2] ^= 4;
            buckets.get(bucket).put(name, object.get().withContent(content));
        }
        return object.isPresent();
    }

    synchronized List<String> names(String bucket) {
        return List.copyOf(buckets.getOrDefault(bucket, new TreeMap<>()).keySet());
    }

    /** The objects whose names are this one or come after it, in the order of their bytes. */
    synchronized List<FakeObject> from(String bucket, String first) throws Refusal {
        return new ArrayList<>(objects(bucket).tailMap(first, true).values());
    }

    private static void requireName(String name) throws Refusal {
        int length = utf8(name).length;
        if (length == 0) {
            throw Refusal.required("Required parameter: name");
        }
        if (length > MAX_NAME) {
            throw Refusal.badRequest("KeyTooLong", "The object name is longer than the 1024 bytes allowed.");
        }
        if (name.indexOf('\r') >= 0
                || name.indexOf('\n') >= 0
                || name.equals(".")
                || name.equals("..")
                || name.startsWith(".well-known/acme-challenge/")) {
            throw Refusal.badRequest("InvalidObjectName", "Invalid object name: '" + name + "'");
        }
    }
}
