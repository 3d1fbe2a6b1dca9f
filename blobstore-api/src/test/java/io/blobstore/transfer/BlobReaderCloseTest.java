package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.transfer.PatternStore.Step;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests closing and interrupting during reads. */
class BlobReaderCloseTest extends BlobReaderFixture {
    /** The requests that a reader may wait for. */
    private enum Waiting {
        /** The first response. */
        FIRST_READ,
        /** The metadata. */
        HEAD,
        /** The metadata, for a large sequential read that does not begin at 0. */
        HEAD_OF_READ,
        /** Its own request. */
        READ,
        /** Its own request, one of several parallel ones. */
        LARGE_READ,
        /** Its own request, of a positional read. */
        POSITIONAL,
        /** A block that another thread prefetches. */
        AHEAD;

        /** Performs the reads before the one that will wait. */
        void prepare(BlobReader blob) throws IOException {
            switch (this) {
                case READ, LARGE_READ, POSITIONAL -> read(blob, M);
                case AHEAD -> read(blob, M, 3);
                default -> {}
            }
        }

        boolean stallsAt(PatternStore.Read read) {
            return switch (this) {
                case FIRST_READ -> true;
                case READ -> read.offset() == M;
                case LARGE_READ -> read.offset() == 17 * M;
                case POSITIONAL -> read.offset() == 77;
                case AHEAD -> read.offset() == 3 * M;
                default -> false;
            };
        }

        boolean stallsAtHead() {
            return this == HEAD || this == HEAD_OF_READ;
        }

        long waitIn(BlobReader blob, ByteBuffer target) throws IOException {
            return switch (this) {
                case HEAD -> blob.size();
                case HEAD_OF_READ -> blob.position(5).read(target);
                case POSITIONAL -> blob.read(target, 77);
                default -> blob.read(target);
            };
        }
    }

    private final CountDownLatch stalled = new CountDownLatch(1);

    private void stall(Waiting waiting, Step how) {
        Step step = read -> {
            if (stalled.getCount() > 0) {
                stalled.countDown();
                how.run(read);
            }
        };
        store.onRead(read -> {
            if (waiting.stallsAt(read)) {
                step.run(read);
            }
        });
        store.onHead(read -> {
            if (waiting.stallsAtHead()) {
                step.run(read);
            }
        });
    }

    /** A thread that waits in a read, and the outcome of the read. */
    private static final class Reading extends Thread {
        private final Waiting waiting;
        private final BlobReader blob;
        final ByteBuffer target;
        private volatile Optional<Throwable> problem = Optional.empty();
        private volatile boolean interrupted;

        Reading(Waiting waiting, BlobReader blob) {
            this.waiting = waiting;
            this.blob = blob;
            target = ByteBuffer.allocate(waiting == Waiting.LARGE_READ || waiting == Waiting.HEAD_OF_READ ? 40 * M : M);
        }

        @Override
        public void run() {
            try {
                waiting.waitIn(blob, target);
            } catch (Throwable e) {
                problem = Optional.of(e);
            }
            interrupted = isInterrupted();
        }

        Throwable problem() throws InterruptedException {
            TimeUnit.SECONDS.timedJoin(this, 60);
            assertThat(isAlive()).isFalse();
            return problem.orElseThrow(() -> new AssertionError("the read succeeded"));
        }
    }

    private Reading startReading(Waiting waiting, BlobReader blob) throws IOException {
        waiting.prepare(blob);
        Reading reading = new Reading(waiting, blob);
        reading.start();
        ScriptedStore.await(stalled);
        awaitParked(reading); // a prefetch stalls before a thread waits for it
        return reading;
    }

    private static final Step UNTIL_INTERRUPTED = read -> ScriptedStore.awaitInterrupt();

    // ---- closing

    @Test
    void aClosedReaderRefusesEverything() throws IOException {
        BlobReader blob = open();
        read(blob, M, 5);
        blob.close();
        blob.close();

        ByteBuffer target = ByteBuffer.allocate(10);
        assertThat(blob.isOpen()).isFalse();
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> blob.read(target));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> blob.read(target, 0));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> blob.read(ByteBuffer.allocate(0)));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(blob::position);
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> blob.position(1));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(blob::size);
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(blob::metadata);
        assertThat(target.position()).isZero();
        assertThat(reader.readAheadMemory().taken()).isZero();
    }

    @Test
    void aReaderThatDidNothingIsClosed() {
        open().close();
        assertThat(store.reads()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void closingEndsWaitingReads(Waiting waiting) throws Exception {
        stall(waiting, UNTIL_INTERRUPTED);
        BlobReader blob = open();
        Reading reading = startReading(waiting, blob);

        blob.close();

        assertThat(store.inside()).isZero();
        assertThat(reader.readAheadMemory().taken()).isZero();
        assertThat(reading.problem()).isInstanceOf(AsynchronousCloseException.class);
        assertThat(reading.interrupted).isFalse();
        assertThat(reading.target.position()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = "HEAD", mode = EnumSource.Mode.EXCLUDE) // which touches nothing
    void closingWaitsUntilNothingTouchesAnyMemory(Waiting waiting) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        stall(waiting, read -> ScriptedStore.awaitUninterruptibly(go));
        BlobReader blob = open();
        Reading reading = startReading(waiting, blob);
        Thread closing = new Thread(blob::close);
        closing.start();
        Thread closingToo = new Thread(blob::close);
        closingToo.start();
        awaitParked(closing);
        awaitParked(closingToo);
        closing.interrupt(); // must not end the close
        awaitParked(closing);
        assertThat(closing.isAlive()).isTrue();
        assertThat(closingToo.isAlive()).isTrue();
        assertThat(blob.isOpen()).isFalse();

        go.countDown();
        closing.join();
        closingToo.join();

        assertThat(store.inside()).isZero();
        assertThat(reader.readAheadMemory().taken()).isZero();
        assertThat(reading.problem()).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void closingEndsReadsThatWaitForAnotherOneAsWell() throws Exception {
        stall(Waiting.READ, UNTIL_INTERRUPTED);
        BlobReader blob = open();
        Reading first = startReading(Waiting.READ, blob);
        Reading second = new Reading(Waiting.READ, blob);
        second.start();
        awaitParked(second);

        blob.close();

        assertThat(first.problem()).isInstanceOf(AsynchronousCloseException.class);
        assertThat(second.problem()).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void othersReadOnWhenOneIsClosed() throws IOException {
        BlobReader blob = open();
        try (BlobReader other = open()) {
            read(blob, M, 10);
            read(other, M, 10);
            blob.close();
            read(other, M, 20);
        }
    }

    // ---- interrupting

    @ParameterizedTest
    @EnumSource
    void anInterruptEndsAWaitingReadAndLeavesTheReaderOpen(Waiting waiting) throws Exception {
        stall(waiting, UNTIL_INTERRUPTED);
        try (BlobReader blob = open()) {
            Reading reading = startReading(waiting, blob);
            long position = waiting.stallsAtHead() || waiting == Waiting.FIRST_READ ? 0 : blobPosition(waiting);
            reading.interrupt();

            assertThat(reading.problem()).isInstanceOf(InterruptedIOException.class);

            assertThat(reading.interrupted).isTrue();
            assertThat(reading.target.position()).isZero();
            assertThat(blob.position()).isEqualTo(waiting == Waiting.HEAD_OF_READ ? 5 : position);
            read(blob, M, 10);
        }
    }

    private static long blobPosition(Waiting waiting) {
        return waiting == Waiting.AHEAD ? 3 * M : M;
    }

    @Test
    void anInterruptEndsTheWaitForAnotherRead() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        stall(Waiting.READ, read -> ScriptedStore.awaitUninterruptibly(go));
        try (BlobReader blob = open()) {
            Reading first = startReading(Waiting.READ, blob);
            Reading second = new Reading(Waiting.READ, blob);
            second.start();
            awaitParked(second);
            second.interrupt();

            assertThat(second.problem()).isInstanceOf(InterruptedIOException.class);
            assertThat(second.interrupted).isTrue();
            assertThat(first.isAlive()).isTrue();
            go.countDown();
            first.join();
            PatternStore.assertContent(M, first.target.flip());
            read(blob, M);
        }
    }

    @Test
    void anInterruptedThreadReadsOnlyPrefetchedBytes() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            Thread.currentThread().interrupt();
            ByteBuffer target = ByteBuffer.allocate(M);
            assertThatExceptionOfType(InterruptedIOException.class)
                    .isThrownBy(() -> blob.read(ByteBuffer.allocate(M), 50 * M));
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            assertThat(blob.read(target)).isEqualTo(M);
            assertThat(Thread.interrupted()).isTrue();
            PatternStore.assertContent(3 * M, target.flip());
            read(blob, M, 10);
        } finally {
            Thread.interrupted();
        }
    }

    /** The interrupt occurs while the reading thread itself fetches a block. */
    @Test
    void anInterruptInABlockThatTheReadingThreadFetchesIsNoCancellation() throws IOException {
        use(IN_CALLER);
        store.onRead(read -> {
            if (read.offset() == 3 * M && stalled.getCount() > 0) {
                stalled.countDown();
                Thread.currentThread().interrupt();
                ScriptedStore.awaitInterrupt();
            }
        });
        try (BlobReader blob = open()) {
            read(blob, M, 2);
            assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(() -> blob.read(ByteBuffer.allocate(M)));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(blob.position()).isEqualTo(2 * M);
            read(blob, M, 10);
        }
    }
}
