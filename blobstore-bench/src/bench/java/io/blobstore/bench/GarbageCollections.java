package io.blobstore.bench;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/** Those of this JVM. */
public final class GarbageCollections {
    private GarbageCollections() {}

    /** How many there were so far. */
    public static long count() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }
}
