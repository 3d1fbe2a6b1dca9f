package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code cp}, {@code sync} and {@code rm}, with the local store. */
class DirectoryCommandsTest {
    @TempDir
    Path directory;

    private String store;
    private Path photos;

    @BeforeEach
    void create() throws IOException {
        store = "file:" + Files.createDirectory(directory.resolve("store")) + "?durability=none";
        photos = Files.createDirectories(directory.resolve("photos/2024")).getParent();
        Cli.file(photos.resolve("a.jpg"), 10);
        Cli.file(photos.resolve("2024/b.jpg"), 20);
        Cli.file(photos.resolve("2024/b.txt"), 30);
    }

    private Cli run(Object... args) {
        return Cli.run(
                Stream.concat(Stream.of(args), Stream.of("--store", store)).toArray());
    }

    private Cli succeed(Object... args) {
        Cli result = run(args);
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        return result;
    }

    private List<String> keys() {
        return Cli.run("list", "--store", store)
                .out()
                .lines()
                .map(line -> line.replaceAll(".* ", ""))
                .toList();
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile)
                    .map(path -> directory.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aDirectoryIsCopiedToTheStoreInsideItAndBack() throws IOException {
        Path back = directory.resolve("back");

        Cli up = succeed("cp", "-r", photos, ":p", "--json");
        succeed("cp", "-r", ":p", ":copy/of/p");
        Cli down = succeed("cp", "-r", ":copy/of/p", back);

        assertThat(up.json())
                .containsEntry("files", 3)
                .containsEntry("bytes", 60)
                .containsEntry("failed", 0);
        assertThat(keys())
                .containsExactly(
                        "copy/of/p/2024/b.jpg",
                        "copy/of/p/2024/b.txt",
                        "copy/of/p/a.jpg",
                        "p/2024/b.jpg",
                        "p/2024/b.txt",
                        "p/a.jpg");
        assertThat(files(back)).isEqualTo(files(photos));
        assertThat(back.resolve("2024/b.jpg")).hasSameBinaryContentAs(photos.resolve("2024/b.jpg"));
        assertThat(down.out()).containsPattern("files +3").containsPattern("size +60 bytes");
    }

    @Test
    void aFileIsCopiedUnderItsNameOrAnother() throws IOException {
        Path back = Files.createDirectory(directory.resolve("back"));

        succeed("cp", photos.resolve("a.jpg"), ":x/");
        succeed("cp", photos.resolve("a.jpg"), ":y");
        Cli copy = succeed("cp", ":y", ":z/", "--json");
        succeed("cp", ":x/a.jpg", back);
        succeed("cp", ":y", back + "/new/");
        succeed("cp", ":y", back.resolve("named"));

        assertThat(keys()).containsExactly("x/a.jpg", "y", "z/y");
        assertThat(copy.json())
                .containsEntry("from", "y")
                .containsEntry("to", "z/y")
                .containsEntry("bytes", 10);
        assertThat(files(back)).containsExactly("a.jpg", "named", "new/y");
    }

    @Test
    void patternsChooseFiles() throws IOException {
        Path back = directory.resolve("back");
        succeed("cp", photos + "/**/*.jpg", ":p");
        assertThat(keys()).containsExactly("p/2024/b.jpg", "p/a.jpg");

        succeed("cp", ":p/*.jpg", back);
        assertThat(files(back)).containsExactly("a.jpg");

        succeed("cp", "-r", photos, ":q", "--exclude", "2024");
        succeed("cp", "-r", photos, ":r", "--include", "*.txt");
        assertThat(keys()).containsExactly("p/2024/b.jpg", "p/a.jpg", "q/a.jpg", "r/2024/b.txt");
    }

    @Test
    void aPatternIsNoPatternIfThereIsSuchAFile() throws IOException {
        Path odd = Cli.file(photos.resolve("odd[1].jpg"), 5);

        succeed("cp", odd, ":odd/");

        assertThat(keys()).containsExactly("odd/odd[1].jpg");
    }

    @Test
    void syncCopiesWhatHasChangedAndDeletesOnRequest() throws IOException {
        assertThat(succeed("sync", photos, ":p", "--json").json()).containsEntry("files", 3);
        assertThat(succeed("sync", photos, ":p", "--json").json())
                .containsEntry("files", 0)
                .containsEntry("unchanged", 3);

        Files.delete(photos.resolve("2024/b.txt"));
        Files.setLastModifiedTime(
                photos.resolve("a.jpg"), FileTime.from(Instant.now().plusSeconds(60)));
        Cli dry = succeed("sync", photos, ":p", "--delete", "--dry-run");
        assertThat(dry.out())
                .contains("would transfer a.jpg", "would delete 2024/b.txt")
                .containsPattern("dry run +nothing was changed");
        assertThat(keys()).contains("p/2024/b.txt");

        assertThat(succeed("sync", photos, ":p", "--json", "--checksum").json()).containsEntry("files", 0);
        assertThat(succeed("sync", photos, ":p", "--json", "--size-only").json())
                .containsEntry("files", 0);
        assertThat(succeed("sync", photos, ":p", "--delete", "--json").json())
                .containsEntry("files", 1)
                .containsEntry("deleted", 1);
        assertThat(keys()).containsExactly("p/2024/b.jpg", "p/a.jpg");
    }

    @Test
    void failuresAreReportedAndTheOthersCopied() throws IOException {
        succeed("cp", "-r", photos, ":p");
        Path back = Files.createDirectory(directory.resolve("back"));
        Files.createSymbolicLink(back.resolve("2024"), photos);

        Cli down = run("cp", "-r", ":p", back, "--json");

        assertThat(down.code()).isEqualTo(1);
        assertThat(down.err().lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("{\"error\":\"failure\",\"exitCode\":1,\"message\":\"2024/b.")
                        && line.contains("symbolic link")
                        && line.contains("\"path\":\"2024/b."));
        assertThat(down.json()).containsEntry("files", 1).containsEntry("failed", 2);
        assertThat(back.resolve("a.jpg")).exists();
    }

    @Test
    void listTakesAPattern() {
        succeed("cp", "-r", photos, ":p");

        assertThat(succeed("list", "p/**.jpg").out().lines()).hasSize(2).allMatch(line -> line.endsWith(".jpg"));
        assertThat(succeed("list", "p/*", "--delimiter", "/").out().lines())
                .map(line -> line.replaceAll(".* ", ""))
                .containsExactly("p/2024/", "p/a.jpg");
        assertThat(run("list", "p/[x").code()).isEqualTo(2);
    }

    @Test
    void blobsAreRemovedByNamePatternAndPrefix() {
        succeed("cp", "-r", photos, ":p");
        succeed("cp", "-r", photos, ":q");

        assertThat(succeed("rm", ":p/**.jpg", "--dry-run").out())
                .contains("would delete a.jpg", "would delete 2024/b.jpg");
        assertThat(succeed("rm", ":p/**.jpg", "--json").json()).containsEntry("deleted", 2);
        assertThat(keys()).containsExactly("p/2024/b.txt", "q/2024/b.jpg", "q/2024/b.txt", "q/a.jpg");
        succeed("rm", ":p/2024/b.txt", "--dry-run");
        succeed("rm", ":p/2024/b.txt");
        succeed("rm", ":p/2024/b.txt");
        assertThat(keys()).containsExactly("q/2024/b.jpg", "q/2024/b.txt", "q/a.jpg");
        assertThat(succeed("rm", "--prefix", ":q/2024", "--json").json()).containsEntry("deleted", 2);
        assertThat(keys()).containsExactly("q/a.jpg");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cp|DIR|:p|is a directory; copy it with -r",
                "cp|:p/|DIR|is a directory; copy it with -r",
                "cp|DIR/a.jpg|DIR/b|one of source and target must be in a store",
                "cp|mem:a|mem:b|is a directory",
                "cp|DIR/a.jpg|p --target-store mem:|is the store of a TARGET that begins with ':'",
                "cp|DIR/a.jpg|:p --target-store x|--target-store: 'x' is neither a URI",
                "cp|-r DIR|:p --include [|a '[' is not closed",
                "cp|-r DIR|:p --concurrency 0|--concurrency must be",
                "cp|DIR/a.jpg|:p --dry-run|are for directories and patterns",
                "cp|:p/*|DIR --include x|exclude each other",
                "sync|:p/*|DIR|choose files of it with --include",
                "rm|:|--prefix|NAME is empty",
                "rm|DIR/a.jpg||is a local path",
            })
    void wrongUseIsRefused(String command, String first, String second, String message) {
        Stream<String> args = Stream.of(command, first, second == null ? "" : second)
                .flatMap(part -> Stream.of(part.split(" ")))
                .map(part -> part.replace("DIR", photos.toString()))
                .filter(part -> !part.isEmpty());

        Cli result = run(args.toArray());

        assertThat(result.err()).hasLineCount(1).contains(message);
        assertThat(result.code()).isEqualTo(2);
    }

    @Test
    void aNameOfTheStoreNeedsAStore() throws IOException {
        Cli result = Cli.run("cp", photos.resolve("a.jpg"), ":a");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("no store is given: use '--store=URI'");
        Path config = Files.writeString(directory.resolve("config"), "store.photos = " + store);
        Map<String, String> environment = Map.of("BLOBSTORE_CONFIG", config.toString(), "BLOBSTORE_STORE", "photos");
        Cli quiet = Cli.run(environment, "cp", photos.resolve("a.jpg"), ":a", "--quiet");
        assertThat(quiet.code()).isZero();
        assertThat(quiet.out() + quiet.err()).isEmpty();
        assertThat(Cli.run(environment, "rm", ":a", "--store", "photos").code()).isZero();
        assertThat(Cli.run("list", "a", "--store", store).out()).isEmpty();
    }

    /** Another store, with the name {@code other} in the configuration file; this one is {@code first}. */
    private Map<String, String> twoStores() throws IOException {
        Path other = Files.createDirectory(directory.resolve("other"));
        Path config = Files.writeString(
                directory.resolve("config"),
                "store.first = " + store + "\nstore.other = file:" + other + "?durability=none");
        return Map.of("BLOBSTORE_CONFIG", config.toString());
    }

    @Test
    void blobsAreCopiedToAnotherStore() throws IOException {
        Map<String, String> environment = twoStores();
        Path large = Cli.file(directory.resolve("large"), (33 << 20) + 1);
        assertThat(run("upload", large, "--key", "x/large", "--content-type", "text/plain", "--metadata", "author=kim")
                        .code())
                .isZero();

        Cli copy = Cli.run(environment, "cp", "first:x/large", "other:y/", "--json");

        assertThat(copy.err()).isEmpty();
        assertThat(copy.json())
                .containsEntry("from", "x/large")
                .containsEntry("to", "y/large")
                .containsEntry("bytes", (33 << 20) + 1);
        assertThat(Cli.run(environment, "cat", "y/large", "--store", "other").content())
                .isEqualTo(Files.readAllBytes(large));
        assertThat(Cli.run(environment, "stat", "y/large", "--store", "other", "--json")
                        .json())
                .containsEntry("contentType", "text/plain")
                .containsEntry("userMetadata", Map.of("author", "kim"));
        Cli back = Cli.run(environment, "cp", ":y/large", ":z", "--store", "other", "--target-store", "first");
        assertThat(back.code()).as(back.err()).isZero();
        assertThat(keys()).containsExactly("x/large", "z");
        Cli missing = Cli.run(environment, "cp", "first:none", "other:none");
        assertThat(missing.code()).isEqualTo(3);
        assertThat(missing.err()).hasLineCount(1).contains("none", "no such blob");
    }

    @Test
    void directoriesAreCopiedAndSynchronizedBetweenStores() throws IOException {
        Map<String, String> environment = twoStores();
        succeed("cp", "-r", photos, ":p");

        Cli copy = Cli.run(environment, "cp", "-r", "first:p", "other:q", "--json");
        assertThat(copy.err()).isEmpty();
        assertThat(copy.json()).containsEntry("files", 3).containsEntry("bytes", 60);
        assertThat(Cli.run(environment, "sync", "first:p", "other:q", "--json").json())
                .containsEntry("files", 0)
                .containsEntry("unchanged", 3);
        succeed("rm", ":p/a.jpg");
        Cli dry = Cli.run(environment, "sync", "first:p", "other:q", "--checksum", "--delete", "--dry-run");
        assertThat(dry.out()).contains("would delete a.jpg").doesNotContain("would transfer");
        assertThat(Cli.run(environment, "sync", "first:p", "other:q", "--delete", "--json")
                        .json())
                .containsEntry("deleted", 1);
        assertThat(Cli.run(environment, "cp", "other:q/**.txt", "first:t").code())
                .isZero();
        assertThat(Cli.run(environment, "rm", "other:q/2024/*").code()).isZero();
        assertThat(keys()).containsExactly("p/2024/b.jpg", "p/2024/b.txt", "t/2024/b.txt");
        assertThat(Cli.run(environment, "list", "--store", "other").out()).isEmpty();
    }

    @Test
    void aMistypedNameIsReported() throws IOException {
        Map<String, String> environment = twoStores();

        Cli nothing = Cli.run(environment, "cp", "-r", "first:none", "other:none");
        assertThat(nothing.code()).isZero();
        assertThat(nothing.err())
                .isEqualTo("blobstore: warning: no file was found; check the name, and the patterns\n");
        assertThat(run("rm", ":none*").err()).contains("warning: no file was found");
        assertThat(run("rm", ":none*", "--quiet").err()).isEmpty();

        Cli mistyped = Cli.run(environment, "cp", "frist:a", "other:a");
        assertThat(mistyped.code()).isEqualTo(2);
        assertThat(mistyped.err()).hasLineCount(1).contains("there is no store 'frist' in", "did you mean 'first'?");
    }

    @Test
    void aMissingSourceStoreCreatesNoTarget() throws IOException {
        Path target = directory.resolve("target");

        Cli copy = Cli.run("cp", "-r", "file:" + directory.resolve("missing"), "file:" + target + "?create=true");

        assertThat(copy.code()).isEqualTo(3);
        assertThat(target).doesNotExist();
    }

    /** Otherwise the copies would be found while they are made, and copied again. */
    @Test
    void twoUrisOfOneStoreAreOneStore() throws IOException {
        succeed("cp", "-r", photos, ":p");
        String same = store.replace("?durability=none", "");

        assertThat(run("cp", "-r", ":p", ":p/q", "--target-store", same).err()).contains("overlap");
        assertThat(run("cp", "-r", ":p", ":q", "--target-store", same).code()).isZero();
        assertThat(keys()).hasSize(6);
    }

    @Test
    void overlappingCopiesAreRefused() {
        succeed("cp", "-r", photos, ":p");

        Cli result = run("cp", "-r", ":p", ":p/q");

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("overlap");
    }
}
