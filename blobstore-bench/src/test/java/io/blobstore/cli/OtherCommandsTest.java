package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OtherCommandsTest {
    @TempDir
    Path directory;

    private String store;

    @BeforeEach
    void fillStore() throws IOException {
        store = "file:" + directory.resolve("store") + "?durability=none&create=true";
        Path file = Cli.file(directory.resolve("file"), 7);
        for (String key : List.of("a", "b/1", "b/2", "c/1", "new\nline")) {
            assertThat(Cli.run("upload", file, "--store", store, "--key", key).code())
                    .isZero();
        }
    }

    @Test
    void listPrintsALineForEachBlob() {
        Cli list = Cli.run("list", "--store", store);

        assertThat(list.code()).isZero();
        assertThat(list.out().lines().map(line -> line.replaceAll(".* ", "")))
                .containsExactly("a", "b/1", "b/2", "c/1", "new\\u000aline");
        assertThat(list.out().lines()).allMatch(line -> line.matches(" +7  [-0-9]{10}T[0-9:]{8}Z  .*"));
    }

    @Test
    void listTakesAPrefix() {
        assertThat(Cli.run("list", "b", "--store", store).out()).hasLineCount(2);
        assertThat(Cli.run("list", "x", "--store", store).out()).isEmpty();
    }

    @Test
    void listGroupsByADelimiter() {
        Cli list = Cli.run("list", "--store", store, "--delimiter", "/");

        assertThat(list.out().lines().map(line -> line.replaceAll(".* ", "")))
                .containsExactly("a", "b/", "c/", "new\\u000aline");
    }

    @Test
    void listPrintsAJsonObjectForEachEntry() {
        List<Map<String, Object>> lines =
                Cli.run("list", "--store", store, "--delimiter", "/", "--json").jsonLines();

        assertThat(lines).hasSize(4);
        assertThat(lines.subList(1, 3)).containsExactly(Map.of("prefix", "b/"), Map.of("prefix", "c/"));
        assertThat(lines.get(3))
                .containsOnlyKeys("key", "bytes", "version", "lastModified")
                .containsEntry("key", "new\nline")
                .containsEntry("bytes", 7);
        assertThat(Instant.parse((String) lines.get(3).get("lastModified"))).isBefore(Instant.now());
    }

    @Test
    void statPrintsMetadata() {
        assertThat(Cli.run("stat", "b/1", "--store", store).out().lines())
                .anyMatch(line -> line.matches("key +b/1"))
                .anyMatch(line -> line.matches("size +7 bytes"));
        assertThat(Cli.run("stat", "b/1", "--store", store, "--json").json())
                .containsKeys("version", "crc32c", "lastModified", "store")
                .containsEntry("key", "b/1")
                .containsEntry("bytes", 7)
                .containsEntry("userMetadata", Map.of());
    }

    @Test
    void statPrintsTheContentHeadersOfAnUpload() throws IOException {
        Path file = Cli.file(directory.resolve("data.gz"), 5);
        String[] upload = {
            "upload",
            file.toString(),
            "--store",
            store,
            "--content-type",
            "text/csv",
            "--content-encoding",
            "gzip",
            "--content-language",
            "de",
            "--content-disposition",
            "attachment; filename=\"a b.csv\"",
            "--cache-control",
            "public, max-age=3600"
        };
        assertThat(Cli.run((Object[]) upload).code()).isZero();

        assertThat(Cli.run("stat", "data.gz", "--store", store, "--json").json())
                .containsEntry("contentType", "text/csv")
                .containsEntry("contentEncoding", "gzip")
                .containsEntry("contentLanguage", "de")
                .containsEntry("contentDisposition", "attachment; filename=\"a b.csv\"")
                .containsEntry("cacheControl", "public, max-age=3600");
        assertThat(Cli.run("stat", "data.gz", "--store", store).out().lines())
                .anyMatch(line -> line.matches("content encoding +gzip"))
                .anyMatch(line -> line.matches("cache control +public, max-age=3600"));
    }

    @Test
    void userMetadataIsStored() throws IOException {
        Path file = Cli.file(directory.resolve("data"), 5);

        Cli upload = Cli.run("upload", file, "--store", store, "--metadata", "a=1", "--metadata", "b=x=y");

        assertThat(upload.err()).isEmpty();
        assertThat(Cli.run("stat", "data", "--store", store, "--json").json())
                .containsEntry("userMetadata", Map.of("a", "1", "b", "x=y"));
    }

    @Test
    void aVersionCanBeRequired() throws IOException {
        Path file = Cli.file(directory.resolve("other"), 5);
        Path back = directory.resolve("back");
        String version =
                (String) Cli.run("stat", "a", "--store", store, "--json").json().get("version");

        Cli replaced = Cli.run("upload", file, "--store", store, "--key", "a", "--if-match", version);
        Cli late = Cli.run("upload", file, "--store", store, "--key", "a", "--if-match", version);
        Cli download = Cli.run("download", "a", "--store", store, "--to", back, "--if-match", version);
        Cli cat = Cli.run("cat", "a", "--store", store, "--if-match", version);

        assertThat(replaced.code()).as(replaced.err()).isZero();
        for (Cli refused : List.of(late, download, cat)) {
            assertThat(refused.code()).isEqualTo(5);
            assertThat(refused.err()).hasLineCount(1).contains("its version is ");
        }
        assertThat(back).doesNotExist();
        assertThat(cat.content()).isEmpty();
    }

    @Test
    void statComputesTheChecksumOnRequest() {
        Map<String, Object> json =
                Cli.run("stat", "a", "--store", store, "--json", "--checksum").json();

        assertThat(json.get("computedCrc32c")).isNotNull().isEqualTo(json.get("crc32c"));
        assertThat(Cli.run("stat", "a", "--store", store, "--json").json()).doesNotContainKey("computedCrc32c");
    }

    @Test
    void statFailsIfTheChecksumDiffers() throws IOException {
        for (Path blob : Cli.tree(directory.resolve("store"))) {
            if (Files.isRegularFile(blob) && blob.endsWith("a")) {
                byte[] content = Files.readAllBytes(blob);
                FileTime time = Files.getLastModifiedTime(blob);
                content[3] ^= 1;
                try (FileChannel file = FileChannel.open(blob, StandardOpenOption.WRITE)) { // keeps its record
                    file.write(ByteBuffer.wrap(content));
                }
                Files.setLastModifiedTime(blob, time); // otherwise it is not the blob that was stored
            }
        }

        Cli stat = Cli.run("stat", "a", "--store", store, "--checksum");

        assertThat(stat.code()).isEqualTo(1);
        assertThat(stat.out()).isEmpty();
        assertThat(stat.err()).hasLineCount(1).contains("was stored with crc32c:");
    }

    @Test
    void quietCommandsPrintErrorsOnly() throws IOException {
        Path file = Cli.file(directory.resolve("other"), 5);
        for (Cli run : List.of(
                Cli.run("--quiet", "upload", file, "--store", store),
                Cli.run("stat", "other", "--store", store, "--quiet"),
                Cli.run("delete", "other", "--store", store, "--quiet", "--json"))) {
            assertThat(run.code()).isZero();
            assertThat(run.out() + run.err()).isEmpty();
        }
        Cli missing = Cli.run("stat", "other", "--store", store, "--quiet");
        assertThat(missing.code()).isEqualTo(3);
        assertThat(missing.err()).hasLineCount(1);
        assertThat(Cli.run("list", "a", "--store", store, "--quiet").out()).hasLineCount(1);
    }

    @Test
    void deleteDeletesAndMayBeRepeated() {
        for (int i = 0; i < 2; i++) {
            Cli delete = Cli.run("delete", "b/1", "--store", store, "--json");
            assertThat(delete.code()).isZero();
            assertThat(delete.json()).containsEntry("key", "b/1");
        }

        Cli stat = Cli.run("stat", "b/1", "--store", store);
        assertThat(stat.code()).isEqualTo(3);
        assertThat(stat.err()).hasLineCount(1).contains("no such blob").contains("blobstore list");
    }

    @Test
    void theDemoVerifiesAndRemovesItsFiles() throws IOException {
        List<Path> before = Cli.tree(directory);

        Cli demo = Cli.run("demo", "--dir", directory, "--size", "40MiB");

        assertThat(demo.err()).isEmpty();
        assertThat(demo.code()).isZero();
        assertThat(demo.out())
                .contains("40.0 MiB")
                .contains("every byte")
                .contains(directory.toString())
                .containsPattern("stored +3 ");
        assertThat(Cli.tree(directory)).isEqualTo(before);
    }

    @Test
    void theDemoKeepsItsFilesOnRequest() {
        Map<String, Object> json = Cli.run("demo", "--dir", directory, "--size", "1MiB", "--keep", "--json")
                .json();

        assertThat(json)
                .containsEntry("bytes", 1 << 20)
                .containsEntry("verified", true)
                .containsKeys("parts", "seconds", "mibPerSecond", "heapBytesAllocated", "crc32c", "version");
        assertThat(Path.of((String) json.get("readBack"))).hasSameBinaryContentAs(Path.of((String) json.get("file")));
        assertThat(Cli.run("list", "--store", json.get("store")).out()).contains((String) json.get("key"));
    }
}
