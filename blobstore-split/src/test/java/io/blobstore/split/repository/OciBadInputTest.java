package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.blobstore.ListOptions;
import io.blobstore.Sha256;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.TarFormatException;
import io.blobstore.split.oci.LayoutBuilder;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.split.oci.OciLayoutException;
import io.blobstore.split.oci.OciLayoutException.Reason;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong with an image is one error that names the blob; nothing is visible, and no file is left. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class OciBadInputTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String GZIP = "+gzip";

    @TempDir
    Path directory;

    @TempDir
    Path temporaries;

    private final String usual = System.getProperty("java.io.tmpdir");
    private final byte[] tar = Fixture.tar(Fixture.files(1, 20, 3000)).array();
    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    private TransferManager transfers;
    private LayoutBuilder builder;

    @BeforeEach
    void create() {
        System.setProperty("java.io.tmpdir", temporaries.toString());
        transfers = TransferManager.create();
        builder = new LayoutBuilder(directory);
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        System.setProperty("java.io.tmpdir", usual);
        try (Stream<Path> left = Files.list(temporaries)) {
            assertThat(left).isEmpty();
        }
        assertThat(repository.refs()).isEmpty();
        assertThat(store.list(ListOptions.prefix(".split/sessions/")).hasNext()).isFalse();
    }

    private void assertRefused(OciImage image, Reason reason, Object blob, String problem) throws Exception {
        assertRefused(image, OciImportOptions.builder().name("a").build(), reason, blob, problem);
        for (String stream : repository.streams()) {
            assertThat(stream).startsWith("oci-layer-"); // whole layers, without a ref
        }
    }

    private void assertRefused(OciImage image, OciImportOptions options, Reason reason, Object blob, String problem) {
        assertThatThrownBy(() -> SplitEngine.of(transfers)
                        .importImage(repository, image, options)
                        .join(LIMIT))
                .isInstanceOfSatisfying(OciLayoutException.class, e -> {
                    assertThat(e.reason()).isEqualTo(reason);
                    assertThat(e.blob()).contains(blob.toString());
                    assertThat(e.isRetryable()).isFalse();
                })
                .hasMessageContainingAll(directory.toString(), blob.toString(), problem);
    }

    private OciImage image() throws IOException {
        return builder.image("a", "linux/amd64").open().images().get(0);
    }

    // ---- layers

    @ParameterizedTest
    @ValueSource(strings = {"", GZIP, "+zstd"})
    void aMissingOrShortOrLongOrFlippedBlobIsNamed(String suffix) throws Exception {
        Sha256 first = builder.layer(Fixture.tar(Fixture.files(2, 2, 3000)).array(), suffix);
        Sha256 layer = builder.layer(tar, suffix);
        OciImage image = image();
        Path path = builder.path(layer);
        byte[] blob = Files.readAllBytes(path);
        Files.delete(path);
        assertRefused(image, Reason.MISSING_BLOB, layer, "the blob is missing");
        assertThat(repository.streams()).isEmpty();
        Files.createDirectory(path);
        assertRefused(image, Reason.DAMAGED_BLOB, layer, "no regular file");
        Files.delete(path);
        Files.write(path, Arrays.copyOf(blob, blob.length - 1));
        assertRefused(image, Reason.DAMAGED_BLOB, layer, (blob.length - 1) + " bytes, but");
        Files.write(path, Arrays.copyOf(blob, blob.length + 1));
        assertRefused(image, Reason.DAMAGED_BLOB, layer, "its descriptor says " + blob.length);
        assertThat(repository.streams()).isEmpty();
        blob[blob.length / 2] ^= 1;
        Files.write(path, blob);
        assertRefused(
                image, suffix.isEmpty() ? Reason.WRONG_DIFF_ID : Reason.DAMAGED_BLOB, layer, "sha256:" + layer.hex());
        assertThat(repository.streams()).hasSize(1); // the first layer
        assertThat(first).isNotEqualTo(layer);
    }

    @ParameterizedTest
    @ValueSource(strings = {GZIP, "+zstd"})
    void anotherBlobThatDecompressesToTheSameIsRefused(String suffix) throws Exception {
        byte[] blob = suffix.equals(GZIP) ? LayoutBuilder.gzip(tar) : withSkippableFrame(Zstd.compress(tar));
        Sha256 layer = builder.layer(LayoutBuilder.TAR + suffix, blob, Sha256.of(ByteBuffer.wrap(tar)));
        OciImage image = image();
        blob[suffix.equals(GZIP) ? 4 : 8]++; // the time, and what the frame holds
        Files.write(builder.path(layer), blob);
        assertRefused(image, Reason.DAMAGED_BLOB, layer, "its content has the digest sha256:");
        assertThat(repository.streams()).isEmpty();
    }

    private static byte[] withSkippableFrame(byte[] frame) {
        return ByteBuffer.allocate(12 + frame.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x184D2A50)
                .putInt(4)
                .putInt(1)
                .put(frame)
                .array();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", GZIP, "+zstd"})
    void anotherDiffIdIsRefused(String suffix) throws Exception {
        Sha256 wrong = Sha256.of(ByteBuffer.allocate(1));
        byte[] blob = switch (suffix) {
            case GZIP -> LayoutBuilder.gzip(tar);
            case "+zstd" -> Zstd.compress(tar);
            default -> tar;
        };
        Sha256 layer = builder.layer(LayoutBuilder.TAR + suffix, blob, wrong);
        assertRefused(image(), Reason.WRONG_DIFF_ID, layer, wrong.hex());
        assertThat(repository.streams()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {GZIP, "+zstd"})
    void whatIsNotCompressedIsRefused(String suffix) throws Exception {
        Sha256 layer = builder.layer(LayoutBuilder.TAR + suffix, tar, Sha256.of(ByteBuffer.wrap(tar)));
        assertRefused(image(), Reason.DAMAGED_BLOB, layer, "cannot be read or decompressed");
    }

    @Test
    void aLayerThatIsNoTarArchiveIsRefused() throws Exception {
        byte[] text = "x".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        Sha256 layer = builder.layer(text, GZIP);
        OciImage image = image();
        assertRefused(image, Reason.MALFORMED, layer, "at byte 0");
        assertThatThrownBy(() -> SplitEngine.of(transfers)
                        .importImage(repository, image, OciImportOptions.DEFAULT)
                        .join(LIMIT))
                .hasCauseInstanceOf(TarFormatException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.oci.image.layer.v1.tar+xz",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
                "text/plain"
            })
    void anUnknownTypeOfLayerIsRefused(String type) throws Exception {
        Sha256 layer = builder.layer(type, LayoutBuilder.gzip(tar), Sha256.of(ByteBuffer.wrap(tar)));
        assertRefused(image(), Reason.UNSUPPORTED, layer, "'" + type + "'");
        assertThat(store.list(ListOptions.prefix("")).hasNext()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {GZIP, "+zstd"})
    void aBombIsStopped(String suffix) throws Exception {
        Sha256 layer = builder.layer(new byte[8 << 20], suffix);
        OciImage image = image();
        OciImportOptions options =
                OciImportOptions.builder().maxLayerBytes(1 << 20).build();
        assertRefused(image, options, Reason.TOO_LARGE, layer, "more than 1048576 bytes");
    }

    // ---- documents

    @Test
    void anotherNumberOfDiffIdsIsRefused() throws Exception {
        String config = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
        builder.layer(tar, GZIP);
        OciImage image = builder.image("a", "", LayoutBuilder.CONFIG, config)
                .open()
                .images()
                .get(0);
        assertRefused(image, Reason.MALFORMED, Sha256.of(StandardCharsets.UTF_8.encode(config)), "0 diff_ids");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"rootfs\":1}", "{\"rootfs\":{\"diff_ids\":[1]}}"})
    void aMalformedConfigurationIsRefused(String config) throws Exception {
        OciImage image = builder.image("a", "", LayoutBuilder.CONFIG, config)
                .open()
                .images()
                .get(0);
        assertRefused(image, Reason.MALFORMED, Sha256.of(StandardCharsets.UTF_8.encode(config)), "malformed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sha256:../../../../../../etc/passwd",
                "sha256:/etc/passwd",
                "../../etc/passwd",
                "sha256:ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789",
                "sha256:00",
                ""
            })
    void whatIsNoDigestNeverBecomesAPath(String digest) throws Exception {
        String manifest = "{\"schemaVersion\":2,\"config\":"
                + LayoutBuilder.descriptor(LayoutBuilder.CONFIG, digest, 1, "") + ",\"layers\":[]}";
        Sha256 blob = builder.blob(manifest);
        OciImage image = builder.index(LayoutBuilder.descriptor(LayoutBuilder.MANIFEST, blob, manifest.length(), ""))
                .open()
                .images()
                .get(0);
        assertRefused(image, Reason.MALFORMED, blob, "'" + digest + "', which is no digest");
        builder.index(LayoutBuilder.descriptor(LayoutBuilder.MANIFEST, digest, 1, ""));
        assertThatThrownBy(builder::open)
                .isInstanceOf(OciLayoutException.class)
                .hasMessageContainingAll("index.json", "which is no digest");
    }

    @Test
    void otherDigestsAreUnsupported() {
        builder.index(LayoutBuilder.descriptor(LayoutBuilder.MANIFEST, "sha512:" + "0".repeat(128), 1, ""));
        assertThatThrownBy(builder::open)
                .isInstanceOfSatisfying(
                        OciLayoutException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNSUPPORTED))
                .hasMessageContaining("only digests of sha256");
    }

    @Test
    void anotherTypeOfManifestIsRefusedWhenItIsImported() throws Exception {
        String docker = "application/vnd.docker.distribution.manifest.v2+json";
        Sha256 manifest = builder.blob("{}");
        builder.index(LayoutBuilder.descriptor(docker, manifest, 2, ""));
        OciLayout layout = builder.image("good", "").open();
        assertRefused(layout.images().get(0), Reason.UNSUPPORTED, manifest, "skopeo copy --format oci");
        layout.images().get(1).readManifest();
    }

    @Test
    void largeDocumentsAreRefused() throws Exception {
        String manifest = "{\"schemaVersion\":2" + " ".repeat(OciLayout.MAX_DOCUMENT) + "}";
        Sha256 digest = builder.blob(manifest);
        OciImage image = builder.index(LayoutBuilder.descriptor(LayoutBuilder.MANIFEST, digest, manifest.length(), ""))
                .open()
                .images()
                .get(0);
        assertRefused(image, Reason.TOO_LARGE, digest, manifest.length() + " bytes");
        builder.write("index.json", manifest);
        assertThatThrownBy(() -> OciLayout.open(directory))
                .isInstanceOf(OciLayoutException.class)
                .hasMessageContainingAll("index.json", "a document may have 4194304");
    }

    @Test
    void aFlippedManifestOrConfigurationIsNamed() throws Exception {
        OciImage image = image();
        for (Sha256 digest :
                List.of(image.readManifest().config().digest(), image.manifest().digest())) {
            byte[] content = Files.readAllBytes(builder.path(digest));
            content[1] ^= 1;
            Files.write(builder.path(digest), content);
            assertRefused(image, Reason.DAMAGED_BLOB, digest, "its content has the digest sha256:");
        }
    }
}
