package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ByteBudgetTest {
    /**
     * Returns whether the budget has room now: acquiring on an interrupted thread fails at once if it would have to
     * wait.
     */
    private static boolean hasRoom(ByteBudget budget, long bytes) throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        Thread asking = new Thread(() -> {
            try {
                budget.acquire(bytes);
                entered.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        asking.start();
        // It either acquires the bytes or parks.
        while (entered.getCount() != 0 && asking.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        boolean room = entered.getCount() == 0;
        asking.interrupt();
        asking.join();
        if (entered.getCount() == 0) {
            budget.release(bytes);
        }
        return room;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void refusesABudgetOfNothing(long bytes) {
        assertThatIllegalArgumentException().isThrownBy(() -> new ByteBudget(bytes));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1", //
        "100, 60, 1",
        "65536, 65536, 1",
        "65537, 65536, 1",
        "131071, 65536, 1",
        "131072, 65536, 2",
        "131072, 65537, 1",
        "268435456, 16777216, 16",
        "9223372036854775807, 35184372088832, 3"
    })
    void letsInAsManyAsFitAndNoMore(long budget, long part, int expected) throws Exception {
        ByteBudget bytes = new ByteBudget(budget);
        for (int i = 0; i < expected; i++) {
            assertThat(hasRoom(bytes, part)).isTrue();
            bytes.acquire(part);
        }
        if ((double) part * (expected + 1) > budget) {
            assertThat(hasRoom(bytes, part)).isFalse();
        }
        bytes.release(part);
        assertThat(hasRoom(bytes, part)).isTrue();
    }

    @Test
    void whatIsLargerThanTheBudgetGoesAlone() throws Exception {
        ByteBudget bytes = new ByteBudget(1 << 20);
        bytes.acquire(1 << 16);
        assertThat(hasRoom(bytes, 1L << 40)).isFalse();

        bytes.release(1 << 16);
        assertThat(hasRoom(bytes, 1L << 40)).isTrue();
        bytes.acquire(1L << 40);
        assertThat(hasRoom(bytes, 1)).isFalse();
        bytes.release(1L << 40);
        assertThat(hasRoom(bytes, 1)).isTrue();
    }

    @Test
    void anInterruptedWaitTakesNothing() throws Exception {
        ByteBudget bytes = new ByteBudget(1 << 16);
        Thread.currentThread().interrupt();

        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> bytes.acquire(1));

        assertThat(hasRoom(bytes, 1 << 16)).isTrue();
    }

    @Test
    void smallOnesDoNotOvertakeALargeOne() throws Exception {
        ByteBudget bytes = new ByteBudget(1 << 20);
        bytes.acquire(1 << 19);
        CountDownLatch largeEntered = new CountDownLatch(1);
        Thread large = new Thread(() -> {
            try {
                bytes.acquire(1 << 20);
                largeEntered.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        large.start();
        while (large.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }

        assertThat(hasRoom(bytes, 1)).isFalse(); // bytes are free, but reserved for the large request

        bytes.release(1 << 19);
        assertThat(largeEntered.await(30, TimeUnit.SECONDS)).isTrue();
        large.join();
    }
}
