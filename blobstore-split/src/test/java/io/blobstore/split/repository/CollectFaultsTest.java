package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Collections and healing of buckets whose requests fail, or whose streams are damaged. */
@ExtendWith(LeakCheck.class)
class CollectFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .build();
    private static final CollectOptions COLLECT =
            CollectOptions.builder().retry(FAST).build();

    private final ByteBuffer kept = Fixture.tar(Fixture.files(1, 4, 1000));
    private final ByteBuffer garbage = Fixture.tar(Fixture.files(2, 4, 1000));
    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final ClockedStore bucket = new ClockedStore(memory);
    private final Repository repository = repository(bucket);
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private void split(String name, ByteBuffer content, SplitOptions options) throws Exception {
        SplitEngine.of(transfers)
                .split(repository, name, BlobSource.of(content), options)
                .join(LIMIT);
    }

    /** Stores one stream that is kept, and one that the next collection deletes. */
    private void makeGarbage() throws Exception {
        split("kept", kept, SplitOptions.builder().ref("kept").build());
        split("garbage", garbage, SplitOptions.DEFAULT);
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        assertThat(Fixture.collect(repository, COLLECT).objectsSpared()).isEqualTo(5);
    }

    /** Fails each request the first time, before the store has seen it or after that. */
    private static final class FailingOnce extends ForwardingBlobStore {
        private final boolean afterwards;
        private final Set<String> failed = ConcurrentHashMap.newKeySet();
        private final AtomicInteger failures = new AtomicInteger();

        FailingOnce(BlobStore delegate, boolean afterwards) {
            super(delegate);
            this.afterwards = afterwards;
        }

        private interface Request<R> {
            R send() throws IOException;
        }

        private <R> R once(Operation operation, String what, Request<R> request) throws IOException {
            boolean fails = failed.add(operation + what);
            if (fails) {
                failures.incrementAndGet();
                if (afterwards) {
                    R unused = request.send();
                }
                throw new BlobStoreException(operation, null, "the first attempt fails", null, true);
            }
            return request.send();
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource source, StoreOptions options) throws IOException {
            return once(Operation.STORE, key.toString(), () -> super.store(key, source, options));
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            if (failed.add("read" + key)) {
                failures.incrementAndGet();
                throw new BlobStoreException(Operation.READ, key, "the first attempt fails", null, true);
            }
            return super.read(key, range, target, options);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, ByteBuffer target, ReadOptions options)
                throws IOException {
            return read(key, range, BlobTarget.Window.of(target), options);
        }

        @Override
        public BlobMetadata head(BlobKey key) throws IOException {
            return once(Operation.HEAD, key.toString(), () -> super.head(key));
        }

        @Override
        public BlobListing list(ListOptions options) throws IOException {
            return once(Operation.LIST, options.prefix(), () -> super.list(options));
        }

        @Override
        public void delete(BlobKey key) throws IOException {
            once(Operation.DELETE, key.toString(), () -> {
                super.delete(key);
                return key;
            });
        }

        @Override
        public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
            return once(Operation.DELETE, keys.toString(), () -> super.delete(keys));
        }

        @Override
        public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
            return once(Operation.COPY, from.toString(), () -> super.copy(from, to, options));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCollectionRepeatsFailedRequests(boolean afterwards) throws Exception {
        makeGarbage();
        FailingOnce failing = new FailingOnce(bucket, afterwards);
        RetryPolicy patient = FAST.toBuilder().maxAttempts(8).build(); // it begins with six requests in one attempt
        CollectReport report = Fixture.collect(
                repository(failing), CollectOptions.builder().retry(patient).build());
        assertThat(failing.failures.get()).isGreaterThan(10);
        assertThat(report.broken()).isEmpty();
        assertThat(report.objectsDeleted()).isEqualTo(5);
        assertThat(report.linksDeleted()).containsExactly("streams/garbage");
        assertThat(report.objectsKept()).isEqualTo(5);
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/kept", kept.remaining()), kept);
        assertThat(Fixture.objects(repository.objects())).hasSize(5);
        assertThat(repository.streams()).containsExactly("kept");
        assertThat(new DeletionMark(bucket).read())
                .hasValueSatisfying(text -> assertThat(text).startsWith("ended "));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void healingRepeatsFailedRequests(boolean afterwards) throws Exception {
        split("kept", kept, SplitOptions.builder().ref("kept").build());
        InMemoryBlobStore sound = new InMemoryBlobStore();
        Fixture.split(transfers, repository(sound), "kept", kept);
        List<ObjectId> ids = Fixture.objects(repository.objects());
        repository.objects().put(ids.get(0), BlobSource.of(ByteBuffer.allocate(1000)), true);
        bucket.delete(BlobKey.of(RepositoryPaths.object(ids.get(1))));
        FailingOnce failing = new FailingOnce(bucket, afterwards);
        FailingOnce other = new FailingOnce(sound, afterwards);
        FsckReport report = SplitEngine.of(transfers)
                .fsck(
                        repository(failing),
                        FsckOptions.builder()
                                .healFrom(BlobStoreObjects.of(other, ObjectHash.SHA_256))
                                .retry(FAST)
                                .build())
                .join(LIMIT);
        assertThat(other.failures.get()).isPositive();
        assertThat(report.problems()).isEmpty();
        assertThat(report.healed()).hasSize(2);
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/kept", kept.remaining()), kept);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRefIsSetAlthoughRequestsFail(boolean afterwards) throws Exception {
        makeGarbage();
        FailingOnce failing = new FailingOnce(bucket, afterwards);
        ObjectId id = SplitEngine.of(transfers)
                .setRef(repository(failing), "r", "garbage")
                .join(LIMIT);
        assertThat(repository.stream("refs/r")).isEqualTo(id);
        assertThat(Fixture.collect(repository, COLLECT).objectsDeleted()).isZero();
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", garbage.remaining()), garbage);
        assertThat(bucket.list(ListOptions.prefix(BucketSession.PREFIX)).hasNext())
                .as("a session is left")
                .isFalse();
    }

    @Test
    void aFlippedBitOfAStreamDeletesNothing() throws Exception {
        makeGarbage();
        ObjectId id = repository.stream("kept");
        BlobKey key = BlobKey.of(RepositoryPaths.object(id));
        int size = (int) bucket.head(key).size();
        ByteBuffer stream = ByteBuffer.allocate(size);
        bucket.read(key, ByteRange.all(), stream);
        int before = Fixture.objects(repository.objects()).size();
        // The header and the information section, then the ids of objects.
        for (int at = 0; at < 32 + 80 + 4 * 32; at++) {
            byte[] damaged = stream.array().clone();
            damaged[at] ^= (byte) (1 << (at % 8));
            memory.store(key, BlobSource.of(ByteBuffer.wrap(damaged)));
            CollectReport report = Fixture.collect(repository, COLLECT);
            assertThat(report.broken())
                    .as("byte " + at)
                    .singleElement()
                    .asString()
                    .contains("streams/refs/kept", "the object " + id + " is damaged");
            assertThat(report.objectsDeleted()).isZero();
            assertThat(report.linksDeleted()).isEmpty();
        }
        assertThat(Fixture.objects(repository.objects())).hasSize(before);
        memory.store(key, BlobSource.of(stream.flip()));
        assertThat(Fixture.collect(repository, COLLECT).objectsDeleted()).isEqualTo(5);
    }

    /** A damaged stream does not pass for an image, which would refer to nothing. */
    @Test
    void aStreamThatIsDamagedIntoAnImageDeletesNothing() throws Exception {
        makeGarbage();
        ObjectId id = repository.stream("kept");
        ByteBuffer image = ByteBuffer.allocate(4096);
        image.put(1024, new byte[] {(byte) 0xe2, (byte) 0xe1, (byte) 0xf5, (byte) 0xe0});
        memory.store(BlobKey.of(RepositoryPaths.object(id)), BlobSource.of(image));
        CollectReport report = Fixture.collect(repository, COLLECT);
        assertThat(report.broken()).singleElement().asString().contains("is damaged");
        assertThat(report.objectsDeleted()).isZero();
    }

    /** What stops a collection: its cancellation, while the store does not answer. */
    private enum At {
        MARKING,
        DELETING
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledCollectionDoesNotStopWriters(At at) throws Exception {
        makeGarbage();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        BlobStore stalling = new ForwardingBlobStore(bucket) {
            private void stall(At here) throws IOException {
                if (here == at) {
                    reached.countDown();
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("interrupted");
                    }
                }
            }

            @Override
            public BlobListing list(ListOptions options) throws IOException {
                if (options.prefix().equals("streams/refs/")) {
                    stall(At.MARKING);
                }
                return super.list(options);
            }

            @Override
            public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
                stall(At.DELETING);
                return super.delete(keys);
            }
        };
        Transfer<CollectReport> collection = SplitEngine.of(transfers).collect(repository(stalling), COLLECT);
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(collection.cancel()).isTrue();
        assertThatThrownBy(() -> collection.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertThat(DeletionMark.isDeletion(new DeletionMark(bucket).read())).isFalse();
        split("garbage", garbage, SplitOptions.builder().ref("r").build());
        assertThat(Fixture.collect(repository, COLLECT).objectsDeleted()).isZero();
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", garbage.remaining()), garbage);
    }

    // ---- the mark of deletions

    @Test
    void aWriterDoesNotWaitForACollectionThatHasDied() throws Exception {
        makeGarbage();
        String left = new DeletionMark(bucket).begin(); // of a process that is killed
        bucket.now = bucket.now.plus(Duration.ofMinutes(3));
        split("garbage", garbage, SplitOptions.builder().ref("r").build());
        assertThat(new DeletionMark(bucket).read()).contains(left);
        assertThat(Fixture.collect(repository, COLLECT).objectsDeleted()).isZero();
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", garbage.remaining()), garbage);
    }

    @Test
    void aCollectionDeletesNothingWhileAnotherOneDoes() throws Exception {
        makeGarbage();
        String other = new DeletionMark(bucket).begin();
        assertThatThrownBy(() -> Fixture.collect(repository, COLLECT))
                .isInstanceOf(RepositoryBusyException.class)
                .hasMessageContaining("another garbage collection");
        assertThat(new DeletionMark(bucket).read()).contains(other);
        assertThat(Fixture.objects(repository.objects())).hasSize(10);
        bucket.now = bucket.now.plus(Duration.ofMinutes(3));
        assertThat(Fixture.collect(repository, COLLECT).objectsDeleted()).isEqualTo(5);
    }

    @Test
    void aCollectionThatWasSuspendedLooksAgain() throws Exception {
        makeGarbage();
        long[] nanos = new long[1];
        BlobStoreObjects objects = BlobStoreObjects.of(bucket, ObjectHash.SHA_256);
        try (BucketSweep sweep = BucketSweep.begin(objects, bucket, Duration.ofHours(24), () -> nanos[0])) {
            List<StoredObject> unused = unreferenced(sweep);
            // Suspended after the first page was listed; a writer does not wait that long, and makes one young.
            bucket.afterAnObjectIsListed = () -> {
                nanos[0] += Duration.ofMinutes(2).toNanos();
                try {
                    objects.renew(unused.get(0).id());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            };
            assertThat(sweep.delete(unused)).hasSize(4).doesNotContain(unused.get(0));
        }
        assertThat(Fixture.objects(repository.objects())).hasSize(6);
    }

    private List<StoredObject> unreferenced(BucketSweep sweep) throws IOException {
        List<StoredObject> old = new ArrayList<>();
        Set<ObjectId> live = StreamObjects.read(repository, "kept").objects();
        ObjectId stream = repository.stream("kept");
        repository.objects().forEachObject(object -> {
            if (sweep.mayDelete(object)
                    && !live.contains(object.id())
                    && !object.id().equals(stream)) {
                old.add(object);
            }
        });
        return old;
    }
}
