package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.repository.FsckReport.Kind;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A check finds what is damaged, and heals it from another repository. Repositories on disk are what they should be.
 */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class FsckTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final ByteBuffer tar = Fixture.tar(Fixture.files(1, 20, 1000));
    private final Repository other = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), ObjectHash.SHA_256));
    private TransferManager transfers;
    private Path root;
    private ComposefsDirectory store;
    private Repository repository;

    @BeforeEach
    void create() throws Exception {
        transfers = TransferManager.create();
        root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        store = Fixture.open(root);
        repository = Repository.of(store);
        Fixture.split(transfers, repository, "s", tar);
        Fixture.split(transfers, other, "s", tar);
        SplitEngine.of(transfers).setRef(repository, "r", "s").join(LIMIT);
    }

    @AfterEach
    void close() throws Exception {
        store.close();
        transfers.close();
    }

    private FsckReport fsck(FsckOptions options) throws Exception {
        return SplitEngine.of(transfers).fsck(repository, options).join(LIMIT);
    }

    private Path file(ObjectId id) {
        return root.resolve("objects").resolve(id.path());
    }

    private ObjectId anObject(int number) throws Exception {
        ObjectId stream = repository.stream("s");
        return Fixture.objects(store).stream()
                .filter(id -> !id.equals(stream))
                .skip(number)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aRepositoryWithoutDamageIsClean() throws Exception {
        FsckReport report = fsck(FsckOptions.DEFAULT);
        assertThat(report.isClean()).isTrue();
        assertThat(List.of(report.objects(), report.streams(), report.refs(), report.images()))
                .containsExactly(21L, 1L, 1L, 0L);
        assertThat(report.toJson())
                .startsWith("{\"clean\":true,\"objects\":21,")
                .endsWith(",\"streams\":1,\"refs\":1,\"images\":0,\"problems\":[],\"healed\":[],\"foreign\":[]}");
    }

    @Test
    void damageThatTheStoreNoticesItselfIsReported() throws Exception {
        try (InMemoryBlobStore checked = new InMemoryBlobStore()) {
            Repository bucket = Repository.of(BlobStoreObjects.of(checked, ObjectHash.SHA_256));
            Fixture.split(transfers, bucket, "s", tar);
            checked.flipBit(BlobKey.of("objects/" + anObject(0).path()), 1234);
            FsckReport report =
                    SplitEngine.of(transfers).fsck(bucket, FsckOptions.DEFAULT).join(LIMIT);
            assertThat(report.problems()).extracting(FsckReport.Problem::kind).containsExactly(Kind.DAMAGED_OBJECT);
        }
    }

    @Test
    void damageIsFoundAndHealed() throws Exception {
        byte[] content = Files.readAllBytes(file(anObject(0)));
        content[7] ^= 1;
        Files.write(file(anObject(0)), content);
        Files.write(file(anObject(1)), new byte[3]);
        ObjectId missing = anObject(2);
        Files.delete(file(missing));
        Files.writeString(root.resolve("objects/ab.txt"), "foreign");
        Files.createSymbolicLink(root.resolve("streams/refs/gone"), Path.of("../gone"));

        FsckReport report = fsck(FsckOptions.DEFAULT);
        assertThat(report.problems())
                .extracting(FsckReport.Problem::kind)
                .containsExactlyInAnyOrder(
                        Kind.DAMAGED_OBJECT, Kind.DAMAGED_OBJECT, Kind.MISSING_OBJECT, Kind.DAMAGED_LINK);
        assertThat(report.foreign()).containsExactly("objects/ab.txt");
        assertThat(report.toJson())
                .contains("{\"kind\":\"MISSING_OBJECT\",\"path\":\"streams/s\",\"message\":\"", missing.hex());

        Files.delete(root.resolve("streams/refs/gone"));
        FsckReport healed = fsck(FsckOptions.builder().healFrom(other.objects()).build());
        assertThat(healed.problems()).isEmpty();
        assertThat(healed.healed()).hasSize(3).contains("objects/" + missing.path());
        assertThat(fsck(FsckOptions.DEFAULT).isClean()).isTrue();
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
    }

    @Test
    void damageIsNotReplacedByDamage() throws Exception {
        ObjectId id = anObject(0);
        Files.write(file(id), new byte[3]);
        other.objects().put(id, BlobSource.of(ByteBuffer.allocate(1000)), true);
        FsckReport report = fsck(FsckOptions.builder().healFrom(other.objects()).build());
        assertThat(report.problems())
                .extracting(FsckReport.Problem::kind)
                .containsExactlyInAnyOrder(Kind.DAMAGED_OBJECT, Kind.DAMAGED_STREAM); // its size is another one
        assertThat(report.healed()).isEmpty();
        assertThat(file(id)).hasSize(3);
    }

    @Test
    void aDamagedStreamIsFound() throws Exception {
        ObjectId stream = repository.stream("s");
        byte[] content = Files.readAllBytes(file(stream));
        content[content.length - 1] ^= 1;
        Files.write(file(stream), content);
        assertThat(fsck(FsckOptions.DEFAULT).problems())
                .extracting(FsckReport.Problem::kind)
                .containsExactlyInAnyOrder(Kind.DAMAGED_OBJECT, Kind.DAMAGED_STREAM);
        assertThat(fsck(FsckOptions.builder().healFrom(other.objects()).build()).healed())
                .containsExactly("objects/" + stream.path());
        assertThat(fsck(FsckOptions.DEFAULT).isClean()).isTrue();
    }

    // ---- what streams share

    @Test
    void streamsAreCompared() throws Exception {
        byte[] image = Fixture.files(9, 1, 1 << 20).get(0);
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        SplitEngine engine = SplitEngine.of(transfers);
        engine.split(repository, "one", BlobSource.of(ByteBuffer.wrap(image.clone())), fixed)
                .join();
        image[0]++;
        engine.split(repository, "two", BlobSource.of(ByteBuffer.wrap(image)), fixed)
                .join();
        StreamDiff diff = repository.diff("one", "two");
        assertThat(diff.onlyA()).isEqualTo(new StreamDiff.Total(1, 64 << 10));
        assertThat(diff.onlyB()).isEqualTo(new StreamDiff.Total(1, 64 << 10));
        assertThat(diff.shared()).isEqualTo(new StreamDiff.Total(15, 15 * (64 << 10)));
        RepositoryStat stat = repository.stat();
        assertThat(stat.streams()).isEqualTo(3);
        assertThat(stat.logicalBytes()).isEqualTo(tar.remaining() + 2L * image.length);
        assertThat(stat.objects()).isEqualTo(21 + 17 + 2);
        assertThat(stat.sharedBytes()).isEqualTo(15 * (64 << 10));
    }

    // ---- directories

    @Test
    void aDirectoryHoldsNothingButTheRepository() throws Exception {
        store.close();
        assertThat(root.resolve(".blobstore/tmp")).isEmptyDirectory();
        assertThat(Files.readSymbolicLink(root.resolve("streams/refs/r"))).hasToString("../s");
        assertThat(Files.readSymbolicLink(root.resolve("streams/s")).toString()).startsWith("../objects/");
        assertThatThrownBy(() -> store.find(anObject(0))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void onlyARepositoryIsOpened() throws Exception {
        assertThatThrownBy(() -> Fixture.open(directory))
                .isInstanceOf(BlobStoreException.class)
                .hasMessageContaining("no meta.json");
        assertThatThrownBy(() -> ComposefsDirectory.create(root, ObjectHash.SHA_512))
                .isInstanceOf(FileAlreadyExistsException.class);
        String meta = Files.readString(root.resolve("meta.json"));
        Files.writeString(root.resolve("meta.json"), meta.replace("\"version\": 1", "\"version\": 2"));
        assertThatThrownBy(() -> Fixture.open(root)).hasMessageContaining("version is '2'");
        Files.writeString(root.resolve("meta.json"), meta.replace("\"incompatible\": []", "\"incompatible\": [\"x\"]"));
        assertThatThrownBy(() -> Fixture.open(root)).hasMessageContaining("unknown features: \"x\"");
        Files.writeString(root.resolve("meta.json"), meta.replace("sha256", "md5"));
        assertThatThrownBy(() -> Fixture.open(root)).hasMessageContaining("fsverity-md5-12");
    }

    @Test
    void composefsLocksAreRefusedWhereTheyAreImpossible() throws Exception {
        if (ComposefsDirectory.supportsComposefsLocks()) {
            ComposefsDirectory.open(root).close();
        } else {
            assertThatThrownBy(() -> ComposefsDirectory.open(root))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("JDK 22");
        }
    }

    @Test
    @EnabledIf("flockIsPossible")
    void otherProgramsSeeTheLocks() throws Exception {
        try (ObjectStore.Session session = store.beginSession(UUID.randomUUID())) {
            assertThat(session).isNotNull();
            assertThat(flock("-s")).isZero();
            assertThat(flock("-x")).isEqualTo(1);
        }
        try (ObjectStore.Sweep sweep = store.beginSweep(Duration.ZERO, Duration.ZERO)) {
            assertThat(sweep).isNotNull();
            assertThat(flock("-s")).isEqualTo(1);
        }
        assertThat(flock("-x")).isZero();
    }

    static boolean flockIsPossible() {
        return ComposefsDirectory.supportsComposefsLocks() && Files.isExecutable(Path.of("/usr/bin/flock"));
    }

    private int flock(String kind) throws Exception {
        return new ProcessBuilder("/usr/bin/flock", "-n", kind, root.toString(), "true")
                .inheritIO()
                .start()
                .waitFor();
    }

    @Test
    void durableWritesAreTheSame() throws Exception {
        store.close();
        store = ComposefsDirectory.open(
                root,
                ComposefsDirectory.supportsComposefsLocks()
                        ? ComposefsDirectory.Locking.COMPOSEFS
                        : ComposefsDirectory.Locking.JAVA_ONLY,
                ComposefsDirectory.Durability.SYNC);
        repository = Repository.of(store);
        Fixture.split(transfers, repository, "durable", Fixture.tar(Fixture.files(3, 5, 1000)));
        assertThat(fsck(FsckOptions.DEFAULT).isClean()).isTrue();
    }
}
