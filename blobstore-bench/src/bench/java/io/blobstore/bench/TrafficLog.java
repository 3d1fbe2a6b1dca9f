package io.blobstore.bench;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** The bytes that were transferred for each object, by {@code /bucket/name}. Thread-safe. */
final class TrafficLog {
    /**
     * The traffic of one object.
     *
     * @param received bytes of request bodies; for the JSON API, bytes of content
     * @param sent bytes of content
     * @param security the protocols and cipher suites of the connections
     */
    record Traffic(long received, long sent, Set<String> security) {
        private Traffic plus(Traffic more) {
            Set<String> all = new TreeSet<>(security);
            all.addAll(more.security);
            return new Traffic(received + more.received, sent + more.sent, all);
        }
    }

    private final Map<String, Traffic> traffic = new ConcurrentHashMap<>();

    Traffic get(String path) {
        return traffic.getOrDefault(path, new Traffic(0, 0, Set.of()));
    }

    void add(String path, long received, long sent, String security) {
        add(path, new Traffic(received, sent, Set.of(security)));
    }

    void add(String path, Traffic more) {
        traffic.merge(path, more, Traffic::plus);
    }

    void remove(String path) {
        traffic.remove(path);
    }
}
