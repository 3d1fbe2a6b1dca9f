package io.blobstore.gcs.fake;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Predicate;

/** The faults that are still to come. Thread-safe. */
final class Faults {
    private record Rule(Predicate<Seen> which, Queue<Fault> answers) {}

    private final List<Rule> rules = new ArrayList<>();

    synchronized void add(Predicate<Seen> which, List<Fault> answers) {
        rules.add(new Rule(which, new ArrayDeque<>(answers)));
    }

    /** The fault for a request, which is used up by that. */
    synchronized Optional<Fault> next(Seen request) {
        for (Rule rule : rules) {
            if (!rule.answers().isEmpty() && rule.which().test(request)) {
                return Optional.of(rule.answers().remove());
            }
        }
        return Optional.empty();
    }

    /** How many are still to come. */
    synchronized int left() {
        return rules.stream().mapToInt(rule -> rule.answers().size()).sum();
    }
}
