package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which store a text names. This module has no provider of local directories. */
class BlobStoresTest {
    @ParameterizedTest
    @CsvSource({
        "file:/dir, blobstore-fs",
        "s3://bucket, blobstore-s3",
        "gs://bucket, blobstore-gcs",
        "cache:/dir?of=mem:, blobstore-cache"
    })
    void theModuleOfAMissingProviderIsNamed(String uri, String module) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(uri))
                .withMessageContaining("'" + uri.substring(0, uri.indexOf(':')) + ":'")
                .withMessageContaining("[mem]")
                .withMessageEndingWith("add the dependency io.blobstore:" + module);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcs://bucket", "nowhere:/dir", "ab:/dir"})
    void noModuleIsNamedForAnUnknownScheme(String uri) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(uri))
                .withMessageContaining("'" + uri.substring(0, uri.indexOf(':')) + ":'")
                .withMessageContaining("./name")
                .satisfies(e -> assertThat(e).hasMessageNotContaining("dependency"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dir", "./my dir", "../dir", "/dir?create=true", "C:\\dir", "a/b:c", "."})
    void aTextWithoutASchemeIsADirectory(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(text))
                .withMessageContaining("blobstore-fs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "//me:hunter2@bucket", "s3:bucket", "s3://bucket?hunter2"})
    void anIncompleteUriIsNoDirectory(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(text))
                .satisfies(
                        e -> assertThat(e).hasMessageNotContaining("hunter2").hasMessageNotContaining("blobstore-fs"));
    }

    @Test
    void theSchemesAreThoseOfTheProvidersThatAreThere() {
        assertThat(BlobStores.schemes()).contains("mem").doesNotContain("s3");
    }

    @Test
    void aUriMayBeGivenAsSuch() throws IOException {
        try (BlobStore store = BlobStores.open(URI.create("mem:some"))) {
            assertThat(store).hasToString("mem:some");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> BlobStores.open(URI.create("dir")));
    }

    @Test
    void aDirectoryIsOfTheDefaultFileSystem(@TempDir Path directory) throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(directory))
                .withMessageContaining("blobstore-fs");
        try (FileSystem zip = FileSystems.newFileSystem(directory.resolve("a.zip"), Map.of("create", "true"))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> BlobStores.open(zip.getPath("/dir")))
                    .withMessageContaining("jar:");
        }
    }

    @Test
    void nullIsRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> BlobStores.open((String) null))
                .withMessage("uriOrPath");
        assertThatNullPointerException()
                .isThrownBy(() -> BlobStores.open((Path) null))
                .withMessage("directory");
        assertThatNullPointerException()
                .isThrownBy(() -> BlobStores.open((URI) null))
                .withMessage("uri");
    }
}
