package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands over a store with a cache in front of it. */
class CachedStoreCommandsTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private String store;

    @BeforeEach
    void nameStore() throws IOException {
        Path remote = Files.createDirectory(directory.resolve("remote"));
        store = "cache:" + directory.resolve("cache") + "?max=64MiB&of=file:" + remote + "?durability=none";
    }

    @Test
    void aBlobIsUploadedListedReadAndDeleted() throws IOException {
        Path file = Cli.file(directory.resolve("file"), 3 * MIB + 1);
        Path back = directory.resolve("back");

        assertThat(Cli.run("upload", file, "--store", store, "--part-size", "1MiB")
                        .code())
                .isZero();
        assertThat(Cli.run("list", "--store", store).out()).contains("file");
        for (int i = 0; i < 2; i++) {
            Cli download = Cli.run("download", "file", "--store", store, "--to", back);
            assertThat(download.err()).isEmpty();
            assertThat(back).hasSameBinaryContentAs(file);
            Files.delete(back);
        }
        assertThat(Cli.run("cat", "file", "--store", store).content()).isEqualTo(Files.readAllBytes(file));
        assertThat(Cli.tree(directory.resolve("cache")))
                .as("its content is in the cache")
                .anyMatch(path -> path.toString().contains("cas.v2/") && Files.isRegularFile(path));
        assertThat(Cli.run("delete", "file", "--store", store).code()).isZero();
        assertThat(Cli.run("download", "file", "--store", store, "--to", back).code())
                .isNotZero();
    }

    @Test
    void aMistakeInTheUriIsOneLine() {
        Cli wrong = Cli.run("list", "--store", "cache:" + directory.resolve("cache") + "?of=mem:");

        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("needs the parameter 'max'").hasLineCount(1);
    }
}
