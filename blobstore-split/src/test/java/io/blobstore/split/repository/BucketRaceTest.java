package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A writer that keeps old objects of a bucket, and a collection that is about to delete them, stopped at each of their
 * requests: what the writer has linked is complete, and stays.
 */
@ExtendWith(LeakCheck.class)
class BucketRaceTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** More requests than either of them sends. */
    private static final int MAX_REQUESTS = 80;

    private final ByteBuffer content = Fixture.tar(Fixture.files(1, 3, 1000));
    private final ByteBuffer other = Fixture.tar(Fixture.files(2, 1, 1000));
    private final ExecutorService writing = Executors.newSingleThreadExecutor();
    private final ExecutorService collecting = Executors.newSingleThreadExecutor();
    private TransferManager transfers;
    private ObjectId stream;

    @BeforeEach
    void create() {
        transfers = TransferManager.builder().executor(writing).build();
    }

    @AfterEach
    void close() {
        transfers.close();
        writing.shutdown();
        collecting.shutdown();
    }

    /** What a writer does with the stream "a", to which no ref leads, and that is old. */
    private enum Writer {
        REF,
        SPLIT_AGAIN,
        REFERENCE;

        Transfer<?> start(SplitEngine engine, Repository repository, ByteBuffer content, ByteBuffer other) {
            return switch (this) {
                case REF -> engine.setRef(repository, "r", "a");
                case SPLIT_AGAIN ->
                    engine.split(
                            repository,
                            "a",
                            BlobSource.of(content),
                            SplitOptions.builder().ref("r").build());
                case REFERENCE ->
                    engine.split(
                            repository,
                            "b",
                            BlobSource.of(other),
                            SplitOptions.builder().ref("r").stream("layer", "a").build());
            };
        }
    }

    /** The store as one of the two sees it, which stops before its request {@code stop}. */
    private static final class Stepped extends ForwardingBlobStore {
        private static final BlobKey MARK = BlobKey.of(".split/deletion");
        private final int stop;
        private final CompletableFuture<Void> stopped = new CompletableFuture<>();
        private final CompletableFuture<Void> released = new CompletableFuture<>();
        /** Completed when it has seen a deletion, for whose end it may wait. */
        private final CompletableFuture<Void> waiting = new CompletableFuture<>();

        private int requests;

        Stepped(BlobStore delegate, int stop) {
            super(delegate);
            this.stop = stop;
        }

        private void step() {
            if (requests++ == stop) {
                stopped.complete(null);
                released.join();
            }
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource source, StoreOptions options) throws IOException {
            step();
            return super.store(key, source, options);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            step();
            return super.read(key, range, target, options);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, ByteBuffer target, ReadOptions options)
                throws IOException {
            step();
            int start = target.position();
            ReadResult result = super.read(key, range, target, options);
            if (key.equals(MARK) && target.get(start) == 'd') {
                waiting.complete(null);
            }
            return result;
        }

        @Override
        public BlobMetadata head(BlobKey key) throws IOException {
            step();
            return super.head(key);
        }

        @Override
        public BlobListing list(ListOptions options) throws IOException {
            step();
            return super.list(options);
        }

        @Override
        public void delete(BlobKey key) throws IOException {
            step();
            super.delete(key);
        }

        @Override
        public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
            step();
            return super.delete(keys);
        }

        @Override
        public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
            step();
            return super.copy(from, to, options);
        }
    }

    private static void await(CompletableFuture<?>... events) throws Exception {
        CompletableFuture.anyOf(events).handle((result, problem) -> true).get(60, TimeUnit.SECONDS);
    }

    /**
     * Runs both, with two stops.
     *
     * @return whether the writer succeeded
     */
    private boolean run(Writer kind, int writerStop, int collectionStop, boolean writerFirst) throws Exception {
        ClockedStore bucket = new ClockedStore(new InMemoryBlobStore());
        Repository repository = repository(bucket);
        stream = Fixture.split(transfers, repository, "a", content).stream();
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                .isZero(); // the next one deletes them

        Stepped written = new Stepped(bucket, writerStop);
        Stepped collected = new Stepped(bucket, collectionStop);
        try (TransferManager collector =
                TransferManager.builder().executor(collecting).build()) {
            CompletableFuture<?> writer;
            CompletableFuture<CollectReport> collection;
            if (writerFirst) {
                writer = write(kind, written);
                await(writer, written.stopped);
                collection = collect(collector, collected);
                await(collection, collected.stopped);
                written.released.complete(null);
                await(writer, written.waiting);
                collected.released.complete(null);
            } else {
                collection = collect(collector, collected);
                await(collection, collected.stopped);
                writer = write(kind, written);
                await(writer, written.stopped, written.waiting);
                collected.released.complete(null);
                await(collection);
                written.released.complete(null);
            }
            assertThat(collection.get(60, TimeUnit.SECONDS).isClean()).isTrue();
            await(writer);
            boolean succeeded = !writer.isCompletedExceptionally();
            assertComplete(kind, writer, repository);
            for (int i = 0; i < 2; i++) {
                assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).isClean())
                        .isTrue();
            }
            if (succeeded) {
                assertComplete(kind, writer, repository);
            }
            return succeeded;
        }
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private CompletableFuture<?> write(Writer kind, BlobStore store) {
        return kind.start(SplitEngine.of(transfers), repository(store), content, other)
                .toCompletableFuture();
    }

    private static CompletableFuture<CollectReport> collect(TransferManager collector, BlobStore store) {
        return SplitEngine.of(collector)
                .collect(repository(store), CollectOptions.DEFAULT)
                .toCompletableFuture();
    }

    /** Requires that a ref leads to everything, or that there is none and the writer says why. */
    private void assertComplete(Writer kind, CompletableFuture<?> writer, Repository repository) throws Exception {
        if (writer.isCompletedExceptionally()) {
            assertThat(writer)
                    .failsWithin(LIMIT)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOfAny(
                            CollectedObjectException.class, MissingObjectException.class, UnknownStreamException.class);
            assertThat(repository.refs()).isEmpty();
            return;
        }
        assertThat(repository.refs()).containsExactly("r");
        if (kind == Writer.REFERENCE) {
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", other.remaining()), other);
            // The reference keeps the stream, not its name.
            repository.objects().setLink("streams/a", RepositoryPaths.object(stream));
        }
        Fixture.assertSame(Fixture.merge(transfers, repository, "a", content.remaining()), content);
        assertThat(SplitEngine.of(transfers)
                        .fsck(repository, FsckOptions.DEFAULT)
                        .join(LIMIT)
                        .problems())
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Writer.class)
    void whatIsKeptWhileACollectionRunsIsComplete(Writer kind) throws Exception {
        SplittableRandom random = new SplittableRandom(kind.ordinal());
        int succeeded = 0;
        int rounds = CampaignScale.of(300);
        for (int round = 0; round < rounds; round++) {
            if (run(kind, random.nextInt(MAX_REQUESTS), random.nextInt(MAX_REQUESTS), random.nextBoolean())) {
                succeeded++;
            }
        }
        assertThat(succeeded).isPositive();
    }

    /** The collection stops before each of its requests, and the writer runs meanwhile. */
    @ParameterizedTest
    @EnumSource(Writer.class)
    void aWriterMayRunAtEachStepOfACollection(Writer kind) throws Exception {
        for (int stop = 0; stop < MAX_REQUESTS; stop += CampaignScale.isFull() ? 1 : 3) {
            run(kind, Integer.MAX_VALUE, stop, false);
        }
    }
}
