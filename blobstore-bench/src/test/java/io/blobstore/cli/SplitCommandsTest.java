package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitCommandsTest {
    @TempDir
    Path directory;

    private final byte[] image = new byte[300_000];
    private Path file;

    @BeforeEach
    void create() throws IOException {
        new Random(1).nextBytes(image);
        file = directory.resolve("image");
        Files.write(file, image);
    }

    private Cli run(String command, String uri, String... options) {
        return Cli.run(Stream.concat(Stream.of(command, "--store", uri, "--unlocked"), Stream.of(options))
                .toArray());
    }

    private void assertFails(int code, Cli run, String problem) {
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.err()).contains(problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:", "composefs:"})
    void anImageIsSplitCheckedAndMerged(String scheme) throws IOException {
        String uri = scheme + directory.resolve("repository");
        assertThat(Cli.run("repo", "init", "--store", uri).code()).isZero();
        Cli split = run("split", uri, file.toString(), "--ref", "disk/1", "--format", "fixed:64KiB", "--json");
        assertThat(split.err()).isEmpty();
        assertThat(split.out()).contains("\"objectsStored\":5", "\"bytesStored\":300000");
        image[0]++;
        Files.write(file, image);
        Cli again = run("split", uri, file.toString(), "--ref", "disk/2", "--format", "fixed:64KiB", "--json");
        assertThat(again.out()).contains("\"objectsStored\":1", "\"objectsPresent\":4");

        assertThat(run("split-ls", uri).out().lines()).hasSize(4);
        assertThat(run("split-ls", uri, "--stat").out()).contains("\"streams\":2", "\"sharedObjects\":4");
        assertThat(run("fsck", uri, "--json").out()).startsWith("{\"clean\":true,\"objects\":8,");
        assertThat(run("gc", uri).out()).contains("objects kept:    8");

        Path merged = directory.resolve("merged");
        assertThat(run("merge", uri, "refs/disk/2", merged.toString()).code()).isZero();
        assertThat(Files.readAllBytes(merged)).isEqualTo(image);
        assertFails(3, run("merge", uri, "none", directory.resolve("none").toString()), "no stream 'none'");
        assertFails(3, run("merge", uri, "refs/none", directory.resolve("none").toString()), "no stream 'refs/none'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:", "composefs:"})
    void noCommandFindsOrCreatesARepositoryThatDoesNotExist(String scheme) {
        Path missing = directory.resolve("missing");
        String uri = scheme + missing;
        String target = directory.resolve("target").toString();

        assertFails(3, run("gc", uri), missing.toString());
        assertFails(3, run("fsck", uri), missing.toString());
        assertFails(3, run("split-ls", uri), missing.toString());
        assertFails(3, run("merge", uri, "refs/x", target), missing.toString());
        assertFails(3, run("split", uri, file.toString(), "--ref", "x", "--format", "cdc"), missing.toString());
        assertThat(missing).doesNotExist();
        assertThat(directory.resolve("target")).doesNotExist();
    }

    @Test
    void theStoreToHealFromIsNamedLikeAnyOther() {
        String uri = "file:" + directory.resolve("repository") + "?create=true";

        assertFails(3, run("fsck", uri, "--heal", "file:" + directory.resolve("missing")), "missing");
        assertFails(2, run("fsck", uri, "--heal", "no-such-name"), "--heal: 'no-such-name' is neither a URI");
        assertFails(2, run("fsck", uri, "--heal", "s4://bucket"), "--heal: no store supports the scheme");
    }

    private Process splitStandardInput(String uri) throws IOException {
        return Cli.inChildJvm(
                        List.of(),
                        "split",
                        "-",
                        "--store",
                        uri,
                        "--ref",
                        "r",
                        "--format",
                        "fixed:64KiB",
                        "--digest",
                        "sha256:" + Sha256.of(ByteBuffer.wrap(image)).hex(),
                        "--json")
                .start();
    }

    @Test
    void standardInputIsSplitAsItArrives() throws Exception {
        String uri = "file:" + directory.resolve("repository") + "?create=true";
        Process process = splitStandardInput(uri);
        try (OutputStream input = process.getOutputStream()) {
            input.write(image);
        }
        Cli split = Cli.finish(process);
        assertThat(split.code()).as(split.err()).isZero();
        assertThat(split.out()).contains("\"bytes\":300000", "\"objectsStored\":5");
        Cli same = run("split", uri, file.toString(), "--ref", "same", "--format", "fixed:64KiB", "--json");
        assertThat(same.json().get("stream")).isEqualTo(split.json().get("stream"));
    }

    /** Waiting for input is ended at once, and nothing is left. */
    @Test
    void aTerminatedSplitOfStandardInputCleansUp() throws Exception {
        String uri = "file:" + directory.resolve("repository") + "?create=true";
        Process process = splitStandardInput(uri);
        OutputStream input = process.getOutputStream();
        input.write(image); // more than a pipe holds: the split reads, and then waits
        input.flush();
        process.toHandle().destroy(); // SIGTERM; unlike Process.destroy(), leaves the streams open
        Cli split = Cli.finish(process);
        assertThat(split.code()).isEqualTo(128 + 15);
        assertThat(split.err()).endsWith("\"cancelled; nothing was changed\"}\n"); // warnings of the JDK precede
        assertThat(run("split-ls", uri).out()).isEmpty();
        assertThat(directory.resolve("repository/.split/sessions")).doesNotExist();
    }

    @Test
    void aWrongDigestIsAFailure() throws IOException {
        String uri = "file:" + directory.resolve("repository") + "?create=true";
        String[] options = {file.toString(), "--ref", "r", "--format", "cdc", "--digest"};
        String wrong = "sha256:" + "0".repeat(64);
        Cli run = run(
                "split",
                uri,
                Stream.concat(Stream.of(options), Stream.of(wrong)).toArray(String[]::new));
        assertFails(1, run, "instead of " + "0".repeat(64));
        assertThat(run("split-ls", uri).out()).isEmpty();
        String right = "sha256:" + Sha256.of(ByteBuffer.wrap(image)).hex();
        assertThat(run(
                                "split",
                                uri,
                                Stream.concat(Stream.of(options), Stream.of(right))
                                        .toArray(String[]::new))
                        .code())
                .isZero();
    }

    @Test
    void damageIsAFailure() throws IOException {
        String uri = "composefs:" + directory.resolve("repository");
        assertThat(Cli.run("repo", "init", "--store", uri, "--hash", "sha512").code())
                .isZero();
        assertThat(run("split", uri, file.toString(), "--ref", "r", "--format", "fixed:64KiB")
                        .code())
                .isZero();
        try (Stream<Path> files = Files.walk(directory.resolve("repository/objects"))) {
            Files.write(files.filter(Files::isRegularFile).findFirst().orElseThrow(), new byte[3]);
        }
        Cli fsck = run("fsck", uri);
        assertThat(fsck.code()).isEqualTo(1);
        assertThat(fsck.out()).contains("DAMAGED_OBJECT objects/", "status: damaged");
    }

    @Test
    void damageIsAFailureOfAMergeIntoAPipe() throws IOException {
        String uri = "composefs:" + directory.resolve("repository");
        assertThat(Cli.run("repo", "init", "--store", uri).code()).isZero();
        byte[] large = new byte[5 << 20];
        new Random(2).nextBytes(large);
        Files.write(file, large);
        assertThat(run("split", uri, file.toString(), "--ref", "r", "--format", "fixed:4MiB")
                        .code())
                .isZero();
        Cli whole = run("merge", uri, "refs/r", "-");
        assertThat(whole.code()).isZero();
        assertThat(whole.content()).isEqualTo(large);
        try (Stream<Path> files = Files.walk(directory.resolve("repository/objects"))) {
            Path object = files.filter(path -> path.toFile().length() == 4 << 20)
                    .findFirst()
                    .orElseThrow();
            byte[] content = Files.readAllBytes(object);
            content[1 << 20] ^= 1;
            Files.write(object, content);
        }
        Cli damaged = run("merge", uri, "refs/r", "-");
        assertFails(1, damaged, "damaged");
        assertThat(damaged.content()).isEmpty();
    }

    @Test
    void wrongOptionsAreNamed() {
        String uri = "file:" + directory.resolve("repository") + "?create=true";
        assertFails(2, run("split", uri, file.toString(), "--ref", "../r"), "no valid name");
        assertFails(2, run("split", uri, file.toString(), "--ref", "r", "--format", "zip"), "--format must be");
        assertFails(2, run("split", uri, file.toString(), "--ref", "r", "--hash", "md5"), "--hash: unknown");
        assertFails(2, Cli.run("repo", "init", "--store", "mem:"), "composefs:/path");
        assertFails(2, Cli.run("repo", "init", "--store", directory.resolve("dir")), "begins with a scheme");
        assertFails(3, run("fsck", "composefs:" + directory), "no meta.json");
    }
}
