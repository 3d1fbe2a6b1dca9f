package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code split --oci}. */
class ImageCommandsTest {
    @TempDir
    Path directory;

    private final byte[] tar = tar();
    private Path layout;

    @BeforeEach
    void create() throws IOException {
        layout = directory.resolve("layout");
        Files.createDirectories(layout.resolve("blobs/sha256"));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    private static byte[] tar() {
        byte[] content = new byte[3000];
        new Random(1).nextBytes(content);
        byte[] tar = new byte[512 + 3072 + 1024];
        put(tar, 0, "file");
        put(tar, 100, "0000644\0" + "0000000\0" + "0000000\0" + "00000005670\0" + "00000000000\0" + "        0");
        put(tar, 257, "ustar\00000");
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += tar[i] & 0xff;
        }
        put(tar, 148, String.format("%06o\0 ", sum));
        System.arraycopy(content, 0, tar, 512, content.length);
        return tar;
    }

    private static void put(byte[] tar, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, tar, at, bytes.length);
    }

    private Sha256 blob(byte[] content) throws IOException {
        Sha256 digest = Sha256.of(ByteBuffer.wrap(content));
        Files.write(layout.resolve("blobs/sha256").resolve(digest.hex()), content);
        return digest;
    }

    private String descriptor(String type, Sha256 digest) throws IOException {
        return "{\"mediaType\":\"application/vnd.oci.image." + type + "\",\"digest\":\"" + digest + "\",\"size\":"
                + Files.size(layout.resolve("blobs/sha256").resolve(digest.hex()));
    }

    /** Writes an image, and returns the descriptor of its manifest. */
    private String image(String name, String architecture) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(tar);
        }
        String config = "{\"architecture\":\"" + architecture + "\",\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\""
                + Sha256.of(ByteBuffer.wrap(tar)) + "\"]}}";
        Sha256 configuration = blob(config.getBytes(StandardCharsets.UTF_8));
        Sha256 layer = blob(compressed.toByteArray());
        String manifest = "{\"schemaVersion\":2,\"config\":" + descriptor("config.v1+json", configuration)
                + "},\"layers\":[" + descriptor("layer.v1.tar+gzip", layer) + "}]}";
        return descriptor("manifest.v1+json", blob(manifest.getBytes(StandardCharsets.UTF_8)))
                + ",\"platform\":{\"os\":\"" + (architecture.equals("unknown") ? architecture : "linux")
                + "\",\"architecture\":\"" + architecture + "\"}"
                + (name.isEmpty() ? "" : ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" + name + "\"}")
                + "}";
    }

    private void index(String... manifests) throws IOException {
        Files.writeString(
                layout.resolve("index.json"),
                "{\"schemaVersion\":2,\"manifests\":[" + String.join(",", manifests) + "]}");
    }

    private String uri() {
        return "file:" + directory.resolve("repository") + "?create=true";
    }

    private Cli split(String... options) {
        return Cli.run(
                Stream.concat(Stream.of("split", "--store", uri(), "--oci", layout.toString()), Stream.of(options))
                        .toArray());
    }

    private Stream<String> refs() {
        return Cli.run("split-ls", "--store", uri())
                .out()
                .lines()
                .filter(line -> line.contains("  refs/"))
                .map(line -> line.substring(line.indexOf("refs/")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:", "composefs:"})
    void anImageIsStoredAndItsLayerComesBack(String scheme) throws IOException {
        index(image("example/app:1.0", "amd64"));
        String uri = scheme + directory.resolve("repository");
        assertThat(Cli.run("repo", "init", "--store", uri).code()).isZero();
        String[] arguments = {"split", "--store", uri, "--unlocked", "--oci", layout.toString(), "--json"};
        Cli split = Cli.run((Object[]) arguments);
        assertThat(split.err()).isEmpty();
        assertThat(split.out())
                .contains(
                        "\"ref\":\"oci/example%2Fapp:1.0\"",
                        "\"streams\":[\"oci-layer-sha256:", "\"blobs\":3,\"blobsPresent\":0,\"objectsStored\":3");
        assertThat(Cli.run((Object[]) arguments).out()).contains("\"blobsPresent\":3,\"objectsStored\":0");

        String layer = "oci-layer-" + Sha256.of(ByteBuffer.wrap(tar));
        assertThat(Cli.run("split-ls", "--store", uri, "--unlocked").out())
                .contains("  refs/oci/example%2Fapp:1.0", "  oci-manifest-sha256:", "  oci-config-sha256:", layer);
        Path merged = directory.resolve("merged");
        assertThat(Cli.run("merge", "--store", uri, "--unlocked", layer, merged).code())
                .isZero();
        assertThat(Files.readAllBytes(merged)).isEqualTo(tar);
    }

    @Test
    void imagesAreChosenByNameAndPlatform() throws IOException {
        index(image("app:1", "amd64"), image("app:1", "arm64"), image("tool", "amd64"), image("", "unknown"));
        assertThat(split("--image", "tool").code()).isZero();
        assertThat(refs()).containsExactly("refs/oci/tool");
        assertThat(split("--image", "app:1", "--platform", "linux/arm64", "--ref", "mine/app")
                        .code())
                .isZero();
        assertThat(refs()).containsExactly("refs/oci/mine%2Fapp", "refs/oci/tool");
        assertThat(split().out()).contains("refs/oci/app:1-linux-amd64  sha256:", "blobsPresent");
        assertThat(refs())
                .containsExactly(
                        "refs/oci/app:1-linux-amd64",
                        "refs/oci/app:1-linux-arm64",
                        "refs/oci/mine%2Fapp",
                        "refs/oci/tool");
    }

    private void assertFails(int code, Cli run, String problem) {
        assertThat(run.err()).contains(problem).hasLineCount(1);
        assertThat(run.code()).isEqualTo(code);
        assertThat(refs()).isEmpty();
    }

    @Test
    void wrongUseIsNamed() throws IOException {
        index(image("app:1", "amd64"), image("app:1", "amd64"), image("", "arm64"), image("@x", "s390x"));
        assertFails(2, split("--ref", "a"), "--ref is for one image, but these are 4");
        assertFails(2, split(), "has no name; give one by --ref");
        assertFails(2, split("--image", "app:1"), "several images are named 'app:1-linux-amd64'");
        assertFails(2, split("--platform", "linux"), "--platform: a platform is written as");
        assertFails(2, split("--image", "@x"), "nor begin with '@'");
        assertFails(2, split("--platform", "linux/arm64", "--ref", ""), "must not be empty");
        assertFails(2, split("file"), "FILE, --name");
        assertFails(2, split("--format", "cdc"), "are not for --oci");
        assertFails(2, split("--threads", "-1", "--image", "@x"), "--threads must be");
        assertFails(1, split("--image", "none"), "no image named 'none'");
        assertFails(2, Cli.run("split", "--store", uri()), "either FILE and --ref");
        assertFails(2, Cli.run("split", "--store", uri(), "file"), "either FILE and --ref");
        assertFails(2, Cli.run("split", "--store", uri(), "f", "--ref", "r", "--image", "a"), "are for --oci");
    }

    @Test
    void aBadLayoutIsAFailure() throws IOException {
        assertFails(1, split(), "index.json: the file is missing, so this is no image layout");
        index(image("app:1", "amd64"));
        Path layer = layout.resolve("blobs/sha256")
                .resolve(Sha256.of(ByteBuffer.wrap(tar)).hex());
        assertThat(layer).doesNotExist(); // it is compressed
        try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
            for (Path blob : blobs.toList()) {
                byte[] content = Files.readAllBytes(blob);
                if (content[0] == 0x1f) {
                    content[content.length - 1]++;
                    Files.write(blob, content);
                }
            }
        }
        assertFails(1, split(), "cannot be read or decompressed: its gzip checksum does not match");
    }
}
