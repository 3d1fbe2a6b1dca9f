package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class HeapMeterTest {
    private static final int SIZE = 10 << 20;

    @Test
    void countsAllThreadsFromItsStart() throws Exception {
        AtomicReference<byte[]> kept = new AtomicReference<>(); // or the compiler may eliminate the allocation
        ExecutorService threads = TransferRun.threads(2);
        try {
            threads.submit(() -> kept.set(new byte[SIZE])).get();

            HeapMeter meter = HeapMeter.start();
            threads.submit(() -> kept.set(new byte[SIZE])).get();
            threads.submit(() -> kept.set(new byte[SIZE])).get();
            kept.set(new byte[SIZE]);

            assertThat(meter.bytesAllocated()).isBetween(3L * SIZE, 3L * SIZE + SIZE / 2);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void knowsWhenAThreadEndedUncounted() throws Exception {
        HeapMeter meter = HeapMeter.startThreadByThread();
        assertThat(meter.isComplete()).isTrue();

        Thread thread = new Thread(() -> {});
        thread.start();
        thread.join();

        assertThat(meter.isComplete()).isFalse();
    }
}
