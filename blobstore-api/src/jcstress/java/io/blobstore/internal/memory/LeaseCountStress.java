package io.blobstore.internal.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Tests {@link LeaseCount} under races: the memory is freed exactly once, never while a lease is open, and no lease
 * begins after that. Every result that is not listed is a failure.
 *
 * <p>A user's result is 0 if its lease was refused, 1 if the memory was valid during its lease, 2 if the memory was
 * freed meanwhile, and 3 if its lease was counted but is not any more. The last number counts how often the memory was
 * freed, negative if a lease can be acquired afterwards.
 *
 * <p>The races of three actors run only on three or more processors; each pair of their steps also races in a test of
 * two.
 */
public final class LeaseCountStress {
    private LeaseCountStress() {}

    /** The memory, and the violations observed. */
    abstract static class Memory {
        final LeaseCount count = new LeaseCount();
        final AtomicInteger freed = new AtomicInteger();

        final void free(boolean now) {
            if (now) {
                freed.incrementAndGet();
            }
        }

        final void close() {
            free(count.close());
        }

        final void release() {
            free(count.release());
        }

        /** Takes a lease, checks the memory, and releases the lease. */
        final int use() {
            return count.tryAcquire() ? useAndRelease() : 0;
        }

        final int useMore() {
            return count.tryAcquireMore() ? useAndRelease() : 0;
        }

        private int useAndRelease() {
            int leases = count.leases();
            int result = freed.get() != 0 ? 2 : leases == 0 ? 3 : 1;
            release();
            return result;
        }

        final int end() {
            boolean again = count.tryAcquire() || count.tryAcquireMore();
            return again ? -1 : freed.get();
        }
    }

    /** The owner closes while a user acquires a lease. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the close came first")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the lease came first, and held")
    @State
    public static class AcquireAndClose extends Memory {
        @Actor
        public void user(II_Result r) {
            r.r1 = use();
        }

        @Actor
        public void owner() {
            close();
        }

        @Arbiter
        public void end(II_Result r) {
            r.r2 = end();
        }
    }

    /** The last lease is released while the owner closes. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "freed once")
    @State
    public static class ReleaseAndClose extends Memory {
        public ReleaseAndClose() {
            count.tryAcquire();
        }

        @Actor
        public void user() {
            release();
        }

        @Actor
        public void owner() {
            close();
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = end();
        }
    }

    /** The owner closes twice concurrently. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "freed once")
    @State
    public static class CloseAndClose extends Memory {
        @Actor
        public void owner() {
            close();
        }

        @Actor
        public void ownerAgain() {
            close();
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = end();
        }
    }

    /** The holder of a lease takes another one while the owner closes. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the holder always gets more")
    @State
    public static class HolderTakesMore extends Memory {
        public HolderTakesMore() {
            count.tryAcquire();
        }

        @Actor
        public void holder(II_Result r) {
            r.r1 = useMore();
            release();
        }

        @Actor
        public void owner() {
            close();
        }

        @Arbiter
        public void end(II_Result r) {
            r.r2 = end();
        }
    }

    /** A user takes a further lease while its own one ends: either refused or safe. */
    @JCStressTest
    @Outcome(id = "[01], 1", expect = ACCEPTABLE, desc = "refused or held, freed once")
    @State
    public static class MoreOnAnEndingLease extends Memory {
        public MoreOnAnEndingLease() {
            count.tryAcquire();
            close();
        }

        @Actor
        public void holder() {
            release();
        }

        @Actor
        public void user(II_Result r) {
            r.r1 = useMore();
        }

        @Arbiter
        public void end(II_Result r) {
            r.r2 = end();
        }
    }

    /** Two users and the owner. */
    @JCStressTest
    @Outcome(id = "[01], [01], 1", expect = ACCEPTABLE, desc = "refused or held, freed once")
    @State
    public static class TwoUsersAndClose extends Memory {
        @Actor
        public void one(III_Result r) {
            r.r1 = use();
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = use();
        }

        @Actor
        public void owner() {
            close();
        }

        @Arbiter
        public void end(III_Result r) {
            r.r3 = end();
        }
    }

    /** The last lease is released while the owner closes twice concurrently. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "freed once")
    @State
    public static class ReleaseAndCloseTwice extends Memory {
        public ReleaseAndCloseTwice() {
            count.tryAcquire();
        }

        @Actor
        public void user() {
            release();
        }

        @Actor
        public void owner() {
            close();
        }

        @Actor
        public void ownerAgain() {
            close();
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = end();
        }
    }

    /** Two leases of a closed file are released concurrently. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "freed once")
    @State
    public static class TwoReleasesAfterClose extends Memory {
        public TwoReleasesAfterClose() {
            count.tryAcquire();
            count.tryAcquire();
            close();
        }

        @Actor
        public void one() {
            release();
        }

        @Actor
        public void other() {
            release();
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = end();
        }
    }

    /** The holder of a lease takes another one while the owner closes and another user tries to acquire one. */
    @JCStressTest
    @Outcome(id = "1, [01], 1", expect = ACCEPTABLE, desc = "the holder always gets more")
    @State
    public static class HolderTakesMoreBesideAUser extends Memory {
        public HolderTakesMoreBesideAUser() {
            count.tryAcquire();
        }

        @Actor
        public void holder(III_Result r) {
            r.r1 = useMore();
            release();
        }

        @Actor
        public void user(III_Result r) {
            r.r2 = use();
        }

        @Actor
        public void owner() {
            close();
        }

        @Arbiter
        public void end(III_Result r) {
            r.r3 = end();
        }
    }

    /** Two threads close one lease of a closed file while a second lease is open: the second lease keeps the memory. */
    @JCStressTest
    @Outcome(id = "0, 0, 1, 1", expect = ACCEPTABLE, desc = "freed by the second lease's release, and only then")
    @State
    public static class TicketReleasedTwice extends Memory {
        private final Object lease = new Object();
        private final LeaseTicket ticket;

        public TicketReleasedTwice() {
            count.tryAcquire();
            count.tryAcquire();
            close();
            ticket = LeaseTicket.open(lease, "a lease under stress", new Release(count, freed));
        }

        /** Does not refer to the lease. */
        private record Release(LeaseCount count, AtomicInteger freed) implements Runnable {
            @Override
            public void run() {
                if (count.release()) {
                    freed.incrementAndGet();
                }
            }
        }

        @Actor
        public void one(IIII_Result r) {
            ticket.release();
            r.r1 = freed.get();
        }

        @Actor
        public void other(IIII_Result r) {
            ticket.release();
            r.r2 = freed.get();
        }

        @Arbiter
        public void end(IIII_Result r) {
            r.r3 = count.leases();
            release();
            r.r4 = end();
        }
    }
}
