package io.blobstore.cas;

import java.time.Duration;

/**
 * Receives the events of a {@link ContentCache}, for metrics. Called by the threads that cause them, without a lock;
 * must be fast and must not throw.
 */
public interface CacheListener {
    /** A listener that does nothing. */
    CacheListener NONE = new CacheListener() {};

    /** An entry was found. */
    default void hit(Keyspace keyspace) {}

    /** An entry was not found. */
    default void miss(Keyspace keyspace) {}

    /**
     * An entry was stored.
     *
     * @param contentSize the size of its content in bytes
     * @param storedSize the bytes that it takes on the disk
     */
    default void stored(Keyspace keyspace, long contentSize, long storedSize) {}

    /**
     * An entry was evicted to make room.
     *
     * @param storedSize the bytes that it took on the disk
     * @param unused how long it was not used
     */
    default void evicted(Keyspace keyspace, long storedSize, Duration unused) {}

    /** A damaged entry was found and removed. */
    default void corrupt(Keyspace keyspace, String cause) {}

    /** Content was refused because there was no room. */
    default void refused(Keyspace keyspace, long bytes) {}
}
