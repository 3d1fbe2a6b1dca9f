package io.blobstore.http;

import java.util.Optional;
import java.util.function.Predicate;

/** Searches an exception and its causes. */
public final class Causes {
    private static final int MAX_DEPTH = 20; // a chain of causes may be circular

    private Causes() {}

    /** Returns the first exception of a type in the chain of causes, which starts with {@code problem} itself. */
    public static <T> Optional<T> find(Throwable problem, Class<T> type) {
        return find(problem, type, found -> true);
    }

    /** Returns the first exception in the chain of causes that has a type and satisfies a predicate. */
    public static <T> Optional<T> find(Throwable problem, Class<T> type, Predicate<T> predicate) {
        int depth = 0;
        for (Throwable e = problem; e != null && depth < MAX_DEPTH; e = e.getCause(), depth++) {
            if (type.isInstance(e) && predicate.test(type.cast(e))) {
                return Optional.of(type.cast(e));
            }
        }
        return Optional.empty();
    }
}
