package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.PatternStore.Read;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The base class of the tests of {@link BlobReader}. After each test, all memory must be returned, and no thread may be
 * inside the store.
 */
@Timeout(120)
@ExtendWith(LeakCheck.class)
abstract class BlobReaderFixture {
    static final int K = 1 << 10;
    static final int M = 1 << 20;
    static final ReaderOptions ONE_TRY =
            ReaderOptions.builder().retry(RetryPolicy.NEVER).build();

    /** An executor with which prefetches have ended when the call that starts them returns. */
    static final Executor IN_CALLER = Runnable::run;

    PatternStore store = new PatternStore(1L << 40);
    TransferManager reader = TransferManager.create();

    /** Replaces the manager by one with another executor. */
    void use(Executor executor) {
        reader.close();
        reader = TransferManager.builder().executor(executor).build();
    }

    BlobReader open(ReaderOptions options) {
        return reader.openReader(store, KEY, options);
    }

    BlobReader open() {
        return open(ONE_TRY);
    }

    @AfterEach
    void end() {
        reader.close();
        assertThat(reader.readAheadMemory().taken()).isZero();
        assertThat(store.inside()).isZero();
    }

    /** Reads sequentially, and checks that all requested bytes were read and are those of the blob. */
    static void read(BlobReader blob, int length) throws IOException {
        long from = blob.position();
        ByteBuffer target = ByteBuffer.allocate(length);
        int expected = (int) Math.min(length, blob.size() - from);

        assertThat(blob.read(target)).isEqualTo(expected);

        assertThat(blob.position()).isEqualTo(from + expected);
        PatternStore.assertContent(from, target.flip());
    }

    static void read(BlobReader blob, int length, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            read(blob, length);
        }
    }

    /** Returns the requests after the first {@code count}. */
    List<Read> readsAfter(int count) {
        return store.reads().subList(count, store.reads().size());
    }

    /** Waits until a thread is blocked or has ended. */
    static void awaitParked(Thread thread) {
        while (!Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING, Thread.State.TERMINATED)
                .contains(thread.getState())) {
            Thread.onSpinWait();
        }
    }
}
