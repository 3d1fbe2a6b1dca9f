package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.util.ZstdVersion;
import io.blobstore.Sha256;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.oci.LayoutBuilder;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.split.repository.OciImportResult.Blob;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shares container images with composefs's {@code cfsctl}: each uses what the other has stored. */
@Campaign(representedBy = OciVectorsTest.class)
@EnabledIfEnvironmentVariable(
        named = Cfsctl.VARIABLE,
        matches = ".+",
        disabledReason = "cfsctl is not there; .ci/with-servers builds it where Cargo is installed")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class OciPeerTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String NAME = "example/app:1.0";

    @TempDir
    Path directory;

    private final List<byte[]> tars = List.of(
            withDirectory(Fixture.tar(Fixture.files(1, 10, 5000)).array()),
            Fixture.tar(Fixture.files(2, 3, 2_000_000)).array(),
            Fixture.tar(Fixture.files(3, 10, 64)).array());

    /** Puts the directory {@code usr} in front of an archive, without which it makes no file system. */
    private static byte[] withDirectory(byte[] tar) {
        byte[] header = Arrays.copyOf(Fixture.tar(List.of(new byte[0])).array(), 512);
        System.arraycopy("usr/".getBytes(StandardCharsets.US_ASCII), 0, header, 0, 4);
        header[156] = '5';
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        byte[] checksum = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(checksum, 0, header, 148, checksum.length);
        return ByteBuffer.allocate(512 + tar.length).put(header).put(tar).array();
    }

    private TransferManager transfers;
    private LayoutBuilder builder;
    private OciImage image;

    @BeforeEach
    void create() throws IOException {
        transfers = TransferManager.create();
        builder = new LayoutBuilder(directory.resolve("layout"));
        builder.layer(tars.get(0), "");
        builder.layer(tars.get(1), "+gzip");
        builder.layer(tars.get(2), "+zstd");
        image = builder.image(NAME, "linux/" + LayoutBuilder.ARCHITECTURE)
                .open()
                .images()
                .get(0);
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private Cfsctl cfsctl(String repository) throws IOException {
        return Cfsctl.find(directory.resolve(repository), Files.createTempDirectory(directory, "scratch"))
                .orElseThrow();
    }

    private OciImportResult importImage(Repository repository, OciImage from) throws Exception {
        return SplitEngine.of(transfers)
                .importImage(
                        repository, from, OciImportOptions.builder().name(NAME).build())
                .join(LIMIT);
    }

    private void assertClean(Repository repository) throws Exception {
        assertThat(SplitEngine.of(transfers)
                        .fsck(repository, FsckOptions.DEFAULT)
                        .join(LIMIT)
                        .problems())
                .isEmpty();
    }

    private static byte[] bytes(ByteBuffer text) {
        byte[] bytes = new byte[text.remaining()];
        text.get(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void itUsesAnImageThatIsStoredHere(ObjectHash hash) throws Exception {
        ComposefsDirectory.create(directory.resolve("own"), hash);
        Cfsctl cfsctl = cfsctl("own");
        try (ComposefsDirectory objects = Fixture.open(directory.resolve("own"))) {
            Repository repository = Repository.of(objects);
            importImage(repository, image);
            cfsctl.requireClean();
            assertThat(cfsctl.text("oci", "fsck")).contains("ok");
            assertThat(cfsctl.text("oci", "images")).contains(NAME);
            assertThat(cfsctl.run("oci", "inspect", "--manifest", NAME)
                            .requireSuccess()
                            .output())
                    .startsWith(bytes(image.readManifest().text()));
            assertThat(cfsctl.run("oci", "inspect", "--config", NAME)
                            .requireSuccess()
                            .output())
                    .startsWith(bytes(image.readManifest().configText()));
            for (byte[] tar : tars) {
                Sha256 id = Sha256.of(ByteBuffer.wrap(tar));
                assertThat(cfsctl.run("oci", "layer", id.toString())
                                .requireSuccess()
                                .output())
                        .isEqualTo(tar);
                Fixture.assertSame(
                        Fixture.merge(transfers, repository, "oci-layer-" + id, tar.length), ByteBuffer.wrap(tar));
            }
            assertThat(cfsctl.text(
                            "oci",
                            "layer",
                            "--json",
                            Sha256.of(ByteBuffer.wrap(tars.get(1))).toString()))
                    .contains("6000000");
            assertThat(cfsctl.text("oci", "dump", NAME)).contains("/0 ", "/9 ");
            assertThat(cfsctl.text("gc")).contains("Objects: 0 removed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anImageThatItHasPulledIsTheSame(ObjectHash hash) throws Exception {
        assumeTrue(ZstdVersion.VERSION.startsWith("1.5.7"), () -> "another libzstd: " + ZstdVersion.VERSION);
        Cfsctl cfsctl = cfsctl("theirs");
        cfsctl.text("init", "--insecure", "--algorithm", hash.metaName(), directory.resolve("theirs") + "");
        cfsctl.text("oci", "pull", "oci:" + directory.resolve("layout"), NAME);
        ComposefsDirectory.create(directory.resolve("own"), hash);
        try (ComposefsDirectory theirs = Fixture.open(directory.resolve("theirs"));
                ComposefsDirectory own = Fixture.open(directory.resolve("own"))) {
            OciImportResult imported = importImage(Repository.of(own), image);
            assertThat(Repository.of(own).streams())
                    .isEqualTo(Repository.of(theirs).streams());
            assertThat(Repository.of(own).refs())
                    .isEqualTo(Repository.of(theirs).refs());
            for (Blob blob : imported.blobs()) {
                // those of configuration and manifest have been replaced, but not collected
                assertThat(theirs.find(blob.stream())).as(blob.name()).isPresent();
            }

            OciImage again =
                    OciLayout.open(directory.resolve("layout")).images().get(0);
            assertThat(importImage(Repository.of(theirs), again).blobs()).allMatch(Blob::present);
            assertClean(Repository.of(theirs));
            cfsctl.requireClean();
            assertThat(cfsctl.text("oci", "fsck")).contains("ok");
            assertThat(theirs.links("images/")).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void itAddsAFileSystemToAnImageThatIsStoredHere(ObjectHash hash) throws Exception {
        ComposefsDirectory.create(directory.resolve("own"), hash);
        Cfsctl cfsctl = cfsctl("own");
        try (ComposefsDirectory objects = Fixture.open(directory.resolve("own"))) {
            Repository repository = Repository.of(objects);
            importImage(repository, image);
            cfsctl.text("oci", "pull", "oci:" + directory.resolve("layout"), NAME);
            assertThat(objects.links("images/")).isNotEmpty();
            assertThat(importImage(repository, image).blobs()).allMatch(Blob::present);
            assertThat(cfsctl.text("gc")).contains("Objects: 2 removed"); // the streams that it has replaced
            assertClean(repository);
            assertThat(objects.links("images/")).isNotEmpty();
            assertThat(cfsctl.text("oci", "fsck")).contains("ok");

            repository.deleteRef("oci/example%2Fapp:1.0");
            cfsctl.text("gc");
            assertThat(Fixture.objects(objects)).isEmpty();
        }
    }
}
