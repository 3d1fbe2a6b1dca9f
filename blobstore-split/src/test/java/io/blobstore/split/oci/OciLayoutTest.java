package io.blobstore.split.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.Sha256;
import io.blobstore.split.oci.OciLayoutException.Reason;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OciLayoutTest {
    @TempDir
    Path directory;

    private static void assertRefused(Reason reason, Path directory, String... problem) {
        assertThatThrownBy(() -> OciLayout.open(directory))
                .isInstanceOfSatisfying(
                        OciLayoutException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContainingAll(problem);
    }

    private LayoutBuilder builder() {
        return new LayoutBuilder(directory);
    }

    @Test
    void imagesOfNestedIndexesInheritTheName() throws Exception {
        OciLayout layout = builder()
                .image("", "linux/amd64")
                .image("", "linux/arm64/v8")
                .image("own", "unknown/unknown")
                .nest("app:1")
                .image("single", "")
                .open();
        assertThat(layout.images())
                .extracting(image -> image.name().orElse("") + " "
                        + image.platform().map(OciPlatform::toString).orElse(""))
                .containsExactly("app:1 linux/amd64", "app:1 linux/arm64/v8", "own unknown/unknown", "single ");
        Optional<String> app = Optional.of("app:1");
        assertThat(layout.image(app, Optional.of(OciPlatform.parse("linux/arm64"))))
                .isEqualTo(layout.images().get(1));
        assertThat(layout.images(app, Optional.empty())).hasSize(2);
        assertThatThrownBy(() -> layout.image(app, Optional.empty()))
                .hasMessageContainingAll("choose one", "(linux/amd64)", "(linux/arm64/v8)");
        assertThatThrownBy(() -> layout.image(app, Optional.of(OciPlatform.parse("linux/arm64/v7"))))
                .isInstanceOf(OciLayoutException.class)
                .hasMessageContainingAll("no image named 'app:1' for linux/arm64/v7", "single");
        assertThat(layout.images().get(2).platform().orElseThrow().isUnknown()).isTrue();
    }

    @Test
    void whatIsNoLayoutIsRefused() throws Exception {
        assertRefused(Reason.NOT_A_LAYOUT, directory.resolve("none"), "oci-layout", "no image layout");
        assertRefused(Reason.NOT_A_LAYOUT, directory, "oci-layout");
        builder();
        assertRefused(Reason.NOT_A_LAYOUT, directory, "index.json");
        builder().write("index.json", "{\"schemaVersion\":1,\"manifests\":[]}");
        assertRefused(Reason.UNSUPPORTED, directory, "schemaVersion must be 2");
        builder().write("index.json", "{\"schemaVersion\":2}");
        assertRefused(Reason.MALFORMED, directory, "index.json", "'manifests' is missing");
        builder().write("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
        assertRefused(Reason.UNSUPPORTED, directory, "version is '2.0.0'");
        builder().write("oci-layout", "tar");
        assertRefused(Reason.MALFORMED, directory, "oci-layout: it is malformed");
        assertThat(new LayoutBuilder(directory).open().images()).isEmpty();
        OciLayout empty = OciLayout.open(directory);
        assertThatThrownBy(() -> empty.images(Optional.empty(), Optional.empty()))
                .hasMessageContaining("none at all");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"mediaType\":\"\",\"digest\":\"DIGEST\",\"size\":1}",
                "{\"mediaType\":\"a b\",\"digest\":\"DIGEST\",\"size\":1}",
                "{\"mediaType\":\"a\",\"digest\":\"DIGEST\",\"size\":-1}",
                "{\"mediaType\":\"a\",\"digest\":\"DIGEST\",\"size\":1.5}",
                "{\"mediaType\":\"a\",\"digest\":\"DIGEST\"}",
                "{\"mediaType\":\"a\",\"size\":1}",
                "{\"digest\":\"DIGEST\",\"size\":1}",
                "{\"mediaType\":\"a\",\"digest\":\"DIGEST\",\"size\":1,\"platform\":{}}",
                "{\"mediaType\":\"a\",\"digest\":\"DIGEST\",\"size\":1,\"annotations\":{\"a\":1}}"
            })
    void malformedDescriptorsAreRefused(String descriptor) {
        LayoutBuilder builder = builder().index(descriptor.replace("DIGEST", "sha256:" + "0".repeat(64)));
        assertThatThrownBy(builder::open)
                .isInstanceOfSatisfying(
                        OciLayoutException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MALFORMED));
    }

    @Test
    void indexesInsideOneAnotherAreBounded() throws Exception {
        LayoutBuilder builder = builder().image("deep", "");
        for (int i = 0; i < 4; i++) {
            builder.nest("");
        }
        assertThat(builder.open().images()).hasSize(1);
        assertThatThrownBy(builder.nest("")::open).hasMessageContaining("too deep");
    }

    @Test
    void anIndexThatRepeatsOthersIsBounded() {
        LayoutBuilder builder = builder().image("x", "");
        for (int level = 0; level < 4; level++) {
            builder.nest("");
            String last = builder.last();
            for (int i = 0; i < 99; i++) {
                builder.index(last);
            }
        }
        assertThatThrownBy(builder::open)
                .isInstanceOfSatisfying(
                        OciLayoutException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNSUPPORTED));
    }

    @Test
    void linksToBlobsAreFollowed() throws Exception {
        LayoutBuilder builder = builder();
        Sha256 layer = builder.layer(new byte[1024], "+gzip");
        OciImage image = builder.image("a", "").open().images().get(0);
        Path moved = directory.resolve("elsewhere");
        Files.move(builder.path(layer), moved);
        Files.createSymbolicLink(builder.path(layer), moved);
        OciLayer opened = image.readManifest().layers().get(0);
        long[] read = {0};
        try (InputStream content = opened.open(1024, bytes -> read[0] += bytes)) {
            assertThat(content.readAllBytes()).isEqualTo(new byte[1024]);
        }
        assertThat(read[0]).isEqualTo(opened.descriptor().size());
        assertThat(opened.id()).isEqualTo(Sha256.of(ByteBuffer.allocate(1024)));
    }

    @Test
    void platformsAreParsed() {
        assertThat(OciPlatform.parse("linux/arm/v7")).hasToString("linux/arm/v7");
        for (String wrong : List.of("", "linux", "/", "a/", "/a", "a//b", "a/b/c/d", "a/b/")) {
            assertThatThrownBy(() -> OciPlatform.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
