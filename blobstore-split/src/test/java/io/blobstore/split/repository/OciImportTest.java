package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.Sha256;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.oci.LayoutBuilder;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.split.repository.OciImportResult.Blob;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferListener;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Container images become streams, completely or not at all. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class OciImportTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .maxAttempts(8)
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .throttlingMaxDelay(Duration.ofNanos(1))
            .build();

    @TempDir
    Path directory;

    @TempDir
    Path temporaries;

    private final String usual = System.getProperty("java.io.tmpdir");
    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = repository(store);
    private TransferManager transfers;

    @BeforeEach
    void create() {
        System.setProperty("java.io.tmpdir", temporaries.toString());
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        System.setProperty("java.io.tmpdir", usual);
        try (Stream<Path> left = Files.list(temporaries)) {
            assertThat(left).isEmpty();
        }
        assertThat(store.list(ListOptions.prefix(".split/sessions/")).hasNext()).isFalse();
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private LayoutBuilder layout() {
        return new LayoutBuilder(directory.resolve("layout"));
    }

    private static OciImportOptions.Builder options() {
        return OciImportOptions.builder().concurrency(3).retry(FAST);
    }

    private OciImportResult importImage(Repository repository, OciImage image) throws Exception {
        return importImage(repository, image, options().build());
    }

    private OciImportResult importImage(Repository repository, OciImage image, OciImportOptions options)
            throws Exception {
        return SplitEngine.of(transfers).importImage(repository, image, options).join(LIMIT);
    }

    private static byte[] tar(long seed, int files, int size) {
        return Fixture.tar(Fixture.files(seed, files, size)).array();
    }

    private void assertMerges(Repository repository, String name, byte[] expected) throws Exception {
        Fixture.assertSame(Fixture.merge(transfers, repository, name, expected.length), ByteBuffer.wrap(expected));
    }

    private static List<Boolean> present(OciImportResult result) {
        return result.blobs().stream().map(Blob::present).toList();
    }

    // ---- images

    @Test
    void layersOfAllFormatsAreStoredUncompressed() throws Exception {
        List<byte[]> tars = List.of(tar(1, 20, 5000), tar(2, 20, 5000), tar(3, 20, 5000));
        LayoutBuilder builder = layout();
        builder.layer(tars.get(0), "");
        builder.layer(tars.get(1), "+gzip");
        builder.layer(tars.get(2), "+zstd");
        builder.layer(tars.get(1), "+gzip"); // the same again, as builders do with empty layers
        OciImage image =
                builder.image("example/app:1.0", "linux/amd64").open().images().get(0);

        OciImportResult imported = importImage(repository, image);

        assertThat(imported.ref()).isEqualTo("oci/example%2Fapp:1.0");
        assertThat(repository.refs()).containsExactly(imported.ref());
        assertThat(repository.stream("refs/" + imported.ref())).isEqualTo(imported.stream());
        assertThat(imported.blobs()).hasSize(5);
        assertThat(imported.progress().objectsStored()).isEqualTo(62); // with configuration and manifest
        for (int i = 0; i < tars.size(); i++) {
            String layer = "oci-layer-" + Sha256.of(ByteBuffer.wrap(tars.get(i)));
            assertThat(imported.blobs().get(i).name()).isEqualTo(layer);
            assertMerges(repository, layer, tars.get(i));
        }
        assertMerges(repository, "refs/" + imported.ref(), Files.readAllBytes(builder.path(imported.manifest())));
        assertThat(SplitEngine.of(transfers)
                        .fsck(repository, FsckOptions.DEFAULT)
                        .join(LIMIT)
                        .problems())
                .isEmpty();
        assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                .isZero();
    }

    @Test
    void aLayerThatIsPresentIsNotReadAgain() throws Exception {
        LayoutBuilder builder = layout();
        Sha256 base = builder.layer(tar(1, 20, 500), "+gzip");
        builder.image("a", "");
        builder.layer(tar(1, 20, 500), "+gzip");
        builder.layer(tar(2, 20, 500), "+zstd");
        OciLayout layout = builder.image("b", "").open();
        importImage(repository, layout.images().get(0));
        Files.write(builder.path(base), new byte[(int) Files.size(builder.path(base))]);

        OciImportResult second = importImage(repository, layout.images().get(1));
        assertThat(present(second)).containsExactly(true, false, false, false);
        assertThat(repository.refs()).containsExactly("oci/a", "oci/b");
        assertThat(present(importImage(repository, layout.images().get(1)))).containsOnly(true);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLayerWithoutOneOfItsObjectsIsReadAgain(boolean flipped) throws Exception {
        LayoutBuilder builder = layout();
        byte[] tar = tar(1, 20, 500);
        builder.layer(tar, "+gzip");
        OciImage image = builder.image("a", "").open().images().get(0);
        importImage(repository, image);
        BlobKey object = objectOf(500);
        if (flipped) {
            store.store(object, ByteBuffer.allocate(500));
        } else {
            store.delete(object);
        }

        assertThat(present(
                        importImage(repository, image, options().heal(flipped).build())))
                .containsExactly(false, true, true);
        assertMerges(repository, "oci-layer-" + Sha256.of(ByteBuffer.wrap(tar)), tar);
    }

    private BlobKey objectOf(int size) throws IOException {
        List<BlobKey> found = new ArrayList<>();
        repository.objects().forEachObject(object -> {
            if (object.size() == size) {
                found.add(BlobKey.of("objects/" + object.id().path()));
            }
        });
        return found.get(0);
    }

    @Test
    void anArtifactIsStoredAsItIs() throws Exception {
        LayoutBuilder builder = layout();
        byte[] chart = Fixture.files(1, 1, 3000).get(0);
        byte[] tar = tar(1, 3, 3000);
        Sha256 digest = builder.layer("application/vnd.cncf.helm.chart.content.v1.tar+gzip", chart, "");
        Sha256 compressed = builder.layer(tar, "+gzip");
        OciImage artifact = builder.image("chart", "", "application/vnd.cncf.helm.config.v1+json", "{}")
                .open()
                .images()
                .get(0);
        importImage(repository, artifact);
        assertMerges(repository, "oci-layer-" + digest, chart);
        assertMerges(repository, "oci-layer-" + compressed, tar);
        assertThat(artifact.readManifest().isImage()).isFalse();
    }

    @Test
    void anImageWithoutLayersIsStored() throws Exception {
        OciImage image = layout().image("scratch", "").open().images().get(0);
        assertThat(importImage(repository, image).blobs()).hasSize(2);
        assertThat(repository.refs()).containsExactly("oci/scratch");
    }

    @Test
    void namesAreCheckedBeforeAnythingIsRead() throws Exception {
        OciImage image = layout().image("", "").open().images().get(0);
        SplitEngine engine = SplitEngine.of(transfers);
        assertThatThrownBy(() -> engine.importImage(repository, image, OciImportOptions.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no name");
        for (String name : List.of("", "@sha256:00", "a\nb", "x".repeat(256))) {
            assertThatThrownBy(() -> OciImportOptions.builder().name(name))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        OciImportOptions named = options().name("50%/..").build();
        assertThat(importImage(repository, image, named).ref()).isEqualTo("oci/50%25%2F..");
    }

    @Test
    void progressIsThatOfTheBlobs() throws Exception {
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 3, 900_000), "");
        builder.layer(tar(2, 3, 900_000), "+gzip");
        OciImage image = builder.image("a", "").open().images().get(0);
        List<TransferProgress> ends = new ArrayList<>();
        TransferListener listener = new TransferListener() {
            @Override
            public void onEnd(TransferProgress progress, Throwable failure) {
                ends.add(progress);
            }
        };
        for (int i = 0; i < 2; i++) { // new, then present
            importImage(repository, image, options().listener(listener).build());
        }
        long total = image.manifest().size() + image.readManifest().config().size();
        for (var layer : image.readManifest().layers()) {
            total += layer.descriptor().size();
        }
        for (TransferProgress end : ends) {
            assertThat(end.bytesTransferred()).isEqualTo(total);
            assertThat(end.totalBytes()).isEqualTo(total);
        }
        assertThat(ends).hasSize(2);
    }

    // ---- garbage collection meanwhile

    @Test
    void nothingOfAnImageIsCollectedBeforeItsRefIsThere() throws Exception {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 3, 900_000), "");
        builder.layer(tar(2, 3, 900_000), "+zstd");
        OciImage image = builder.image("a", "").open().images().get(0);
        try (ComposefsDirectory objects = Fixture.open(root);
                ComposefsDirectory other = Fixture.open(root)) {
            List<Throwable> refused = new ArrayList<>();
            TransferListener collecting = new TransferListener() {
                @Override
                public void onProgress(TransferProgress progress) {
                    try {
                        Fixture.collect(
                                Repository.of(other),
                                CollectOptions.builder()
                                        .waitForWriters(Duration.ZERO)
                                        .build());
                    } catch (IOException e) {
                        refused.add(e);
                    }
                }
            };
            importImage(
                    Repository.of(objects),
                    image,
                    options().listener(collecting).build());
            assertThat(refused).hasSizeGreaterThan(4).allMatch(RepositoryBusyException.class::isInstance);
            assertThat(Fixture.collect(Repository.of(other), CollectOptions.DEFAULT)
                            .objectsDeleted())
                    .isZero();
        }
    }

    // ---- stores

    @Test
    void aFatalErrorOfAnyRequestLeavesNoRefAndTheNextImportSucceeds() throws Exception {
        LayoutBuilder builder = layout();
        byte[] tar = tar(1, 5, 700);
        builder.layer(tar, "");
        builder.layer(tar(2, 5, 700), "+gzip");
        OciImage image = builder.image("a", "").open().images().get(0);
        FaultyBlobStore counting = FaultyBlobStore.over(new InMemoryBlobStore()).build();
        importImage(repository(counting), image);
        int step = CampaignScale.isFull() ? 1 : 3;
        for (int request = 1; request < counting.requests() - 2; request += step) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            FaultyBlobStore faulty =
                    FaultyBlobStore.over(memory).at(request, Fault.FATAL_ERROR).build();
            Repository clean = repository(memory);
            assertThatThrownBy(() -> importImage(repository(faulty), image))
                    .as("request %s", request)
                    .isInstanceOf(IOException.class);
            assertThat(clean.refs()).isEmpty();
            importImage(clean, image);
            assertMerges(clean, "oci-layer-" + Sha256.of(ByteBuffer.wrap(tar)), tar);
        }
    }

    @Test
    void theOrderIsLayersThenConfigurationThenManifestThenRef() throws Exception {
        List<String> links = new ArrayList<>();
        BlobStore recording = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                if (key.toString().startsWith("streams/")) {
                    links.add(key.toString().replaceFirst("-sha256:.*", ""));
                }
                return super.store(key, content, options);
            }
        };
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 5, 700), "");
        builder.layer(tar(2, 5, 700), "+gzip");
        importImage(
                repository(recording), builder.image("a", "").open().images().get(0));
        assertThat(links)
                .containsExactly(
                        "streams/oci-layer",
                        "streams/oci-layer",
                        "streams/oci-config",
                        "streams/oci-manifest",
                        "streams/refs/oci/a");
    }

    // ---- cancellation

    @Test
    void aCancelledImportEndsAndHoldsNothing() throws Exception {
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 100, 3000), "");
        builder.layer(tar(2, 2, 1_500_000), "+gzip"); // passes through temporary files
        builder.layer(tar(3, 100, 3000), "+zstd");
        OciImage image = builder.image("a", "").open().images().get(0);
        SplittableRandom random = new SplittableRandom(1);
        int cancelled = 0;
        int rounds = CampaignScale.of(500, 30);
        for (int round = 0; round < rounds; round++) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            Repository target = repository(memory);
            Transfer<OciImportResult> running = SplitEngine.of(transfers)
                    .importImage(target, image, options().build());
            LockSupport.parkNanos(random.nextLong(20_000_000));
            running.cancel();
            try {
                running.join(LIMIT);
                assertThat(target.refs()).hasSize(1);
            } catch (CancellationException e) {
                cancelled++;
                assertThat(target.refs()).isEmpty();
            }
            assertThat(memory.list(ListOptions.prefix(".split/")).hasNext()).isFalse();
            try (Stream<Path> left = Files.list(temporaries)) {
                assertThat(left).isEmpty();
            }
        }
        assertThat(cancelled).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "+gzip", "+zstd"})
    void anImportThatIsStuckInTheStoreCanBeCancelled(String suffix) throws Exception {
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 100, 1000), suffix);
        OciImage image = builder.image("a", "").open().images().get(0);
        FaultyBlobStore stalling =
                FaultyBlobStore.over(store).at(Operation.STORE, 20, Fault.STALL).build();
        Transfer<OciImportResult> running = SplitEngine.of(transfers)
                .importImage(repository(stalling), image, options().build());
        stalling.awaitStall();
        assertThat(running.cancel()).isTrue();
        assertThatThrownBy(() -> running.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertThat(repository.refs()).isEmpty();
        assertThat(repository.streams()).isEmpty();
    }

    @Test
    void oneThreadIsEnough() throws Exception {
        LayoutBuilder builder = layout();
        builder.layer(tar(1, 100, 1000), "+gzip");
        OciImage image = builder.image("a", "").open().image(Optional.of("a"), Optional.empty());
        try (TransferManager own =
                TransferManager.builder().executor(Runnable::run).build()) {
            SplitEngine.of(own)
                    .importImage(repository, image, OciImportOptions.DEFAULT)
                    .join(LIMIT);
        }
        assertThat(repository.refs()).containsExactly("oci/a");
    }
}
