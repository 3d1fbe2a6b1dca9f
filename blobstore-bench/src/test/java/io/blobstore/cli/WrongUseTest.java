package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invalid commands have the right exit code, one line of error, and no side effects. */
class WrongUseTest {
    @TempDir
    Path directory;

    @BeforeEach
    void createAFile() throws IOException {
        Files.writeString(directory.resolve("file"), "content");
        Files.createDirectory(directory.resolve("dir"));
    }

    static Stream<Arguments> wrong() {
        String upload = "upload DIR/file --store file:DIR/dir";
        String download = "download key --store file:DIR/dir";
        return Stream.of(
                // failures
                arguments(1, "upload DIR/none --store file:DIR/store", "there is no file or directory 'DIR/none'"),
                arguments(1, "upload DIR/none --copy --store file:DIR/store", "no file or directory 'DIR/none'"),
                arguments(1, "upload DIR/dir --store file:DIR/store", "'DIR/dir' is a directory, not a file"),
                arguments(1, "upload DIR/dir --copy --store file:DIR/store", "'DIR/dir' is a directory, not a file"),
                arguments(1, "upload DIR/file/x --store file:DIR/store", "check the path"),
                arguments(3, "upload DIR/file --store file:DIR/file", "is not a directory"),
                arguments(3, "upload DIR/file --store file:DIR/no/store", "does not exist"),
                arguments(1, upload + " --key ../file", "cannot hold such a key"),
                arguments(1, download + " --to DIR/dir", "'DIR/dir' is a directory"),
                arguments(1, download + " --to DIR/no/file", "there is no file or directory 'DIR/no'"),
                arguments(1, download + " --to DIR/file/x", "'DIR/file' is not a directory"),
                arguments(3, download + " --to DIR/new", "there is no such blob"),
                arguments(3, "download key --store file:DIR/file --to DIR/new", "is not a directory"),
                arguments(3, "stat key --store file:DIR/dir", "there is no such blob"),
                arguments(3, "list --store file:DIR/store", "does not exist"),
                arguments(3, "uploads --store file:DIR/store", "does not exist"),
                arguments(1, "demo --size 1024TiB --dir DIR", "choose a smaller --size"),
                arguments(1, "demo --dir DIR/none", "there is no file or directory"),
                arguments(1, "demo --dir DIR/file", "is not a directory"),
                // usage errors
                arguments(2, "", "Missing required subcommand"),
                arguments(2, "uplaod", "there is no command 'blobstore uplaod'; did you mean 'upload'?"),
                arguments(2, "upload", "'FILE'"),
                arguments(2, "upload DIR/file", "'--store=URI'"),
                arguments(2, "download key --store file:DIR/store", "'--to=FILE'"),
                arguments(2, "stat --store file:DIR/store", "'KEY'"),
                arguments(2, "frobnicate", "there is no command 'blobstore frobnicate'; see"),
                arguments(2, "cache evcit DIR", "no command 'blobstore cache evcit'; did you mean 'evict'?"),
                arguments(2, upload + " --colour", "there is no option '--colour'; see"),
                arguments(2, "list --sotre file:DIR/store", "no option '--sotre'; did you mean '--store'?"),
                arguments(2, "list --stroe=file:DIR/store", "no option '--stroe'; did you mean '--store'?"),
                arguments(2, download + " --ot DIR/new", "no option '--ot'; did you mean '--to'?"),
                arguments(2, upload + " more", "the argument 'more' is one too many"),
                arguments(2, "upload DIR/file --store nosuch:/x", "scheme 'nosuch:'"),
                arguments(2, "upload DIR/file --store file:DIR/store?colour=red", "unknown parameter [colour]"),
                arguments(2, "upload DIR/file --store file:DIR/store?durability=red", "'sync' or 'none'"),
                arguments(2, "upload DIR/file --store s3://me:secret@bucket", "must not carry credentials"),
                arguments(2, "upload DIR/file --store //DIR/store", "begins with a scheme"),
                arguments(2, "list --store nosuch:/x", "scheme 'nosuch:'"),
                arguments(2, "list --store file:DIR/dir --delimiter=", "delimiter must not be empty"),
                arguments(2, "uploads --store file:DIR/dir --older-than 1w", "'1w' is not a duration"),
                arguments(2, upload + " --part-size 16MB", "'16MB' is not a size"),
                arguments(2, upload + " --part-size -1", "'-1' is not a size"),
                arguments(2, upload + " --part-size 0", "--part-size must be 1 or more"),
                arguments(2, upload + " --part-size 9999999999GiB", "too large"),
                arguments(2, upload + " --concurrency 0", "--concurrency must be 1 to"),
                arguments(2, upload + " --if-absent --if-match 1", "mutually exclusive"),
                arguments(2, upload + " --if-match=", "a version must not be empty"),
                arguments(2, upload + " --metadata a", "NAME=VALUE"),
                arguments(2, upload + " --metadata A=b", "the name of user metadata"),
                arguments(2, download + " --to DIR/new --concurrency 0", "--concurrency must be 1 to"),
                arguments(2, download + " --to DIR/new --part-size 0", "--part-size must be 1 or more"),
                arguments(1, "presign key --store file:DIR/dir", "has no URLs to presign"),
                arguments(2, "presign key --store mem: --valid-for 0s", "the validity must be positive"),
                arguments(2, "presign key --store mem: --method POST", "GET"),
                arguments(2, "presign key --store mem: --method put --content-type a/b", "only the response to GET"),
                arguments(2, upload + " --concurrency many", "'many'"),
                arguments(2, upload + " --key=", "a blob key must not be empty"),
                arguments(2, upload + " --content-type=", "Content-Type must not be empty"),
                arguments(2, upload + " --cache-control=\u20ac", "Cache-Control must be printable ASCII"),
                arguments(2, upload + " --key " + "k".repeat(1025), "at most 1024 bytes"),
                arguments(2, "delete " + "k".repeat(1025) + " --store file:DIR/dir", "at most 1024 bytes"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void isReportedInOneLineAndLeavesNothing(int code, String command, String reason) throws IOException {
        List<Path> before = Cli.tree(directory);
        String[] args = command.isEmpty()
                ? new String[0]
                : Arrays.stream(command.split(" "))
                        .map(arg -> arg.replace("DIR", directory.toString()))
                        .toArray(String[]::new);

        Cli run = Cli.run((Object[]) args);

        assertThat(run.err())
                .hasLineCount(1)
                .startsWith("blobstore: ")
                .contains(reason.replace("DIR", directory.toString()))
                .doesNotContain("secret")
                .doesNotContain("Exception");
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).isEmpty();
        if (code == 2) {
            assertThat(run.err()).contains("; see 'blobstore").endsWith("--help'" + System.lineSeparator());
        }
        assertThat(Cli.tree(directory)).isEqualTo(before);
        assertThat(directory.resolve("file")).hasContent("content");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "upload FILE",
                "upload FILE --compress",
                "download key --to COPY",
                "cat key",
                "stat key",
                "list",
                "uploads",
                "delete key",
                "split FILE --ref ref --format cdc",
                "split-ls",
                "merge refs/ref COPY",
                "fsck",
                "gc"
            })
    void noCommandCreatesAMissingStore(String command) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "content");
        Path missing = directory.resolve("missing");
        List<Path> before = Cli.tree(directory);
        for (String store : List.of("file:" + missing, missing.toString())) {
            String paths = command.replace("FILE", file.toString())
                    .replace("COPY", directory.resolve("copy").toString());
            List<String> args = new ArrayList<>(List.of(paths.split(" ")));
            args.addAll(List.of("--store", store));

            Cli run = Cli.run(args.toArray());

            assertThat(run.code()).as(run.err()).isEqualTo(3);
            assertThat(run.err())
                    .hasLineCount(1)
                    .contains("the directory " + missing + " does not exist", "?create=true");
            assertThat(Cli.tree(directory)).isEqualTo(before);
        }
    }

    @Test
    void anUnreadableFileIsReported() throws IOException {
        Path file = directory.resolve("file");
        assumeFalse(!file.toFile().setReadable(false) || Files.isReadable(file), "root may read any file");
        List<Path> before = Cli.tree(directory);

        for (String mode : List.of("--json", "--copy")) {
            Cli run = Cli.run("upload", file, "--store", "file:" + directory, mode);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).hasLineCount(1).contains("permission denied for '" + file + "'");
            assertThat(Cli.tree(directory)).isEqualTo(before);
        }
    }

    @Test
    void aFileThatDoesNotContainAsMuchAsItsSizeIsReported() {
        Path longer = Path.of("/proc/cpuinfo");
        Path shorter = Path.of("/sys/class/net/lo/mtu");
        assumeTrue(Files.isReadable(longer) && Files.isReadable(shorter), "only Linux has files of this kind");
        String store = "file:" + directory.resolve("dir") + "?create=true";
        for (String mode : List.of("--json", "--copy")) {
            Cli run = Cli.run("upload", longer, "--store", store, mode);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).hasLineCount(1).contains("contains more than the 0 bytes of its size");
        }
        Cli run = Cli.run("upload", shorter, "--store", store, "--copy");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).hasLineCount(1).contains("it ends after ");
        assertThat(Cli.run("stat", "mtu", "--store", store).err()).contains("there is no such blob");
        assertThat(Cli.run("stat", "cpuinfo", "--store", store).err()).contains("there is no such blob");
    }

    @Test
    void aStackTraceIsShownOnRequest() {
        for (List<String> args : List.of(
                List.of("--verbose", "stat", "key", "--store", "file:" + directory),
                List.of("stat", "key", "--store", "file:" + directory, "--verbose"))) {
            assertThat(Cli.run(args.toArray()).err())
                    .startsWith("blobstore: ")
                    .contains("BlobNotFoundException", "\tat io.blobstore.cli.StatCommand");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "upload",
                "download",
                "stat",
                "list",
                "delete",
                "presign",
                "uploads",
                "split",
                "merge",
                "split-ls",
                "gc",
                "fsck",
                "repo",
                "demo"
            })
    void everyCommandHasHelp(String command) {
        for (String option : List.of("--help", "-h")) {
            Cli help = command.isEmpty() ? Cli.run(option) : Cli.run(command, option);
            assertThat(help.code()).isZero();
            assertThat(help.err()).isEmpty();
            assertThat(help.out())
                    .startsWith(("Usage: blobstore " + command).strip())
                    .contains("--verbose", "Exit codes:");
        }
    }

    @Test
    void theVersionIsShown() {
        assertThat(Cli.run("--version").out()).startsWith("blobstore ").hasLineCount(1);
    }
}
