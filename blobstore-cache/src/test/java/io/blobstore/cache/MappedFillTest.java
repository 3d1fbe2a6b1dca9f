package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.SourceChangedException;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.JavadocSamples;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.PatternStore;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("jdk")
@ExtendWith(LeakCheck.class)
class MappedFillTest {
    private static final int PIECE = PieceLayout.MIN_PIECE_SIZE;
    private static final long SIZE = 10L * PIECE - 1000;

    @TempDir
    Path directory;

    private final PatternStore remote = new PatternStore(SIZE);
    private final TransferManager transfers = TransferManager.create();
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void close() {
        gate.countDown();
        transfers.close();
    }

    private Path path() {
        return directory.resolve("image");
    }

    private static MappedFillOptions options(int concurrency) {
        RetryPolicy atOnce = RetryPolicy.builder()
                .maxAttempts(10)
                .baseDelay(Duration.ZERO)
                .maxDelay(Duration.ZERO)
                .throttlingMaxDelay(Duration.ZERO)
                .build();
        return MappedFillOptions.builder()
                .pieceSize(PIECE)
                .concurrency(concurrency)
                .retry(atOnce)
                .build();
    }

    private MappedFill open(int concurrency) throws IOException {
        return open(remote, concurrency);
    }

    private MappedFill open(BlobStore store, int concurrency) throws IOException {
        return MappedFill.open(transfers, store, PatternStore.KEY, path(), options(concurrency));
    }

    private static void assertContent(MappedFill fill, long offset, long length) throws IOException {
        long at = offset;
        try (Lease lease = fill.region().slice(offset, length).acquire()) {
            for (ByteBuffer buffer : lease.buffers()) {
                int bytes = buffer.remaining();
                PatternStore.assertContent(at, buffer);
                at += bytes;
            }
        }
        assertThat(at).isEqualTo(offset + length);
    }

    private void assertPublished() throws IOException {
        assertThat(names()).containsExactly("image");
        try (FileChannel file = FileChannel.open(path())) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            while (content.hasRemaining() && file.read(content) >= 0) {
                continue;
            }
            PatternStore.assertContent(0, content.flip());
            assertThat(content.limit()).isEqualTo((int) SIZE);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static FutureTask<Void> start(Work work) {
        return started(work).task;
    }

    private static Started started(Work work) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            work.run();
            return null;
        });
        Thread thread = new Thread(task, "waiter");
        thread.setDaemon(true);
        thread.start();
        return new Started(task, thread);
    }

    private record Started(FutureTask<Void> task, Thread thread) {}

    private interface Work {
        void run() throws Exception;
    }

    // ---- success

    @Test
    void theCompleteBlobAppearsAtThePathInOneStep() throws Exception {
        remote.onRead(read -> assertThat(path()).doesNotExist());
        try (MappedFill fill = open(4)) {
            try (MappedFile file = fill.complete()) {
                assertThat(file.size()).isEqualTo(SIZE);
                assertThat(file.access()).isEqualTo(MappedFile.Access.READ_ONLY);
                assertPublished();
            }
            assertThat(fill.availableBytes()).isEqualTo(SIZE);
            assertContent(fill, 0, SIZE);
        }
        assertPublished();
        assertThat(remote.bytes()).isEqualTo(SIZE);
    }

    @Test
    void theRegionHasItsFinalSizeAtOnce() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        try (MappedFill fill = open(2)) {
            assertThat(fill.region().size()).isEqualTo(SIZE);
            assertThat(fill.availableBytes()).isZero();
            assertThat(fill.isAvailable(ByteRange.of(0, 1))).isFalse();
            assertThat(fill.isAvailable(ByteRange.of(0, 0))).isTrue();
            try (Lease early = fill.region().slice(SIZE - 4, 4).acquire()) {
                assertThat(early.buffers().get(0).getInt(0)).isZero();

                gate.countDown();
                fill.await(ByteRange.from(SIZE - 4));

                PatternStore.assertContent(SIZE - 4, early.buffers().get(0)); // the same memory
            }
            assertThat(fill.isAvailable(ByteRange.of(SIZE - 4, 4))).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, PIECE - 1, PIECE, PIECE + 1, 3L * PIECE})
    void blobsOfAnySizeAreFilled(long size) throws Exception {
        remote.replace(size);
        remote.reportingChecksum();
        try (MappedFill fill = open(3);
                MappedFile file = fill.complete()) {
            assertThat(file.size()).isEqualTo(size);
            assertThat(Files.size(path())).isEqualTo(size);
            fill.await(ByteRange.all());
        }
    }

    @Test
    void aFillWithItsOwnManagerEndsItsThreads() throws Exception {
        try (MappedFill fill = MappedFill.open(remote, PatternStore.KEY, path());
                MappedFile file = fill.complete()) {
            assertThat(file.size()).isEqualTo(SIZE);
        }
        assertPublished();
    }

    @Test
    void anExistingFileStaysUntilItIsReplaced() throws Exception {
        Files.writeString(path(), "before");
        remote.onRead(read -> assertThat(path()).hasContent("before"));

        try (MappedFill fill = open(4)) {
            fill.await(ByteRange.all());
        }

        assertPublished();
    }

    @Test
    void aSymbolicLinkIsKept() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path real = Files.createFile(elsewhere.resolve("real"));
        Files.createSymbolicLink(path(), real);

        try (MappedFill fill = open(4)) {
            fill.await(ByteRange.all());
        }

        assertThat(path()).isSymbolicLink();
        assertThat(Files.size(real)).isEqualTo(SIZE);
    }

    @Test
    void anExecutorThatRunsTasksInTheCallerFillsEverythingAtOnce() throws Exception {
        try (TransferManager inline =
                        TransferManager.builder().executor(Runnable::run).build();
                MappedFill fill = MappedFill.open(inline, remote, PatternStore.KEY, path(), options(4))) {
            assertThat(fill.isAvailable(ByteRange.all())).isTrue();
            assertPublished();
        }
    }

    @Test
    void noPayloadIsOnTheHeap() throws Exception {
        int size = 4 << 20;
        remote.replace(size);
        try (TransferManager inline =
                TransferManager.builder().executor(Runnable::run).build()) {
            AllocatedBytes.Work work = () -> {
                try (MappedFill fill = MappedFill.open(inline, remote, PatternStore.KEY, path())) {
                    assertThat(fill.availableBytes()).isEqualTo(size);
                }
            };
            work.run();
            work.run();

            assertThat(AllocatedBytes.of(work)).isLessThan(size / 8);
        }
    }

    @Test
    void theSampleOfTheDocumentationCompiles() throws Exception {
        Path classes = Files.createDirectory(directory.resolve("classes"));
        JavadocSamples.requireCompile(
                Path.of("src/main/java/io/blobstore/cache/MappedFill.java"), "import io.blobstore.cache.*;", classes);
    }

    // ---- order

    @Test
    void aDemandedRangeComesNext() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        try (MappedFill fill = open(1)) {
            Blocking.until(() -> remote.inside() == 1);
            Started far = started(() -> fill.await(ByteRange.of(7 * PIECE - 1, 2)));
            Blocking.untilParked(far.thread);
            Started later = started(() -> fill.await(ByteRange.of(3 * PIECE, 1)));
            Blocking.untilParked(later.thread);

            gate.countDown();
            far.task.get();
            later.task.get();
            fill.await(ByteRange.all());
        }
        List<Long> order = remote.reads().stream()
                .filter(read -> read.length() > 0)
                .map(read -> read.offset() / PIECE)
                .toList();
        assertThat(order).containsExactly(0L, 6L, 7L, 3L, 1L, 2L, 4L, 5L, 8L, 9L);
    }

    @Test
    void manyWhoWaitForOnePieceShareOneRequest() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        try (MappedFill fill = open(1)) {
            List<Started> waiters = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                waiters.add(started(() -> {
                    fill.await(ByteRange.of(5 * PIECE, PIECE));
                    assertContent(fill, 5 * PIECE, PIECE);
                }));
            }
            waiters.forEach(waiter -> Blocking.untilParked(waiter.thread));
            gate.countDown();
            for (Started waiter : waiters) {
                waiter.task.get();
            }
            fill.await(ByteRange.all());
        }
        assertThat(remote.bytes()).isEqualTo(SIZE);
    }

    @Test
    void noMoreRequestsAreInFlightThanAllowed() throws Exception {
        try (MappedFill fill = open(3)) {
            fill.await(ByteRange.all());
        }
        assertThat(remote.mostInside()).isLessThanOrEqualTo(3);
    }

    @Test
    void readersAtRandomPositionsSeeTheContentWhileItArrives() throws Exception {
        for (int seed = 0; seed < CampaignScale.of(200); seed++) {
            FaultyBlobStore faulty = FaultyBlobStore.over(remote)
                    .seed(seed)
                    .chance(Fault.TRUNCATED_READ, 0.1)
                    .chance(Fault.ERROR, 0.1)
                    .chance(Fault.THROTTLED, 0.02)
                    .chanceOnlyFor(Operation.READ)
                    .retryAfter(Duration.ZERO)
                    .build();
            try (MappedFill fill = open(faulty, 4)) {
                List<FutureTask<Void>> readers = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    SplittableRandom random = new SplittableRandom(seed * 10L + i);
                    readers.add(start(() -> {
                        for (int n = 0; n < 20; n++) {
                            int length = random.nextInt(2 * PIECE);
                            long offset = random.nextLong(SIZE - length);
                            fill.await(ByteRange.of(offset, length));
                            assertContent(fill, offset, length);
                        }
                    }));
                }
                for (FutureTask<Void> reader : readers) {
                    reader.get();
                }
                fill.complete().close();
            }
            assertPublished();
            Files.delete(path());
        }
    }

    @Test
    void leasesAreTakenWhileTheFileIsPublished() throws Exception {
        for (int i = 0; i < CampaignScale.of(500); i++) {
            try (MappedFill fill = open(4)) {
                AtomicBoolean ended = new AtomicBoolean();
                FutureTask<Void> user = start(() -> {
                    while (!ended.get()) {
                        fill.region().slice(0, 1).acquire().close();
                    }
                });
                fill.await(ByteRange.all());
                ended.set(true);
                user.get();
            }
        }
    }

    // ---- failure

    @Test
    void wrongContentIsNeverPublished() throws Exception {
        remote.reportingChecksum().damage(6 * PIECE);
        try (MappedFill fill = open(4)) {
            assertThatThrownBy(() -> fill.await(ByteRange.all())).isInstanceOf(IntegrityException.class);
            assertThatThrownBy(fill::complete).isInstanceOf(IntegrityException.class);
            assertThatThrownBy(() -> fill.await(ByteRange.of(0, 1))).isInstanceOf(IntegrityException.class);
            assertThat(fill.isAvailable(ByteRange.of(0, 1))).isFalse();
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aBlobThatIsReplacedMeanwhileIsNeverMixed() throws Exception {
        remote.onRead(read -> {
            if (read.offset() == 5 * PIECE) {
                remote.replace(SIZE);
            }
        });
        try (MappedFill fill = open(1)) {
            assertThatThrownBy(() -> fill.await(ByteRange.all())).isInstanceOf(PreconditionFailedException.class);
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void withoutAChecksumTheVersionIsConfirmedAtTheEnd() throws Exception {
        remote.onRead(read -> {
            if (read.end() == SIZE) {
                remote.replace(SIZE); // while the last piece is read
            }
        });
        try (MappedFill fill = open(1)) {
            assertThatThrownBy(() -> fill.await(ByteRange.all())).isInstanceOf(PreconditionFailedException.class);
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aMissingBlobIsAnErrorAtOnce() throws Exception {
        remote.delete(PatternStore.KEY);

        assertThatThrownBy(() -> open(1)).isInstanceOf(BlobNotFoundException.class);

        assertThat(names()).isEmpty();
    }

    @Test
    void aStoreThatFailsForGoodFailsAllWaiters() throws Exception {
        remote.onRead(read -> {
            Blocking.await(gate);
            throw new BlobStoreException(Operation.READ, PatternStore.KEY, "injected", null, false);
        });
        try (MappedFill fill = open(2)) {
            Started waiter = started(() -> fill.await(ByteRange.of(4 * PIECE, 1)));
            Blocking.untilParked(waiter.thread);
            gate.countDown();

            assertThatThrownBy(waiter.task::get).hasRootCauseMessage("read '" + PatternStore.KEY + "': injected");
            assertThatThrownBy(fill::complete).hasMessageContaining("injected");
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aDiskWithoutRoomIsAnErrorAtOnce() throws Exception {
        remote.replace(1L << 45);

        assertThatThrownBy(() -> open(1)).isInstanceOf(IOException.class).hasMessageContaining("no room");

        assertThat(names()).isEmpty();
        remote.replace(Long.MAX_VALUE);
        assertThatThrownBy(() -> open(1)).isInstanceOf(IOException.class).hasMessageContaining("reports a size");
    }

    @Test
    void badPathsAreErrorsAtOnce() throws Exception {
        Path nowhere = directory.resolve("missing/image");
        assertThatThrownBy(() -> MappedFill.open(transfers, remote, PatternStore.KEY, nowhere))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> MappedFill.open(transfers, remote, PatternStore.KEY, directory))
                .hasMessageContaining("not a regular file");
        assertThat(names()).isEmpty();
    }

    @Test
    void rangesOutsideTheBlobAreErrors() throws Exception {
        try (MappedFill fill = open(1)) {
            assertThatThrownBy(() -> fill.await(ByteRange.of(SIZE, 1)))
                    .isInstanceOf(RangeNotSatisfiableException.class);
            fill.await(ByteRange.of(SIZE, 0));
            fill.await(ByteRange.all());
        }
    }

    // ---- interrupts and closing

    @Test
    void anInterruptedWaiterLeavesTheFillAlone() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        try (MappedFill fill = open(1)) {
            Started waiter = started(() -> fill.await(ByteRange.of(4 * PIECE, 1)));
            Started all = started(() -> fill.complete().close());
            Blocking.untilParked(waiter.thread);
            Blocking.untilParked(all.thread);

            waiter.thread.interrupt();
            all.thread.interrupt();

            for (Started one : List.of(waiter, all)) {
                assertThatThrownBy(one.task::get)
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(InterruptedException.class);
            }
            gate.countDown();
            fill.await(ByteRange.all());
        }
        assertPublished();
    }

    @Test
    void closingBeforeTheEndRemovesTheFileAndFailsTheWaiters() throws Exception {
        Files.writeString(path(), "before");
        remote.onRead(read -> Blocking.await(gate)); // ends by the interrupt of the cancellation
        MappedFill fill = open(3);
        Started waiter = started(() -> fill.await(ByteRange.of(4 * PIECE, 1)));
        Blocking.untilParked(waiter.thread);
        Blocking.until(() -> remote.inside() == 3);

        fill.close();

        assertThat(remote.inside()).isZero();
        assertThatThrownBy(waiter.task::get).hasMessageContaining("closed before it was complete");
        assertThatThrownBy(fill::complete).hasMessageContaining("closed before it was complete");
        assertThat(names()).containsExactly("image");
        assertThat(path()).hasContent("before");
        fill.close();
    }

    @Test
    void closingWhileInterruptedKeepsTheFlag() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        MappedFill fill = open(3);

        Thread.currentThread().interrupt();
        fill.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(names()).isEmpty();
    }

    @Test
    void theMemoryIsUnmappedByTheLastLease() throws Exception {
        ProcessMaps.assumeReadable();
        remote.onRead(read -> {
            if (read.offset() > 0) {
                Blocking.await(gate);
            }
        });
        MappedFill fill = open(2);
        fill.await(ByteRange.of(0, PIECE));
        Path temporary = fill.region().file().path();
        try (Lease lease = fill.region().acquire()) {
            fill.close();

            assertThat(fill.region().file().isReleased()).isFalse();
            assertThat(ProcessMaps.contains(temporary)).isTrue();
            PatternStore.assertContent(0, lease.buffers().get(0).slice(0, PIECE));
        }
        assertThat(fill.region().file().isReleased()).isTrue();
        assertThat(ProcessMaps.contains(temporary)).isFalse();
        assertThatThrownBy(() -> fill.region().acquire()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aManagerThatIsClosedBeforeTheFillFailsIt() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        TransferManager early = TransferManager.create();
        try (MappedFill fill = MappedFill.open(early, remote, PatternStore.KEY, path(), options(1))) {
            Blocking.until(() -> remote.inside() == 1);
            FutureTask<Void> closing = start(early::close);
            Blocking.until(() -> {
                try {
                    early.openReader(remote, PatternStore.KEY).close();
                    return false;
                } catch (IllegalStateException closed) {
                    return true;
                }
            });
            gate.countDown();
            closing.get();

            assertThatThrownBy(() -> fill.await(ByteRange.all())).hasMessageContaining("TransferManager is closed");
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aFileThatWasReplacedAfterwardsIsNotTakenForTheBlob() throws Exception {
        try (MappedFill fill = open(4)) {
            fill.await(ByteRange.all());
            Files.writeString(directory.resolve("other"), "other");
            Files.move(directory.resolve("other"), path(), StandardCopyOption.REPLACE_EXISTING);

            assertThatThrownBy(fill::complete).isInstanceOf(SourceChangedException.class);
        }
    }
}
