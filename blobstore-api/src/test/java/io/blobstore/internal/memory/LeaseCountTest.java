package io.blobstore.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the states of a lease count in every order in which three actors can take their steps. */
@Tag("jdk")
class LeaseCountTest {
    /** A step of an actor. */
    private enum Step {
        ACQUIRE,
        MORE,
        RELEASE,
        CLOSE
    }

    /** Checks each step against the plain description of what it should do. */
    private static final class Checked {
        private final LeaseCount count = new LeaseCount();
        private int leases;
        private boolean closed;
        private int freed;

        /** Runs a step, and returns whether it had an effect: a refused lease is not released later. */
        private boolean run(Step step) {
            boolean result;
            switch (step) {
                case ACQUIRE -> {
                    result = count.tryAcquire();
                    assertThat(result).isEqualTo(!closed);
                    leases += result ? 1 : 0;
                }
                case MORE -> {
                    result = count.tryAcquireMore();
                    assertThat(result).isEqualTo(leases > 0);
                    leases += result ? 1 : 0;
                }
                case RELEASE -> {
                    leases--;
                    free(count.release(), closed && leases == 0);
                    result = true;
                }
                default -> {
                    boolean first = !closed;
                    closed = true;
                    free(count.close(), first && leases == 0);
                    result = true;
                }
            }
            assertThat(count.leases()).isEqualTo(leases);
            assertThat(count.isClosing()).isEqualTo(closed);
            return result;
        }

        private void free(boolean mustFree, boolean expected) {
            assertThat(mustFree).isEqualTo(expected);
            freed += mustFree ? 1 : 0;
        }
    }

    private static final List<List<List<Step>>> SCENARIOS = List.of(
            List.of(List.of(Step.ACQUIRE, Step.RELEASE), List.of(Step.ACQUIRE, Step.RELEASE), List.of(Step.CLOSE)),
            List.of(
                    List.of(Step.ACQUIRE, Step.MORE, Step.RELEASE, Step.RELEASE),
                    List.of(Step.ACQUIRE, Step.RELEASE),
                    List.of(Step.CLOSE, Step.CLOSE)),
            List.of(
                    List.of(Step.ACQUIRE, Step.RELEASE, Step.ACQUIRE, Step.RELEASE),
                    List.of(Step.MORE, Step.RELEASE),
                    List.of(Step.CLOSE)),
            List.of(List.of(Step.CLOSE), List.of(Step.CLOSE), List.of(Step.MORE, Step.RELEASE)));

    @Test
    void everyOrderOfStepsFreesOnce() {
        int orders = 0;
        for (List<List<Step>> actors : SCENARIOS) {
            for (List<Integer> order : orders(actors)) {
                replay(actors, order);
                orders++;
            }
        }
        assertThat(orders).isEqualTo(30 + 420 + 105 + 12);
    }

    private static void replay(List<List<Step>> actors, List<Integer> order) {
        Checked checked = new Checked();
        int[] next = new int[actors.size()];
        int[] held = new int[actors.size()];
        for (int actor : order) {
            Step step = actors.get(actor).get(next[actor]++);
            if (step == Step.RELEASE && held[actor] == 0) {
                continue; // its lease was refused
            }
            boolean done = checked.run(step);
            if (step == Step.ACQUIRE || step == Step.MORE) {
                held[actor] += done ? 1 : 0;
            } else if (step == Step.RELEASE) {
                held[actor]--;
            }
        }
        assertThat(checked.leases).isZero();
        assertThat(checked.freed).isEqualTo(1);
        assertThat(checked.run(Step.ACQUIRE)).isFalse();
        assertThat(checked.run(Step.MORE)).isFalse();
        checked.run(Step.CLOSE);
        assertThat(checked.freed).isEqualTo(1);
    }

    /** Returns all sequences of actors that keep each actor's own steps in order. */
    private static List<List<Integer>> orders(List<List<Step>> actors) {
        List<List<Integer>> orders = new ArrayList<>();
        extend(new ArrayList<>(), actors.stream().mapToInt(List::size).toArray(), orders);
        return orders;
    }

    private static void extend(List<Integer> begun, int[] left, List<List<Integer>> orders) {
        boolean complete = true;
        for (int actor = 0; actor < left.length; actor++) {
            if (left[actor] > 0) {
                complete = false;
                left[actor]--;
                begun.add(actor);
                extend(begun, left, orders);
                begun.remove(begun.size() - 1);
                left[actor]++;
            }
        }
        if (complete) {
            orders.add(List.copyOf(begun));
        }
    }

    @Test
    void refusesAReleaseWithoutItsAcquire() {
        LeaseCount count = new LeaseCount();
        assertThatIllegalStateException().isThrownBy(count::release);
        count.close();
        assertThatIllegalStateException().isThrownBy(count::release);
        assertThat(count.leases()).isZero();
    }
}
