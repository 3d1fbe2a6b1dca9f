package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.Sha256;
import io.blobstore.TargetException;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Vectors;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A merge gives exactly the content that was split, or fails and publishes nothing. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class MergeTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    private final ByteBuffer tar = Fixture.tar(Fixture.files(1, 100, 3000));
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private MergeResult merge(Repository from, String name, Path target, MergeOptions options) throws Exception {
        return SplitEngine.of(transfers)
                .merge(from, name, BlobTarget.ofPath(target), options)
                .join(LIMIT);
    }

    private void assertNothingIsPublished() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aFileIsPublishedWhole() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        Path file = directory.resolve("file");
        MergeResult merged = merge(repository, "s", file, MergeOptions.DEFAULT);
        assertThat(Files.readAllBytes(file)).isEqualTo(tar.array());
        assertThat(merged.bytes()).isEqualTo(tar.remaining());
        assertThat(merged.objects()).isEqualTo(100);
        assertThat(merged.bytesInline()).isEqualTo(tar.remaining() - 300_000);
    }

    @Test
    void mappedMemoryIsFilledInPlace() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        Path path = directory.resolve("file");
        try (MappedFile file = MappedFile.create(path, tar.remaining())) {
            SplitEngine.of(transfers).merge(repository, "s", file.region()).join(LIMIT);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(tar.array());
    }

    @Test
    void theExpectedDigestIsCompared() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        Sha256 actual = Sha256.of(tar.duplicate());
        assertThatThrownBy(() -> merge(
                        repository,
                        "s",
                        directory.resolve("file"),
                        MergeOptions.builder()
                                .expected(Sha256.ofBytes(new byte[32]))
                                .build()))
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining(actual.hex());
        assertNothingIsPublished();
        merge(
                repository,
                "s",
                directory.resolve("file"),
                MergeOptions.builder().expected(actual).build());
    }

    @Test
    void anUnknownStreamIsNamed() throws Exception {
        assertThatThrownBy(() -> merge(repository, "refs/none", directory.resolve("file"), MergeOptions.DEFAULT))
                .isInstanceOf(UnknownStreamException.class)
                .hasMessageContaining("'refs/none'");
        assertNothingIsPublished();
    }

    @Test
    void manyEmptyObjectsAreNotCollectedInMemory() throws Exception {
        int objects = 20_000;
        ObjectId empty = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of());
        repository.objects().put(empty, BlobSource.of(), false);
        try (SplitStreamWriter writer = SplitStreamWriter.create(ObjectHash.SHA_256, ContentType.NONE, directory)) {
            for (int i = 0; i < objects; i++) {
                writer.object(empty, 0);
            }
            WrittenStream written = writer.finish();
            repository.objects().put(written.id(), written.content(), false);
            repository.objects().setLink("streams/s", "objects/" + written.id().path());
        }
        AtomicInteger windows = new AtomicInteger();
        BlobTarget counting = new BlobTarget() {
            @Override
            public long room() {
                return 0;
            }

            @Override
            public Writer open() throws IOException {
                Writer writer = BlobTarget.of(ByteBuffer.allocate(0)).open();
                return new Writer() {
                    @Override
                    public Window window(long offset, long length) throws IOException {
                        windows.incrementAndGet();
                        return writer.window(offset, length);
                    }

                    @Override
                    public void commit(long length) throws TargetException {
                        writer.commit(length);
                    }

                    @Override
                    public void close() throws IOException {
                        writer.close();
                    }
                };
            }
        };
        MergeResult merged =
                SplitEngine.of(transfers).merge(repository, "s", counting).join(LIMIT);
        assertThat(merged.objects()).isEqualTo(objects);
        assertThat(windows.get()).as("runs").isGreaterThan(10);
    }

    @Test
    void aTargetThatIsTooSmallIsNamed() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        assertThatThrownBy(() -> Fixture.merge(transfers, repository, "s", tar.remaining() - 1))
                .isInstanceOf(RangeNotSatisfiableException.class)
                .hasMessageContaining(String.valueOf(tar.remaining()));
    }

    // ---- damage

    @Test
    void aStreamThatIsNoFileIsNamed() throws Exception {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        try (ComposefsDirectory onDisk = Fixture.open(root)) {
            Repository other = Repository.of(onDisk);
            Fixture.split(transfers, other, "s", tar);
            Path object = root.resolve("objects").resolve(other.stream("s").path());
            Files.delete(object);
            Files.createDirectory(object);
            assertThatThrownBy(() -> merge(other, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining("no regular file");
            assertThatThrownBy(() -> SplitEngine.of(transfers).open(other, "s"))
                    .isInstanceOf(DamagedObjectException.class);
            assertThatThrownBy(() -> StreamObjects.read(other, "s")).isInstanceOf(DamagedObjectException.class);
        }
    }

    private BlobKey anObject() throws IOException {
        ObjectId stream = repository.stream("s");
        return Fixture.objects(repository.objects()).stream()
                .filter(id -> !id.equals(stream))
                .map(id -> BlobKey.of("objects/" + id.path()))
                .findFirst()
                .orElseThrow();
    }

    private void damage(BlobKey key, boolean truncate) throws IOException {
        int size = Math.toIntExact(store.head(key).size());
        ByteBuffer content = ByteBuffer.allocate(size);
        store.read(key, ByteRange.all(), content);
        content.flip();
        content.put(size / 2, (byte) (content.get(size / 2) ^ 1));
        store.store(key, content.limit(truncate ? size - 1 : size));
    }

    @Test
    void aChangedObjectOrStreamOrNameIsNotMerged() throws Exception {
        for (boolean truncate : new boolean[] {false, true}) {
            Fixture.split(transfers, repository, "s", tar);
            BlobKey object = anObject();
            damage(object, truncate);
            assertThatThrownBy(() -> merge(repository, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                    .isInstanceOf(IntegrityException.class);
            assertNothingIsPublished();
            store.deleteAll("objects/");

            SplitResult split = Fixture.split(transfers, repository, "s", tar);
            damage(BlobKey.of("objects/" + split.stream().path()), truncate);
            assertThatThrownBy(() -> merge(repository, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                    .isInstanceOf(IntegrityException.class);
            assertNothingIsPublished();
            store.deleteAll("objects/");
        }
        Fixture.split(transfers, repository, "s", tar);
        for (String text : List.of("../objects/ab", "../../../etc/passwd", "", "/etc/passwd", "../meta.json")) {
            store.store(BlobKey.of("streams/s"), ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            assertThatThrownBy(() -> merge(repository, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                    .as(text)
                    .isInstanceOf(DamagedLinkException.class);
        }
        store.store(BlobKey.of("streams/s"), ByteBuffer.allocate(10_000));
        assertThatThrownBy(() -> merge(repository, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                .isInstanceOf(DamagedLinkException.class);
        assertNothingIsPublished();
    }

    @Test
    void aMissingObjectIsNamed() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        BlobKey object = anObject();
        store.delete(object);
        assertThatThrownBy(() -> merge(repository, "s", directory.resolve("file"), MergeOptions.DEFAULT))
                .isInstanceOf(MissingObjectException.class)
                .hasMessageContaining(
                        object.toString().substring("objects/".length()).replace("/", ""));
        assertNothingIsPublished();
    }

    @Test
    void withoutVerificationOnlySizesAreChecked() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        damage(anObject(), false);
        MergeOptions unverified = MergeOptions.builder().verify(false).build();
        merge(repository, "s", directory.resolve("file"), unverified);
        assertThat(Files.readAllBytes(directory.resolve("file"))).isNotEqualTo(tar.array());
    }

    static List<String> badStreams() {
        return Vectors.names("bad-streams", ".stream").toList();
    }

    @ParameterizedTest
    @MethodSource("badStreams")
    void oddStreamsMergeAndBrokenOnesAreRefused(String name) throws Exception {
        boolean bomb = name.equals("bomb"); // is whole, and merges to 1 GiB
        if (bomb && !CampaignScale.isFull()) {
            return;
        }
        for (String object : Vectors.names("bad-streams/objects", "").toList()) {
            ByteBuffer content = Vectors.read("bad-streams/objects/" + object);
            ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(content));
            store.store(BlobKey.of("objects/" + id.path()), content);
        }
        ByteBuffer stream = Vectors.read("bad-streams/" + name + ".stream");
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(stream));
        store.store(BlobKey.of("objects/" + id.path()), stream);
        repository.objects().setLink("streams/" + name, "objects/" + id.path());
        Path file = directory.resolve("file");
        boolean whole = name.startsWith("ok-")
                || name.equals("named-twice")
                || name.equals("missing-unused-object")
                || name.equals("missing-named-stream");
        if (whole) {
            merge(repository, name, file, MergeOptions.DEFAULT);
            byte[] expected = name.equals("ok-empty")
                    ? new byte[0]
                    : Vectors.read("bad-streams/merged").array();
            assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        } else if (bomb) {
            assertThat(merge(repository, name, file, MergeOptions.DEFAULT).bytes())
                    .isEqualTo(1 << 30);
        } else {
            assertThatThrownBy(() -> merge(repository, name, file, MergeOptions.DEFAULT))
                    .isInstanceOf(BlobStoreException.class);
            assertNothingIsPublished();
        }
        FsckReport report =
                SplitEngine.of(transfers).fsck(repository, FsckOptions.DEFAULT).join(LIMIT);
        assertThat(report.isClean()).isEqualTo(name.startsWith("ok-") || name.equals("named-twice") || bomb);
    }

    // ---- stores, cancellation

    @Test
    void lostAnswersAndBrokenConnectionsAreRepeated() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        RetryPolicy fast = RetryPolicy.builder()
                .maxAttempts(8)
                .baseDelay(Duration.ofNanos(1))
                .maxDelay(Duration.ofNanos(1))
                .throttlingMaxDelay(Duration.ofNanos(1))
                .build();
        for (int seed = 0; seed < CampaignScale.of(100, 5); seed++) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.03)
                    .chance(Fault.TRUNCATED_READ, 0.03)
                    .chance(Fault.THROTTLED, 0.03)
                    .retryAfter(Duration.ofNanos(1))
                    .build();
            Path file = directory.resolve("file");
            merge(
                    Repository.of(BlobStoreObjects.of(faulty, ObjectHash.SHA_256)),
                    "s",
                    file,
                    MergeOptions.builder().retry(fast).build());
            assertThat(Files.readAllBytes(file)).isEqualTo(tar.array());
        }
    }

    @Test
    void aCancelledMergePublishesNothing() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        SplittableRandom random = new SplittableRandom(1);
        int rounds = CampaignScale.of(500, 30);
        int cancelled = 0;
        for (int round = 0; round < rounds || (cancelled == 0 && round < 100 * rounds); round++) {
            Path file = directory.resolve("file");
            Transfer<MergeResult> merge = SplitEngine.of(transfers).merge(repository, "s", BlobTarget.ofPath(file));
            LockSupport.parkNanos(random.nextLong(3_000_000));
            merge.cancel();
            try {
                merge.join(LIMIT); // it was faster
                assertThat(file).exists();
                Files.delete(file);
            } catch (CancellationException e) {
                cancelled++;
                assertNothingIsPublished();
            }
        }
        assertThat(cancelled).isPositive();
    }

    @Test
    void aMergeThatIsStuckInTheStoreCanBeCancelled() throws Exception {
        Fixture.split(transfers, repository, "s", tar);
        FaultyBlobStore stalling =
                FaultyBlobStore.over(store).at(Operation.READ, 5, Fault.STALL).build();
        Transfer<MergeResult> merge = SplitEngine.of(transfers)
                .merge(
                        Repository.of(BlobStoreObjects.of(stalling, ObjectHash.SHA_256)),
                        "s",
                        BlobTarget.ofPath(directory.resolve("file")));
        stalling.awaitStall();
        assertThat(merge.cancel()).isTrue();
        assertThatThrownBy(() -> merge.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertNothingIsPublished();
    }
}
