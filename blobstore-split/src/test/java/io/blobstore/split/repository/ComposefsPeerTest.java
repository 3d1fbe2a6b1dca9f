package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shares repositories on disk with composefs's {@code cfsctl}: each reads, checks and collects what both wrote. */
@Campaign(representedBy = RepositoryVectorsTest.class)
@EnabledIfEnvironmentVariable(
        named = Cfsctl.VARIABLE,
        matches = ".+",
        disabledReason = "cfsctl is not there; .ci/with-servers builds it where Cargo is installed")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class ComposefsPeerTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Path root;
    private Cfsctl cfsctl;
    private TransferManager transfers;

    @BeforeEach
    void create() throws IOException {
        root = directory.resolve("repository");
        Path scratch = Files.createDirectory(directory.resolve("scratch"));
        cfsctl = Cfsctl.find(root, scratch).orElseThrow();
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private void createByPeer(ObjectHash hash) throws Exception {
        cfsctl.text("init", "--insecure", "--algorithm", hash.metaName(), root.toString());
    }

    private static Map<String, ByteBuffer> archives() {
        Map<String, ByteBuffer> archives = new LinkedHashMap<>();
        Vectors.names("tars", ".tar.zst")
                .forEach(name -> archives.put(name, Vectors.decompress("tars/" + name + ".tar.zst")));
        assertThat(archives).hasSize(37);
        return archives;
    }

    private static String digest(ByteBuffer content) {
        return "sha256:" + Sha256.of(content.duplicate()).hex();
    }

    private static SplitOptions.Builder layer(String ref) {
        return SplitOptions.builder().contentType(ContentType.OCI_LAYER).ref(ref);
    }

    private SplitResult split(Repository repository, String name, ByteBuffer content, SplitOptions options)
            throws Exception {
        return SplitEngine.of(transfers)
                .split(repository, name, BlobSource.of(content), options)
                .join(LIMIT);
    }

    private FsckReport fsck(Repository repository) throws Exception {
        return SplitEngine.of(transfers).fsck(repository, FsckOptions.DEFAULT).join(LIMIT);
    }

    @ParameterizedTest
    @EnumSource
    void itReadsChecksAndCollectsWhatIsWrittenHere(ObjectHash hash) throws Exception {
        ComposefsDirectory.create(root, hash);
        Map<String, ByteBuffer> archives = archives();
        ByteBuffer image = ByteBuffer.wrap(Fixture.files(1, 1, 3_000_001).get(0));
        archives.put("fixed", image);
        archives.put("defined", image);
        int objects;
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            for (Map.Entry<String, ByteBuffer> archive : archives.entrySet()) {
                Splitter splitter = switch (archive.getKey()) {
                    case "fixed" -> Splitter.fixed(64 << 10);
                    case "defined" -> Splitter.contentDefined();
                    default -> Splitter.tar();
                };
                split(
                        repository,
                        "stream-" + archive.getKey(),
                        archive.getValue(),
                        layer("java/" + archive.getKey()).splitter(splitter).build());
            }
            objects = Fixture.objects(store).size();
        }
        assertThat(cfsctl.requireClean()).contains("objects: " + objects + "/" + objects + " ok", "streams: 39/39 ok");
        for (Map.Entry<String, ByteBuffer> archive : archives.entrySet()) {
            Fixture.assertSame(cfsctl.cat("refs/java/" + archive.getKey()), archive.getValue());
            Fixture.assertSame(cfsctl.cat("stream-" + archive.getKey()), archive.getValue());
        }
        assertThat(cfsctl.text("gc", "-n")).contains("Objects: 0 removed");

        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            repository.deleteRef("java/fixed");
            repository.deleteRef("java/mixed");
            CollectReport expected = Fixture.collect(
                    repository, CollectOptions.builder().dryRun(true).build());
            assertThat(expected.objectsDeleted()).isGreaterThan(40);
            assertThat(cfsctl.text("gc"))
                    .contains("Objects: " + expected.objectsDeleted() + " removed (" + expected.bytesDeleted()
                            + " bytes)");
            assertThat(repository.streams()).hasSize(37).doesNotContain("stream-fixed", "stream-mixed");
            assertThat(fsck(repository).problems()).isEmpty();
            assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                    .isZero();
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/java/defined", image.remaining()), image);
        }
        cfsctl.requireClean();
    }

    @ParameterizedTest
    @EnumSource
    void whatItWritesIsReadCheckedAndCollectedHere(ObjectHash hash) throws Exception {
        createByPeer(hash);
        Map<String, ByteBuffer> archives = archives();
        for (Map.Entry<String, ByteBuffer> archive : archives.entrySet()) {
            ByteBuffer tar = archive.getValue();
            cfsctl.importLayer(tar, digest(tar), "peer/" + archive.getKey())
                    .join()
                    .requireSuccess();
        }
        try (ComposefsDirectory store = Fixture.open(root)) {
            assertThat(store.hash()).isEqualTo(hash);
            Repository repository = Repository.of(store);
            assertThat(fsck(repository).problems()).isEmpty();
            for (Map.Entry<String, ByteBuffer> archive : archives.entrySet()) {
                ByteBuffer tar = archive.getValue();
                String ref = "refs/peer/" + archive.getKey();
                Fixture.assertSame(Fixture.merge(transfers, repository, ref, tar.remaining()), tar);
                readAtRandom(repository, ref, tar);
                ObjectId stream = repository.stream(ref);
                SplitResult again = split(
                        repository,
                        archive.getKey(),
                        tar,
                        layer("java/" + archive.getKey()).build());
                assertThat(again.progress().objectsStored()).isZero();
                assertThat(again.stream()).isEqualTo(stream);
            }
            repository.refs().stream().filter(ref -> ref.startsWith("peer/")).forEach(ref -> {
                try {
                    repository.deleteRef(ref);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                    .isZero();
            repository.deleteRef("java/mixed");
            long deleted = Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted();
            assertThat(deleted).isPositive();
        }
        cfsctl.requireClean();
        assertThat(cfsctl.text("gc")).contains("Objects: 0 removed");
    }

    private void readAtRandom(Repository repository, String name, ByteBuffer content) throws Exception {
        try (SplitContent opened = SplitEngine.of(transfers).open(repository, name)) {
            assertThat(opened.size()).isEqualTo(content.remaining());
            for (int at = 0; at < content.remaining(); at += 1 + content.remaining() / 7) {
                int length = Math.min(1000, content.remaining() - at);
                ByteBuffer read = ByteBuffer.allocate(length);
                assertThat(opened.read(read, at)).isEqualTo(length);
                Fixture.assertSame(read.flip(), content.slice(at, length));
            }
        }
    }

    @Test
    void bothWriteOneRepositoryAtOnce() throws Exception {
        createByPeer(ObjectHash.SHA_256);
        List<byte[]> shared = Fixture.files(0, 50, 3000);
        int rounds = CampaignScale.of(20, 2);
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            for (int round = 1; round <= rounds; round++) {
                List<byte[]> files = new ArrayList<>(shared);
                files.addAll(Fixture.files(round, 200, 2000));
                ByteBuffer tar = Fixture.tar(files);
                Cfsctl.Running peer = cfsctl.importLayer(tar, digest(tar), "peer/" + round);
                Transfer<SplitResult> split = SplitEngine.of(transfers)
                        .split(
                                repository,
                                "java-" + round,
                                BlobSource.of(tar),
                                layer("java/" + round).build());
                ObjectId id = split.join(LIMIT).stream();
                assertThat(peer.join().requireSuccess().text().strip()).endsWith(id.hex());
                Fixture.assertSame(cfsctl.cat("refs/java/" + round), tar);
                Fixture.assertSame(Fixture.merge(transfers, repository, "refs/peer/" + round, tar.remaining()), tar);
            }
            assertThat(fsck(repository).problems()).isEmpty();
            assertThat(Fixture.objects(store)).hasSize(50 + rounds * 201);
        }
        cfsctl.requireClean();
    }

    @Test
    void whatItLeavesDamagedIsHealedHere() throws Exception {
        createByPeer(ObjectHash.SHA_256);
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 20, 3000));
        cfsctl.importLayer(tar, digest(tar), "peer").join().requireSuccess();
        try (ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            ObjectId stream = repository.stream("refs/peer");
            ObjectId damaged = Fixture.objects(store).stream()
                    .filter(id -> !id.equals(stream))
                    .findFirst()
                    .orElseThrow();
            Path file = root.resolve("objects").resolve(damaged.path());
            byte[] content = Files.readAllBytes(file);
            content[2000] ^= 1;
            Files.delete(file);
            Files.write(file, content);
            assertThat(cfsctl.run("fsck").code()).isEqualTo(1);
            assertThat(fsck(repository).problems())
                    .extracting(FsckReport.Problem::kind)
                    .containsExactly(FsckReport.Kind.DAMAGED_OBJECT);
            SplitResult healed =
                    split(repository, "again", tar, layer("java").heal(true).build());
            assertThat(healed.progress().objectsStored()).isEqualTo(1);
        }
        cfsctl.requireClean();
        Fixture.assertSame(cfsctl.cat("refs/peer"), tar);
    }

    // ---- its garbage collection

    /** Waits until the kernel shows that a process waits for a lock. */
    private static void awaitBlocked(Process process) throws Exception {
        Path locks = Path.of("/proc/locks");
        String waits = ".*-> FLOCK .* " + process.pid() + " .*";
        while (Files.readAllLines(locks).stream().noneMatch(line -> line.matches(waits))) {
            assertThat(process.isAlive()).as("waits for the lock").isTrue();
            Thread.onSpinWait();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @EnabledForJreRange(min = JRE.JAVA_22, disabledReason = "before JDK 22, the locks of composefs are out of reach")
    void itsCollectionWaitsForASplit() throws Exception {
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        List<byte[]> files = Fixture.files(1, 100, 2000);
        ByteBuffer tar = Fixture.tar(files.subList(0, 90));
        try (ComposefsDirectory store = ComposefsDirectory.open(root)) {
            Repository repository = Repository.of(store);
            Fixture.split(transfers, repository, "unreferenced", Fixture.tar(files)); // most of it will be found
            CountDownLatch reached = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            HookedSource held = new HookedSource(BlobSource.of(tar), () -> {
                reached.countDown();
                try {
                    assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            Transfer<SplitResult> split = SplitEngine.of(transfers)
                    .split(
                            repository,
                            "s",
                            held,
                            SplitOptions.builder().ref("r").build());
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
            Cfsctl.Running collection = cfsctl.start(ByteBuffer.allocate(0), "gc");
            awaitBlocked(collection.process());
            go.countDown();
            assertThat(split.join(LIMIT).progress().objectsStored()).isZero();
            assertThat(collection.join().requireSuccess().text()).contains("Objects: 11 removed");
            assertThat(repository.streams()).containsExactly("s");
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
        }
        cfsctl.requireClean();
    }
}
