package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.util.ZstdVersion;
import io.blobstore.BlobTarget;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Vectors;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An image that composefs-rs pulled is imported to the same streams, and what it has added is kept. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class OciVectorsTest {
    private static final String NAME = "example/app:1.0";
    private static final String REF = "oci/example%2Fapp:1.0";

    @TempDir
    Path directory;

    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    /** Writes the layout from which the peer's repository was made, taken from the repository. */
    private OciImage layout(Repository repository) throws Exception {
        Path root = directory.resolve("layout");
        Files.createDirectories(root.resolve("blobs/sha256"));
        Files.writeString(root.resolve("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}");
        SplitEngine engine = SplitEngine.of(transfers);
        for (String name : repository.streams()) {
            String digest = name.substring(name.lastIndexOf(':') + 1);
            Path blob = root.resolve("blobs/sha256").resolve(digest);
            engine.merge(repository, name, BlobTarget.ofPath(blob)).join();
            if (name.startsWith("oci-manifest-")) {
                Files.writeString(
                        root.resolve("index.json"),
                        "{\"schemaVersion\": 2, \"manifests\": [{\"mediaType\":"
                                + " \"application/vnd.oci.image.manifest.v1+json\", \"digest\": \"sha256:" + digest
                                + "\", \"size\": " + Files.size(blob) + "}]}");
            }
        }
        return OciLayout.open(root).images().get(0);
    }

    private OciImportResult importImage(Repository repository, OciImage image) throws Exception {
        return SplitEngine.of(transfers)
                .importImage(
                        repository,
                        image,
                        OciImportOptions.builder().name(NAME).concurrency(3).build())
                .join();
    }

    private static List<String> links(Repository repository) throws IOException {
        List<String> links = new ArrayList<>();
        for (String name : repository.objects().links("streams/")) {
            links.add(name + " -> " + repository.objects().link(name).orElseThrow());
        }
        return links;
    }

    @ParameterizedTest
    @EnumSource
    void theStreamsAreThoseOfComposefs(ObjectHash hash) throws Exception {
        assumeTrue(ZstdVersion.VERSION.startsWith("1.5.7"), () -> "another libzstd: " + ZstdVersion.VERSION);
        try (ComposefsDirectory peer =
                Fixture.open(Fixture.unpack("oci/repo-" + hash.label() + ".tar.zst", directory.resolve("peer")))) {
            OciImage image = layout(Repository.of(peer));
            Repository own = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), hash));
            OciImportResult imported = importImage(own, image);
            assertThat(imported.ref()).isEqualTo(REF);
            assertThat(imported.stream()).isEqualTo(own.stream("refs/" + REF));
            assertThat(own.streams()).isEqualTo(Repository.of(peer).streams());
            // The peer has put another reference, to a file system, into its configuration since, and has rewritten
            // the manifest. The first streams are there as well.
            for (OciImportResult.Blob blob : imported.blobs()) {
                String vector = "oci/" + hash.label() + "/" + blob.stream().hex() + ".stream";
                assertThat(Vectors.path(vector)).as(blob.name()).exists();
            }
            assertThat(imported.blobs()).hasSize(4).noneMatch(OciImportResult.Blob::present);
            for (String layer : own.streams().subList(1, 3)) {
                assertThat(layer).startsWith("oci-layer-");
                assertThat(own.stream(layer)).isEqualTo(Repository.of(peer).stream(layer));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatComposefsHasStoredIsNotReadAgainAndItsFileSystemIsKept(ObjectHash hash) throws Exception {
        try (ComposefsDirectory peer =
                Fixture.open(Fixture.unpack("oci/repo-" + hash.label() + ".tar.zst", directory.resolve("peer")))) {
            Repository repository = Repository.of(peer);
            OciImage image = layout(repository);
            List<String> links = links(repository);
            List<ObjectId> objects = Fixture.objects(peer);
            for (String name : repository.streams()) {
                if (name.startsWith("oci-layer-")) {
                    Path blob = directory.resolve("layout/blobs/sha256").resolve(name.substring(17));
                    Files.write(blob, new byte[(int) Files.size(blob)]); // would fail the import if it was read
                }
            }
            OciImportResult imported = importImage(repository, image);
            assertThat(imported.blobs()).hasSize(4).allMatch(OciImportResult.Blob::present);
            assertThat(links(repository)).isEqualTo(links);
            assertThat(Fixture.objects(peer)).hasSameElementsAs(objects);
            assertThat(peer.links("images/")).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void itsBlobsComeBack(ObjectHash hash) throws Exception {
        try (ComposefsDirectory peer =
                Fixture.open(Fixture.unpack("oci/repo-" + hash.label() + ".tar.zst", directory.resolve("peer")))) {
            OciImage image = layout(Repository.of(peer));
            Repository own = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), hash));
            for (OciImportResult.Blob blob : importImage(own, image).blobs()) {
                byte[] expected = Files.readAllBytes(directory
                        .resolve("layout/blobs/sha256")
                        .resolve(blob.name().substring(blob.name().lastIndexOf(':') + 1)));
                Fixture.assertSame(
                        Fixture.merge(transfers, own, blob.name(), expected.length), ByteBuffer.wrap(expected));
            }
        }
    }
}
