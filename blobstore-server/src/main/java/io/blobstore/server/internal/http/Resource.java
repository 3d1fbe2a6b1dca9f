package io.blobstore.server.internal.http;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a request is about, as its target names it. */
sealed interface Resource {
    /** Anything else, which there is not. */
    Unknown UNKNOWN = new Unknown();

    /** Content or a record. */
    record Blob(Keyspace keyspace, Sha256 hash) implements Resource {
        /** Returns the name of the keyspace in targets. */
        String keyspaceName() {
            return keyspace == Keyspace.CAS ? "cas" : "ac";
        }

        @Override
        public String toString() {
            return "/" + keyspaceName() + "/" + hash.hex();
        }
    }

    /** What the server says about itself. */
    enum Page implements Resource {
        STATUS,
        METRICS,
        HEALTH
    }

    /** Nothing that the server knows. */
    record Unknown() implements Resource {}

    /** As in bazel-remote: any prefix, such as the name of an instance; lower-case digits only. */
    Pattern BLOB = Pattern.compile("(?:.*/)?(ac|cas)/([0-9a-f]{64})");

    /** Parses the target of a request. */
    static Resource parse(String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        return page(path).orElseGet(() -> blob(path));
    }

    private static Optional<Resource> page(String path) {
        return switch (path) {
            case "/status" -> Optional.of(Page.STATUS);
            case "/metrics" -> Optional.of(Page.METRICS);
            case "/healthz" -> Optional.of(Page.HEALTH);
            default -> Optional.empty();
        };
    }

    private static Resource blob(String path) {
        Matcher matcher = BLOB.matcher(path);
        if (!matcher.matches()) {
            return UNKNOWN;
        }
        Keyspace keyspace = matcher.group(1).equals("cas") ? Keyspace.CAS : Keyspace.AC;
        return new Blob(keyspace, Sha256.parse(matcher.group(2)));
    }
}
