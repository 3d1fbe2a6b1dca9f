package io.blobstore.http;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The header fields that an application adds to requests, such as {@code traceparent}. They must not change what a
 * request means, and a mistake in them must not fail it: fields that are not allowed are left out, and the first of
 * them is logged. Thread-safe.
 *
 * <p>The fields are not signed. Signature Version 4 demands that {@code Host}, {@code Content-Type} and all fields that
 * begin with {@code x-amz-} are signed, and permits others that are not.
 */
final class AddedHeaders {
    /** The maximum of all names and values together. Servers limit the whole head, some of them to 8 KiB. */
    static final int MAX_CHARACTERS = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(AddedHeaders.class);

    /** Fields that select, authorize or describe content, or concern the connection. In lower case. */
    private static final Set<String> RESERVED = Set.of(
            "accept",
            "accept-encoding",
            "authorization",
            "cookie",
            "date",
            "host",
            "keep-alive",
            "range",
            "te",
            "trailer",
            "upgrade");

    private static final Set<String> RESERVED_PREFIXES = Set.of("content-", "if-", "proxy-", "x-amz-", "x-goog-");

    private final Supplier<Map<String, String>> supplier;
    private final AtomicBoolean logged = new AtomicBoolean();

    /** What the supplier has returned on the thread that this one sends requests for. */
    @SuppressWarnings("ThreadLocalUsage") // of each client: it is removed with the task
    private final ThreadLocal<@Nullable Supplier<Map<String, String>>> carried = new ThreadLocal<>();

    AddedHeaders(Supplier<Map<String, String>> supplier) {
        this.supplier = Objects.requireNonNull(supplier, "headers");
    }

    /** Returns a task whose requests have the fields that the supplier returns on the current thread. */
    <T> Callable<T> carriedBy(Callable<T> task) {
        Supplier<Map<String, String>> fields = supplied();
        return () -> {
            carried.set(fields);
            try {
                return task.call();
            } finally {
                carried.remove();
            }
        };
    }

    private Supplier<Map<String, String>> supplied() {
        try {
            Map<String, String> fields = new LinkedHashMap<>(supplier.get());
            return () -> fields;
        } catch (RuntimeException e) { // handled when a request is sent
            return () -> {
                throw e;
            };
        }
    }

    /** Returns the fields to add to a request, in the supplier's order. */
    HttpHeaders to(HttpRequest request) {
        HttpHeaders.Builder added = HttpHeaders.builder();
        try {
            int left = MAX_CHARACTERS;
            Supplier<Map<String, String>> callers = carried.get();
            for (Map.Entry<String, String> field :
                    (callers == null ? supplier : callers).get().entrySet()) {
                String name = field.getKey();
                left -= name.length() + field.getValue().length();
                if (left < 0) {
                    log("the header fields to be added have more than " + MAX_CHARACTERS + " characters", null);
                    break;
                }
                if (isReserved(name) || request.headers().first(name).isPresent()) {
                    log("header field '" + name + "' is set by the store, and cannot be added", null);
                } else {
                    added.add(name, field.getValue());
                }
            }
        } catch (RuntimeException e) { // the supplier's, or for a name or value that would break the head
            log("the header fields to be added are not usable", e);
        }
        return added.build();
    }

    private static boolean isReserved(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return RESERVED.contains(lower)
                || HttpHeaders.isFraming(lower)
                || RESERVED_PREFIXES.stream().anyMatch(lower::startsWith);
    }

    private void log(String problem, @Nullable RuntimeException cause) {
        if (!logged.getAndSet(true)) {
            LOG.warn("{}; requests are sent without. Logged once.", problem, cause);
        }
    }
}
