package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ListOptions;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ObjectHash;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Splits into a directory and merges from it that are stopped at random moments leave nothing, and hold nothing. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class RandomStopsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int WORKERS = 4;
    private static final int ROUNDS = CampaignScale.of(500, 30);

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(1);
    private final ByteBuffer tar = Fixture.tar(Fixture.files(1, 30, 2000));
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private ExecutorService executor;
    private TransferManager transfers;
    private Path root;

    @BeforeEach
    void create() throws IOException {
        executor = Executors.newFixedThreadPool(WORKERS, task -> {
            Thread thread = new Thread(task, "worker");
            threads.add(thread);
            return thread;
        });
        transfers = TransferManager.builder().executor(executor).build();
        root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
    }

    @AfterEach
    void close() {
        transfers.close();
        executor.shutdown();
    }

    private enum Stop {
        CANCEL {
            @Override
            void stop(Transfer<?> transfer, List<Thread> threads) {
                transfer.cancel();
            }
        },
        /** Interrupts all workers, and those that wait for work, who take no notice. */
        INTERRUPT {
            @Override
            void stop(Transfer<?> transfer, List<Thread> threads) {
                threads.forEach(Thread::interrupt);
            }
        };

        abstract void stop(Transfer<?> transfer, List<Thread> threads);
    }

    /**
     * Stops a transfer at a moment of the time that one takes, and returns whether it was cancelled. It may have ended
     * before that; tests with stores that block are in {@link SplitFailureTest} and {@link MergeTest}.
     */
    private boolean isStopped(Transfer<?> transfer, Stop stop, long nanos) throws Exception {
        LockSupport.parkNanos(random.nextLong(nanos));
        stop.stop(transfer, threads);
        try {
            transfer.join(LIMIT);
            return false;
        } catch (CancellationException e) {
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSplitThatIsStoppedLeavesNoLink(Stop stop) throws Exception {
        Path path = Files.write(directory.resolve("tar"), tar.array());
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            SplitEngine engine = SplitEngine.of(transfers);
            for (int round = 0; round < ROUNDS; round++) {
                try (MappedFile file = MappedFile.open(path)) {
                    SplitOptions options =
                            SplitOptions.builder().ref("r").concurrency(WORKERS).build();
                    if (isStopped(engine.split(repository, "s", file.region(), options), stop, 20_000_000)) {
                        assertThat(repository.refs()).isEmpty();
                    } else {
                        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
                    }
                    assertThat(file.leases()).isZero();
                }
                assertThat(Fixture.temporaries(root)).isEmpty();
                if (!repository.refs().isEmpty()) {
                    repository.deleteRef("r");
                }
                // waits for writers only while there are any
                assertThat(Fixture.collect(
                                        repository,
                                        CollectOptions.builder()
                                                .waitForWriters(Duration.ZERO)
                                                .build())
                                .isClean())
                        .isTrue();
            }
            assertThat(Fixture.objects(store)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMergeThatIsStoppedPublishesNothing(Stop stop) throws Exception {
        Path target = Files.createDirectory(directory.resolve("target"));
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            Fixture.split(transfers, repository, "s", tar);
            for (int round = 0; round < ROUNDS; round++) {
                Path file = target.resolve("file");
                Transfer<MergeResult> merge = SplitEngine.of(transfers).merge(repository, "s", BlobTarget.ofPath(file));
                if (isStopped(merge, stop, 3_000_000)) {
                    assertThat(target).isEmptyDirectory();
                } else {
                    Fixture.assertSame(ByteBuffer.wrap(Files.readAllBytes(file)), tar);
                    Files.delete(file);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefOrACollectionThatIsStoppedHoldsNoLock(Stop stop) throws Exception {
        CollectOptions impatient =
                CollectOptions.builder().waitForWriters(Duration.ZERO).build();
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            SplitEngine engine = SplitEngine.of(transfers);
            SplitOptions keep = SplitOptions.builder().ref("kept").build();
            engine.split(repository, "s", BlobSource.of(tar), keep).join(LIMIT);
            for (int round = 0; round < ROUNDS; round++) {
                boolean stopped = isStopped(engine.setRef(repository, "r", "s"), stop, 1_500_000);
                assertThat(repository.refs().contains("r")).isEqualTo(!stopped);
                repository.deleteRef("r");
                isStopped(engine.collect(repository, impatient), stop, 1_500_000);
                assertThat(Fixture.collect(repository, impatient).isClean()).isTrue();
            }
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefOrACollectionOfABucketThatIsStoppedLosesNothing(Stop stop) throws Exception {
        for (int round = 0; round < ROUNDS / 3; round++) {
            ClockedStore bucket = new ClockedStore(new InMemoryBlobStore());
            Repository repository = Repository.of(BlobStoreObjects.of(bucket, ObjectHash.SHA_256));
            SplitEngine engine = SplitEngine.of(transfers);
            Fixture.split(transfers, repository, "s", tar);
            bucket.now = bucket.now.plus(Duration.ofHours(25));
            Fixture.collect(repository, CollectOptions.DEFAULT); // the next one deletes it
            boolean stopped = isStopped(engine.setRef(repository, "r", "s"), stop, 3_000_000);
            assertThat(repository.refs().isEmpty()).isEqualTo(stopped);
            isStopped(engine.collect(repository, CollectOptions.DEFAULT), stop, 1_500_000);
            assertThat(bucket.list(ListOptions.prefix(BucketSession.PREFIX)).hasNext())
                    .isFalse();
            assertThat(DeletionMark.isDeletion(new DeletionMark(bucket).read())).isFalse();
            if (!stopped) {
                Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
            }
        }
    }

    @Test
    void anInterruptOfTheCallerWhoWaitsChangesNothing() throws Exception {
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            Transfer<SplitResult> split = SplitEngine.of(transfers)
                    .split(
                            repository,
                            "s",
                            BlobSource.of(tar),
                            SplitOptions.builder().ref("r").build());
            Thread.currentThread().interrupt();
            try {
                split.join(LIMIT);
            } catch (InterruptedException e) {
                split.join(LIMIT);
            }
            assertThat(Thread.interrupted()).isFalse();
            assertThat(repository.refs()).containsExactly("r");
        }
    }
}
