package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that the exception of a failed transfer shows who joined it. Not in the package of the transfers. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class JoinTraceTest {
    private static final BlobKey KEY = BlobKey.of("key");

    private final InMemoryBlobStore store = new InMemoryBlobStore();

    private static Throwable joinHere(Transfer<?> transfer) {
        return catchThrowable(transfer::join);
    }

    private static Throwable joinThere(Transfer<?> transfer) {
        return catchThrowable(() -> transfer.join(Duration.ofMinutes(1)));
    }

    private static List<Throwable> joins(Throwable problem) {
        return Arrays.stream(problem.getSuppressed())
                .filter(suppressed -> suppressed.getMessage().contains("joined by thread '"))
                .toList();
    }

    private static boolean shows(Throwable problem, String method) {
        return Arrays.stream(problem.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(JoinTraceTest.class.getName())
                        && frame.getMethodName().equals(method));
    }

    private Transfer<?> missing(TransferManager transfers) throws Exception {
        return transfers.download(store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(10)));
    }

    @Test
    void theFailureKeepsItsTypeAndShowsTheCaller() throws Exception {
        try (TransferManager transfers = TransferManager.create()) {
            Throwable problem = joinHere(missing(transfers));

            assertThat(problem).isExactlyInstanceOf(BlobNotFoundException.class);
            assertThat(((BlobNotFoundException) problem).key()).contains(KEY);
            assertThat(shows(problem, "joinHere")).isFalse();
            assertThat(joins(problem))
                    .singleElement()
                    .matches(join -> shows(join, "joinHere"))
                    .matches(join -> join.getMessage()
                            .contains("'" + Thread.currentThread().getName() + "'"));
        }
    }

    @Test
    void eachCallerIsShownOnce() throws Exception {
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<?> transfer = missing(transfers);
            Throwable first = null;
            for (int i = 0; i < 100; i++) {
                Throwable problem = i % 2 == 0 ? joinHere(transfer) : joinThere(transfer);
                assertThat(first == null || problem == first).isTrue();
                first = problem;
            }

            assertThat(joins(first)).hasSize(2);
            assertThat(shows(joins(first).get(0), "joinHere")).isTrue();
            assertThat(shows(joins(first).get(1), "joinThere")).isTrue();
        }
    }

    @Test
    void aCancellationShowsTheCaller() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        BlobStore blocked = new ForwardingBlobStore(store) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws BlobStoreException {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new BlobStoreException(Operation.READ, key, "interrupted", new InterruptedException(), false);
            }
        };
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<?> transfer =
                    transfers.download(blocked, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(10)));
            transfer.cancel();

            Throwable problem = joinHere(transfer);

            assertThat(problem).isExactlyInstanceOf(CancellationException.class);
            assertThat(joins(problem)).singleElement().matches(join -> shows(join, "joinHere"));
        }
    }

    @Test
    void aFailureOfTheCallersOwnThreadShowsItAlready() throws Exception {
        try (TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                BlobReader reader = transfers.openReader(store, KEY)) {
            Throwable problem = catchThrowable(() -> reader.read(ByteBuffer.allocate(10)));

            assertThat(problem).isExactlyInstanceOf(BlobNotFoundException.class);
            assertThat(shows(problem, "aFailureOfTheCallersOwnThreadShowsItAlready"))
                    .isTrue();
            assertThat(joins(problem)).isEmpty();
        }
    }
}
