package io.blobstore.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("jdk")
class LeaseTicketTest {
    private static long open(String what) {
        return LeaseTicket.openLeases().stream()
                .filter(lease -> what.equals(lease.getMessage()))
                .count();
    }

    @Test
    void releasesOnce() {
        AtomicInteger releases = new AtomicInteger();
        LeaseTicket ticket = LeaseTicket.open(this, "a lease released twice", releases::incrementAndGet);
        assertThat(ticket.isReleased()).isFalse();
        assertThat(open("a lease released twice")).isEqualTo(1);

        ticket.release();
        ticket.release();

        assertThat(ticket.isReleased()).isTrue();
        assertThat(releases).hasValue(1);
        assertThat(open("a lease released twice")).isZero();
    }

    @Test
    void isReleasedEvenIfTheReleaseFails() {
        AtomicInteger releases = new AtomicInteger();
        LeaseTicket ticket = LeaseTicket.open(this, "a lease that cannot be released", () -> {
            releases.incrementAndGet();
            throw new IllegalStateException("no");
        });

        assertThatIllegalStateException().isThrownBy(ticket::release);
        ticket.release();

        assertThat(releases).hasValue(1);
        assertThat(open("a lease that cannot be released")).isZero();
    }

    @Test
    void knowsWhereAnOpenLeaseWasTaken() {
        LeaseTicket ticket = LeaseTicket.open(this, "a lease with a stack", () -> {});
        try {
            assertThat(LeaseTicket.openLeases())
                    .anySatisfy(lease -> assertThat(lease.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("knowsWhereAnOpenLeaseWasTaken")));
        } finally {
            ticket.release();
        }
    }
}
