package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The garbage collection deletes what nothing refers to, and nothing that a writer relies on. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class CollectTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final ByteBuffer first = Fixture.tar(Fixture.files(1, 20, 1000));
    private final ByteBuffer second = Fixture.tar(Fixture.files(2, 30, 1000));
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private void split(Repository repository, String name, ByteBuffer content, String ref) throws Exception {
        SplitEngine.of(transfers)
                .split(
                        repository,
                        name,
                        BlobSource.of(content),
                        SplitOptions.builder().ref(ref).concurrency(4).build())
                .join(LIMIT);
    }

    private ComposefsDirectory onDisk() throws IOException {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        return Fixture.open(root);
    }

    // ---- on disk

    @Test
    void whatNoRefKeepsIsDeletedFromADirectory() throws Exception {
        try (ComposefsDirectory store = onDisk()) {
            Repository repository = Repository.of(store);
            split(repository, "a", first, "x/a");
            split(repository, "b", second, "x/b");
            Fixture.split(transfers, repository, "unreferenced", Fixture.tar(Fixture.files(3, 5, 1000)));
            CollectReport dry = Fixture.collect(
                    repository, CollectOptions.builder().dryRun(true).build());
            assertThat(dry.objectsDeleted()).isEqualTo(6);
            assertThat(dry.linksDeleted()).containsExactly("streams/unreferenced");
            assertThat(Fixture.objects(store)).hasSize(20 + 30 + 5 + 3);

            repository.deleteRef("x/a");
            CollectReport report = Fixture.collect(repository, CollectOptions.DEFAULT);
            assertThat(report.isClean()).isTrue();
            assertThat(report.objectsDeleted()).isEqualTo(6 + 21);
            assertThat(report.objectsKept()).isEqualTo(31);
            assertThat(report.linksDeleted()).containsExactlyInAnyOrder("streams/unreferenced", "streams/a");
            assertThat(repository.streams()).containsExactly("b");
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/x/b", second.remaining()), second);
            assertThat(SplitEngine.of(transfers)
                            .fsck(repository, FsckOptions.DEFAULT)
                            .join(LIMIT)
                            .problems())
                    .isEmpty();
        }
    }

    @Test
    void aStreamKeepsTheStreamsToWhichItRefers() throws Exception {
        try (ComposefsDirectory store = onDisk()) {
            Repository repository = Repository.of(store);
            split(repository, "layer", first, "temporary");
            SplitEngine.of(transfers)
                    .split(
                            repository,
                            "image",
                            BlobSource.of(second),
                            SplitOptions.builder().ref("image").stream("layer", "layer")
                                    .build())
                    .join(LIMIT);
            repository.deleteRef("temporary");
            assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                    .isZero();
            Fixture.assertSame(Fixture.merge(transfers, repository, "layer", first.remaining()), first);
            repository.deleteRef("image");
            Fixture.collect(repository, CollectOptions.DEFAULT);
            assertThat(Fixture.objects(store)).isEmpty();
        }
    }

    @Test
    void aCollectionWaitsForWritersAndWritersForACollection() throws Exception {
        try (ComposefsDirectory store = onDisk()) {
            Repository repository = Repository.of(store);
            CollectOptions impatient = CollectOptions.builder()
                    .waitForWriters(Duration.ofMillis(1))
                    .build();
            try (ObjectStore.Session session = store.beginSession(UUID.randomUUID());
                    ObjectStore.Session another = store.beginSession(UUID.randomUUID())) {
                assertThat(session).isNotSameAs(another);
                assertThatThrownBy(() -> Fixture.collect(repository, impatient))
                        .isInstanceOf(RepositoryBusyException.class);
            }
            Transfer<SplitResult> split;
            try (ObjectStore.Sweep sweep = store.beginSweep(Duration.ZERO, Duration.ZERO)) {
                assertThat(sweep).isNotNull();
                split = SplitEngine.of(transfers)
                        .split(
                                repository,
                                "s",
                                BlobSource.of(first),
                                SplitOptions.builder().ref("r").build());
                assertThatThrownBy(() -> split.join(Duration.ofMillis(100))).isInstanceOf(TimeoutException.class);
            }
            split.join(LIMIT);
            assertThat(Fixture.collect(repository, impatient).objectsDeleted()).isZero();
        }
    }

    @Test
    void aWriterThatWaitsForACollectionCanBeCancelled() throws Exception {
        try (ComposefsDirectory store = onDisk();
                ObjectStore.Sweep sweep = store.beginSweep(Duration.ZERO, Duration.ZERO)) {
            assertThat(sweep).isNotNull();
            Transfer<SplitResult> split = SplitEngine.of(transfers)
                    .split(Repository.of(store), "s", BlobSource.of(first), SplitOptions.DEFAULT);
            assertThat(split.cancel()).isTrue();
            assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void nothingIsDeletedWhileAnythingIsBroken() throws Exception {
        try (ComposefsDirectory store = onDisk()) {
            Repository repository = Repository.of(store);
            split(repository, "a", first, "a");
            split(repository, "b", second, "b");
            repository.deleteRef("a");
            Path root = directory.resolve("repository");
            ObjectId stream = repository.stream("b");
            Path file = root.resolve("objects").resolve(stream.path());
            byte[] content = Files.readAllBytes(file);
            byte[] broken = content.clone();
            broken[0]++;
            Files.write(file, broken);
            assertUnchanged(repository, store, "refs/b");
            Files.write(file, content);

            ObjectId object = Fixture.objects(store).stream()
                    .filter(id -> !id.equals(stream))
                    .filter(id -> StreamObjectsOf.contains(repository, "b", id))
                    .findFirst()
                    .orElseThrow();
            Path missing = root.resolve("objects").resolve(object.path());
            byte[] kept = Files.readAllBytes(missing);
            Files.delete(missing);
            assertUnchanged(repository, store, object.hex());
            Files.write(missing, kept);

            Files.writeString(root.resolve("streams/refs/text"), "no link");
            assertUnchanged(repository, store, "streams/refs/text");
            Files.delete(root.resolve("streams/refs/text"));

            Files.createSymbolicLink(root.resolve("streams/refs/gone"), Path.of("../nothing"));
            assertUnchanged(repository, store, "streams/refs/gone");
            Files.delete(root.resolve("streams/refs/gone"));

            Files.writeString(root.resolve("objects/README"), "foreign");
            Files.writeString(root.resolve("streams/README"), "foreign");
            CollectReport report = Fixture.collect(repository, CollectOptions.DEFAULT);
            assertThat(report.foreign()).containsExactlyInAnyOrder("objects/README", "streams/README");
            assertThat(report.isClean()).isFalse();
            assertThat(report.objectsDeleted()).isEqualTo(21);
            assertThat(root.resolve("objects/README")).exists();
        }
    }

    /** Reads the references of a stream in a lambda. */
    private static final class StreamObjectsOf {
        static boolean contains(Repository repository, String name, ObjectId id) {
            try {
                return StreamObjects.read(repository, name).objects().contains(id);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void assertUnchanged(Repository repository, ObjectStore store, String named) throws IOException {
        List<ObjectId> before = Fixture.objects(store);
        CollectReport report = Fixture.collect(repository, CollectOptions.DEFAULT);
        assertThat(report.isClean()).isFalse();
        assertThat(report.objectsDeleted()).isZero();
        assertThat(report.linksDeleted()).isEmpty();
        assertThat(report.broken()).anyMatch(problem -> problem.contains(named));
        assertThat(report.toJson()).contains("\"broken\":[\"");
        assertThat(Fixture.objects(store)).isEqualTo(before);
    }

    @Test
    void aBrokenStreamCanBeForgotten() throws Exception {
        try (ComposefsDirectory store = onDisk()) {
            Repository repository = Repository.of(store);
            split(repository, "a", first, "a");
            split(repository, "b", second, "b");
            Files.write(
                    directory
                            .resolve("repository/objects")
                            .resolve(repository.stream("b").path()),
                    new byte[10]);
            CollectReport report = Fixture.collect(
                    repository, CollectOptions.builder().forget("b").build());
            assertThat(report.broken()).isEmpty();
            assertThat(report.objectsDeleted()).isEqualTo(31);
            assertThat(repository.refs()).containsExactly("a");
        }
    }

    // ---- in buckets

    private final ClockedStore bucket = new ClockedStore(new InMemoryBlobStore());
    private final Repository inBucket = Repository.of(BlobStoreObjects.of(bucket, ObjectHash.SHA_256));

    @Test
    void aBucketsObjectsAreDeletedWhenTheyAreOldAndWereUnreferencedBefore() throws Exception {
        split(inBucket, "a", first, "a");
        split(inBucket, "b", second, "b");
        inBucket.deleteRef("a");
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsSpared())
                .isEqualTo(21);
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                .isZero(); // too young
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        assertThat(inBucket.streams()).containsExactly("a", "b");
        CollectReport report = Fixture.collect(inBucket, CollectOptions.DEFAULT);
        assertThat(report.objectsDeleted()).isEqualTo(21);
        assertThat(inBucket.streams()).containsExactly("b");
        Fixture.assertSame(Fixture.merge(transfers, inBucket, "b", second.remaining()), second);
    }

    @Test
    void aCollectionKeepsTheGracePeriodOnWhichWritersRely() throws Exception {
        Repository patient =
                Repository.of(BlobStoreObjects.of(bucket, ObjectHash.SHA_256).grace(Duration.ofDays(8)));
        split(patient, "a", first, "a");
        patient.deleteRef("a");
        bucket.now = bucket.now.plus(Duration.ofDays(3)); // a writer would not store the objects again
        Fixture.collect(patient, CollectOptions.DEFAULT);
        assertThat(Fixture.collect(patient, CollectOptions.DEFAULT).objectsDeleted())
                .isZero();
        assertThat(Fixture.collect(
                                patient,
                                CollectOptions.builder()
                                        .grace(Duration.ofHours(1))
                                        .build())
                        .objectsDeleted())
                .isZero();
        bucket.now = bucket.now.plus(Duration.ofDays(6));
        CollectOptions longer =
                CollectOptions.builder().grace(Duration.ofDays(10)).build();
        assertThat(Fixture.collect(patient, longer).objectsDeleted()).isZero();
        assertThat(Fixture.collect(patient, CollectOptions.DEFAULT).objectsDeleted())
                .isEqualTo(21);
    }

    @Test
    void anOldObjectIsSparedTheFirstTime() throws Exception {
        split(inBucket, "a", first, "a");
        inBucket.deleteRef("a");
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        CollectReport report = Fixture.collect(inBucket, CollectOptions.DEFAULT);
        assertThat(report.objectsDeleted()).isZero();
        assertThat(report.linksDeleted()).isEmpty();
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                .isEqualTo(21);
    }

    @Test
    void aWriterThatFindsOldObjectsKeepsThemFromACollectionBeforeItsLink() throws Exception {
        split(inBucket, "a", first, "a");
        inBucket.deleteRef("a");
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        Fixture.collect(
                inBucket, CollectOptions.DEFAULT); // now they are candidates, and the next collection would delete them
        bucket.beforeLink = () -> {
            try {
                assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                        .isZero();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        split(inBucket, "again", first, "again");
        Fixture.collect(inBucket, CollectOptions.DEFAULT);
        Fixture.assertSame(Fixture.merge(transfers, inBucket, "again", first.remaining()), first);
    }

    @Test
    void aStreamThatIsLinkedDuringACollectionIsKept() throws Exception {
        split(inBucket, "a", first, "a");
        bucket.beforeLinksAreListed = () -> splitUnchecked("b", second);
        CollectReport report = Fixture.collect(inBucket, CollectOptions.DEFAULT);
        assertThat(report.linksDeleted()).isEmpty();
        Fixture.assertSame(Fixture.merge(transfers, inBucket, "refs/b", second.remaining()), second);
    }

    @Test
    void aWriterThatFindsOldObjectsDuringACollectionKeepsThem() throws Exception {
        split(inBucket, "a", first, "a");
        inBucket.deleteRef("a");
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        Fixture.collect(inBucket, CollectOptions.DEFAULT); // the next one may delete them, and has listed them as old
        bucket.beforeLinksAreListed = () -> splitUnchecked("a", first);
        CollectReport report = Fixture.collect(inBucket, CollectOptions.DEFAULT);
        assertThat(report.objectsDeleted()).isZero();
        assertThat(report.linksDeleted()).isEmpty();
        Fixture.assertSame(Fixture.merge(transfers, inBucket, "refs/a", first.remaining()), first);
    }

    private void splitUnchecked(String name, ByteBuffer content) {
        try {
            split(inBucket, name, content, name);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aListOfCandidatesThatIsTooLargeIsReadInPart() throws Exception {
        split(inBucket, "a", first, "a");
        inBucket.deleteRef("a");
        bucket.now = bucket.now.plus(Duration.ofHours(25));
        Fixture.collect(inBucket, CollectOptions.DEFAULT);
        BlobKey candidates = BlobKey.of(".split/candidates");
        ByteBuffer large = ByteBuffer.allocate(65 << 20);
        bucket.read(candidates, ByteRange.all(), large);
        bucket.store(candidates, BlobSource.of(large.clear()));
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                .isEqualTo(21);
    }

    @Test
    void aWriterWhoseSessionWasDeletedFailsBeforeItsLink() throws Exception {
        CompletableFuture<CollectReport> report = new CompletableFuture<>();
        bucket.beforeObject = () -> {
            bucket.now = bucket.now.plus(Duration.ofHours(25)); // the computer was asleep
            try {
                report.complete(Fixture.collect(inBucket, CollectOptions.DEFAULT));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        assertThatThrownBy(() -> split(inBucket, "a", first, "a"))
                .isInstanceOf(BlobStoreException.class)
                .hasMessageContaining("start again");
        assertThat(report.join().isClean()).isTrue();
        assertThat(inBucket.streams()).isEmpty();
    }

    @Test
    void aSessionOutlivesARequestThatFailsButNotItsDeletion() throws Exception {
        AtomicLong minutes = new AtomicLong();
        LongSupplier clock = () -> Duration.ofMinutes(minutes.incrementAndGet()).toNanos(); // shown again each time
        BucketSession session = BucketSession.begin(bucket, UUID.randomUUID(), Duration.ofHours(24), clock);
        String name =
                bucket.list(ListOptions.prefix(BucketSession.PREFIX)).next().name();
        session.keepAlive();
        assertThat(bucket.head(BlobKey.of(name)).size()).isPositive();
        bucket.failing = true;
        session.keepAlive();
        bucket.failing = false;
        session.keepAlive();
        session.sync();

        bucket.delete(BlobKey.of(name));
        assertThatThrownBy(session::keepAlive).hasMessageContaining("start again");
        assertThatThrownBy(session::sync).hasMessageContaining("start again");
        assertThat(bucket.list(ListOptions.prefix(BucketSession.PREFIX)).hasNext())
                .isFalse();
    }

    @Test
    void aSessionOfLongAgoProtectsNothingAndIsDeleted() throws Exception {
        split(inBucket, "a", first, "a");
        inBucket.deleteRef("a");
        inBucket.objects().beginSession(UUID.randomUUID()); // of a process that dies
        bucket.now = bucket.now.plus(Duration.ofHours(20));
        ObjectStore.Session alive = inBucket.objects().beginSession(UUID.randomUUID());
        bucket.now = bucket.now.plus(Duration.ofHours(5));
        Fixture.collect(inBucket, CollectOptions.DEFAULT);
        assertThat(bucket.list(ListOptions.prefix(".split/sessions/")).next().name())
                .isNotNull();
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                .isZero(); // before the session began + grace
        alive.close();
        assertThat(bucket.list(ListOptions.prefix(".split/sessions/")).hasNext())
                .isFalse();
        assertThat(Fixture.collect(inBucket, CollectOptions.DEFAULT).objectsDeleted())
                .isEqualTo(21);
    }

    @Test
    void aSplitCanBeCancelledAtItsLink() throws Exception {
        CountDownLatch linking = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        bucket.beforeLink = () -> {
            linking.countDown();
            try {
                assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Transfer<SplitResult> split =
                SplitEngine.of(transfers).split(inBucket, "s", BlobSource.of(first), SplitOptions.DEFAULT);
        assertThat(linking.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(split.cancel()).isFalse(); // it is being made visible
        go.countDown();
        split.join(LIMIT);
        assertThat(inBucket.streams()).containsExactly("s");
    }
}
