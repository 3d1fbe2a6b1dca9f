package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.Operation;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A split ends with any executor and any number of threads, and its result does not depend on them. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SplitThreadsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));

    private SplitResult split(TransferManager transfers, ByteBuffer content, SplitOptions options) throws Exception {
        return SplitEngine.of(transfers)
                .split(repository, "s", BlobSource.of(content), options)
                .join(LIMIT);
    }

    private static SplitOptions threads(int threads) {
        return SplitOptions.builder().concurrency(threads).build();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 1000})
    void anyNumberOfThreadsGivesTheSameStream(int files) throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(files, files, 300));
        Map<ObjectId, Integer> streams = new HashMap<>();
        try (TransferManager transfers = TransferManager.create()) {
            for (int threads = 1; threads <= 16; threads++) {
                streams.merge(split(transfers, tar, threads(threads)).stream(), 1, Integer::sum);
                Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
            }
        }
        assertThat(streams).hasSize(1).containsValue(16);
    }

    private void splitsWith(Executor executor) throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 600, 3000));
        try (TransferManager transfers =
                TransferManager.builder().executor(executor).build()) {
            SplitResult split = split(transfers, tar, threads(8));
            assertThat(split.progress().objectsStored()).isEqualTo(600);
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
            assertThat(SplitEngine.of(transfers)
                            .fsck(repository, FsckOptions.DEFAULT)
                            .join(LIMIT)
                            .isClean())
                    .isTrue();
        }
    }

    @Test
    void theCallersThreadIsEnough() throws Exception {
        splitsWith(Runnable::run);
    }

    @Test
    void oneThreadIsEnough() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            splitsWith(one);
        } finally {
            one.shutdownNow();
        }
    }

    @Test
    void anExecutorThatRejectsAllButTheFirstWorkerIsEnough() throws Exception {
        AtomicInteger accepted = new AtomicInteger();
        splitsWith(task -> {
            // Three transfers of one worker each; their other workers are rejected.
            if (Thread.currentThread().getName().startsWith("only")) {
                throw new RejectedExecutionException("full");
            }
            Thread thread = new Thread(task, "only-" + accepted.incrementAndGet());
            thread.start();
        });
        assertThat(accepted).hasValue(3);
    }

    @Test
    void anExecutorThatRejectsEverythingFailsTheSplitAndHoldsNothing() {
        try (TransferManager transfers = TransferManager.builder()
                .executor(task -> {
                    throw new RejectedExecutionException("full");
                })
                .build()) {
            assertThatThrownBy(() -> split(transfers, Fixture.tar(List.of()), threads(2)))
                    .isInstanceOf(RejectedExecutionException.class);
        }
    }

    @Test
    void equalFilesAreStoredOnce() throws Exception {
        byte[] same = Fixture.files(1, 1, 5000).get(0);
        ByteBuffer tar = Fixture.tar(Collections.nCopies(1000, same));
        FaultyBlobStore counted = FaultyBlobStore.over(store).build();
        Repository counting = Repository.of(BlobStoreObjects.of(counted, ObjectHash.SHA_256));
        try (TransferManager transfers = TransferManager.create()) {
            SplitResult split = SplitEngine.of(transfers)
                    .split(counting, "s", BlobSource.of(tar), threads(8))
                    .join(LIMIT);
            assertThat(split.progress().objectsStored()).isEqualTo(1);
            assertThat(split.progress().objectsPresent()).isEqualTo(999);
            assertThat(split.progress().bytesPresent()).isEqualTo(999L * 5000);
        }
        // the session, the object, the stream and its name
        assertThat(counted.requests(Operation.STORE)).isEqualTo(4);
        // the session twice, the object and the stream
        assertThat(counted.requests(Operation.HEAD)).isEqualTo(4);
    }

    @Test
    void whatIsPresentIsNotSentAgain() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(7, 300, 1000));
        FaultyBlobStore counted = FaultyBlobStore.over(store).build();
        Repository counting = Repository.of(BlobStoreObjects.of(counted, ObjectHash.SHA_256));
        try (TransferManager transfers = TransferManager.create()) {
            split(transfers, tar, threads(4));
            SplitResult again = SplitEngine.of(transfers)
                    .split(counting, "again", BlobSource.of(tar), threads(4))
                    .join(LIMIT);
            assertThat(again.progress())
                    .isEqualTo(new SplitProgress(
                            tar.remaining(), tar.remaining(), tar.remaining() - 300_000, 300, 300_000, 0, 0));
        }
        assertThat(counted.requests(Operation.STORE)).isEqualTo(2); // the session and the name
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void largeObjectsAreHashedInSections(int threads) throws Exception {
        ByteBuffer content = ByteBuffer.wrap(Fixture.files(3, 1, 21_000_001).get(0));
        SplitOptions options = SplitOptions.builder()
                .splitter((input, sink) -> {
                    sink.inline(1);
                    sink.object(20_000_000, "large");
                    sink.inline(1_000_000);
                })
                .concurrency(threads)
                .build();
        for (ObjectHash hash : ObjectHash.values()) {
            Repository other = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), hash));
            try (TransferManager transfers = TransferManager.create()) {
                SplitEngine.of(transfers)
                        .split(other, "s", BlobSource.of(content), options)
                        .join(LIMIT);
                Fixture.assertSame(Fixture.merge(transfers, other, "s", content.remaining()), content);
            }
            ObjectId id = VerityDigest.of(hash, BlobSource.of(content.slice(1, 20_000_000)));
            assertThat(other.objects().find(id))
                    .get()
                    .extracting(StoredObject::size)
                    .isEqualTo(20_000_000L);
        }
    }

    @Test
    void aSnapshotStoresItsChangedBlocksOnly() throws Exception {
        byte[] image = Fixture.files(5, 1, 4 << 20).get(0);
        Arrays.fill(image, 0, 1 << 20, (byte) 0);
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        try (TransferManager transfers = TransferManager.create()) {
            SplitResult first = split(transfers, ByteBuffer.wrap(image), fixed);
            assertThat(first.progress().objectsStored()).isEqualTo(49); // 16 blocks of zeros are one object
            image[2 << 20]++;
            SplitResult second = split(transfers, ByteBuffer.wrap(image), fixed);
            assertThat(second.progress().objectsStored()).isEqualTo(1);
            assertThat(second.progress().bytesStored()).isEqualTo(64 << 10);
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", image.length), ByteBuffer.wrap(image));
        }
    }

    @Test
    void splitsOfOneManagerDoNotBlockEachOther() throws Exception {
        ExecutorService two = Executors.newFixedThreadPool(2);
        try (TransferManager transfers = TransferManager.builder().executor(two).build()) {
            List<Transfer<SplitResult>> running = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                ByteBuffer tar = Fixture.tar(Fixture.files(i / 2, 200, 2000));
                running.add(SplitEngine.of(transfers).split(repository, "s" + i, BlobSource.of(tar), threads(4)));
            }
            for (Transfer<SplitResult> transfer : running) {
                transfer.join(LIMIT);
            }
            assertThat(SplitEngine.of(transfers)
                            .fsck(repository, FsckOptions.DEFAULT)
                            .join(LIMIT)
                            .problems())
                    .isEmpty();
            assertThat(Fixture.objects(repository.objects())).hasSize(4 * 200 + 4);
        } finally {
            two.shutdown();
        }
    }

    @Test
    @Campaign(representedBy = SplitThreadsTest.class)
    void anyNumberOfThreadsAndFilesEnds() throws Exception {
        for (int files = 0; files <= 300; files += 7) {
            ByteBuffer tar = Fixture.tar(Fixture.files(files, files, 100 + files));
            try (TransferManager transfers = TransferManager.create()) {
                ObjectId one = split(transfers, tar, threads(1)).stream();
                for (int threads = 2; threads <= 16; threads++) {
                    assertThat(split(transfers, tar, threads(threads)).stream()).isEqualTo(one);
                }
            }
        }
    }
}
