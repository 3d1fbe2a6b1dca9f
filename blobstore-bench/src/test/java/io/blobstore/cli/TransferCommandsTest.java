package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TransferCommandsTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private String store;

    @BeforeEach
    void nameStore() {
        store = "file:" + directory.resolve("store") + "?durability=none&create=true";
    }

    private String failingStore(FailingStoreProvider.Failure failure) {
        return "failing:" + directory.resolve("store") + "?failure=" + failure;
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "1, 1, 1", "1048576, 1, 1", "1048577, 2, 1", "9437185, 10, 2"})
    void whatIsUploadedComesBack(int size, int parts, int ranges) throws IOException {
        Path file = Cli.file(directory.resolve("fü le.bin"), size);
        Path back = directory.resolve("back");

        Cli upload = Cli.run("upload", file, "--store", store, "--part-size", "1MiB", "--concurrency", 3, "--json");
        Cli download = Cli.run("download", "fü le.bin", "--store", store, "--to", back, "--json");

        assertThat(upload.err()).isEmpty();
        assertThat(download.err()).isEmpty();
        assertThat(back).hasSameBinaryContentAs(file);
        String checksum = Crc32c.of(BlobSource.ofPath(file)).hex();
        assertThat(upload.json())
                .containsEntry("bytes", size)
                .containsEntry("parts", parts)
                .containsEntry("crc32c", checksum)
                .containsEntry("key", "fü le.bin")
                .containsEntry("file", file.toString())
                .containsEntry("retries", 0)
                .containsKeys("store", "mibPerSecond");
        assertThat(download.json())
                .containsEntry("bytes", size)
                .containsEntry("parts", ranges)
                .containsEntry("crc32c", checksum)
                .containsEntry("version", upload.json().get("version"));
        for (Map<String, Object> json : List.of(upload.json(), download.json())) {
            assertThat((double) json.get("seconds")).isPositive();
            assertThat(((Number) json.get("heapBytesAllocated")).longValue()).isPositive();
            assertThat((String) json.get("version")).isNotEmpty();
        }
        assertThat(upload.out()).endsWith("}" + System.lineSeparator()).hasLineCount(1);
    }

    @Test
    void textIsATable() throws IOException {
        Path file = Cli.file(directory.resolve("file"), 3 * MIB);

        Cli upload = Cli.run("upload", file, "--store", store, "--key", "a/b");

        assertThat(upload.code()).isZero();
        assertThat(upload.out().lines())
                .anyMatch(line -> line.matches("key +a/b"))
                .anyMatch(line -> line.matches("size +3\\.0 MiB \\(3145728 bytes\\)"))
                .anyMatch(line -> line.matches("time +[0-9.]+ s, [0-9]+ MiB/s"));
    }

    @Test
    void aFileThatOthersMayTruncateIsCopied() throws IOException {
        Path file = Cli.file(directory.resolve("file"), 3 * MIB + 1);
        Path back = directory.resolve("back");

        assertThat(Cli.run("upload", file, "--store", store, "--copy", "--part-size", "1M")
                        .code())
                .isZero();
        assertThat(Cli.run("download", "file", "--store", store, "--to", back).code())
                .isZero();
        assertThat(back).hasSameBinaryContentAs(file);
    }

    @Test
    void anExistingBlobIsReplacedUnlessAskedNotTo() throws IOException {
        Path first = Cli.file(directory.resolve("first"), 1);
        Path second = Cli.file(directory.resolve("second"), 2);
        Cli.run("upload", first, "--store", store, "--key", "k");

        Cli refused = Cli.run("upload", second, "--store", store, "--key", "k", "--if-absent");
        assertThat(refused.code()).isEqualTo(5);
        assertThat(refused.err()).hasLineCount(1).contains("exists already").contains("--if-absent");
        assertThat(Cli.run("stat", "k", "--store", store, "--json").json()).containsEntry("bytes", 1);

        assertThat(Cli.run("upload", second, "--store", store, "--key", "k").code())
                .isZero();
        assertThat(Cli.run("stat", "k", "--store", store, "--json").json()).containsEntry("bytes", 2);
    }

    @Test
    void aDownloadReplacesTheFileBehindALink() throws IOException {
        Path file = Cli.file(directory.resolve("file"), 5);
        Cli.run("upload", file, "--store", store);
        Path target = Files.writeString(directory.resolve("target"), "old");
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);

        assertThat(Cli.run("download", "file", "--store", store, "--to", link).code())
                .isZero();

        assertThat(link).isSymbolicLink();
        assertThat(target).hasSameBinaryContentAs(file);
    }

    @ParameterizedTest
    @EnumSource(names = {"CORRUPT", "FAIL"})
    void aFailedDownloadLeavesTheTargetAndNothingElse(FailingStoreProvider.Failure failure) throws IOException {
        Cli.run("upload", Cli.file(directory.resolve("file"), 9 * MIB), "--store", store);
        Path target = Files.writeString(directory.resolve("target"), "old");
        List<Path> before = Cli.tree(directory);

        Cli download = Cli.run("download", "file", "--store", failingStore(failure), "--to", target);

        assertThat(download.code()).isEqualTo(1);
        assertThat(download.out()).isEmpty();
        assertThat(download.err())
                .hasLineCount(1)
                .contains(failure == FailingStoreProvider.Failure.FAIL ? "the cable was cut" : "was read");
        assertThat(target).hasContent("old");
        assertThat(Cli.tree(directory)).isEqualTo(before);
    }

    @Test
    void theHeapStaysSmall() throws IOException {
        Path file = directory.resolve("file");
        RandomFile.create(file, 256L * MIB, ProgressBar.invisible());
        Path back = directory.resolve("back");
        Path small = Cli.file(directory.resolve("small"), 1);
        Cli.run("upload", small, "--store", store); // loads classes
        Cli.run("download", "small", "--store", store, "--to", back);

        Cli upload = Cli.run("upload", file, "--store", store, "--json");
        Cli download = Cli.run("download", "file", "--store", store, "--to", back, "--json");

        assertThat(back).hasSameBinaryContentAs(file);
        for (Cli transfer : List.of(upload, download)) {
            assertThat(((Number) transfer.json().get("heapBytesAllocated")).longValue())
                    .as("bytes on the heap for 256 MiB")
                    .isLessThan(2L * MIB);
        }
    }
}
