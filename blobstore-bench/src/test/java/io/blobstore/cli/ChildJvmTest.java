package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests exit codes, signals and standard streams in a separate process. */
@Tag("jdk")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ChildJvmTest {
    private static final int SIGTERM_EXIT = 143;

    @TempDir
    Path directory;

    private String store;

    @BeforeEach
    void nameStore() {
        store = "file:" + directory.resolve("store") + "?durability=none&create=true";
    }

    @Test
    void aSmallHeapIsEnoughAndNothingButTheResultIsPrinted() throws Exception {
        Path file = directory.resolve("file");
        RandomFile.create(file, 64L << 20, ProgressBar.invisible());
        Path back = directory.resolve("back");
        List<String> smallHeap = List.of("-Xmx24m");

        Cli upload = Cli.finish(Cli.inChildJvm(smallHeap, "upload", file, "--store", store, "--json")
                .start());
        Cli download = Cli.finish(Cli.inChildJvm(smallHeap, "download", "file", "--store", store, "--to", back)
                .start());

        assertThat(upload.err()).isEmpty();
        assertThat(upload.code()).isZero();
        assertThat(upload.json()).containsEntry("bytes", 64 << 20);
        assertThat(download.err()).isEmpty();
        assertThat(download.code()).isZero();
        assertThat(back).hasSameBinaryContentAs(file);
    }

    @Test
    void failuresAndWrongUsageHaveExitCodes() throws Exception {
        Cli failure = Cli.finish(Cli.inChildJvm(List.of(), "upload", directory.resolve("none"), "--store", store)
                .start());
        Cli wrong = Cli.finish(Cli.inChildJvm(List.of(), "frobnicate").start());

        assertThat(failure.code()).isEqualTo(1);
        assertThat(failure.err()).hasLineCount(1);
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).hasLineCount(1);
    }

    @Test
    void aTerminatedUploadAbortsAndLeavesNoBlob() throws Exception {
        Path file = Cli.file(directory.resolve("file"), 3 << 20);
        Cli.run("upload", file, "--store", store, "--key", "other"); // creates the store's own directories
        List<Path> before = Cli.tree(directory);

        Cli upload = terminateWhenBlocked(
                "upload",
                file,
                "--part-size",
                "1MiB",
                "--store",
                failingStore(FailingStoreProvider.Failure.BLOCK_STORE));

        assertThat(upload.code()).isEqualTo(SIGTERM_EXIT);
        assertThat(upload.err()).hasLineCount(1).contains("cancelled");
        assertThat(Cli.tree(directory)).isEqualTo(before);
    }

    @Test
    void aTerminatedDownloadLeavesTheTargetAndNothingElse() throws Exception {
        Cli.run("upload", Cli.file(directory.resolve("file"), 9 << 20), "--store", store);
        Path target = Files.writeString(directory.resolve("target"), "old");
        List<Path> before = Cli.tree(directory);

        Cli download = terminateWhenBlocked(
                "download", "file", "--to", target, "--store", failingStore(FailingStoreProvider.Failure.BLOCK_READ));

        assertThat(download.code()).isEqualTo(SIGTERM_EXIT);
        assertThat(download.err()).hasLineCount(1).contains("cancelled");
        assertThat(target).hasContent("old");
        assertThat(Cli.tree(directory)).isEqualTo(before);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /dev/full")
    void outputThatCannotBeWrittenIsAFailure() throws Exception {
        Cli.run("upload", Cli.file(directory.resolve("file"), 1), "--store", store);

        Cli list = Cli.finish(Cli.inChildJvm(List.of(), "list", "--store", store)
                .redirectOutput(Redirect.to(new File("/dev/full")))
                .start());

        assertThat(list.code()).isEqualTo(1);
        assertThat(list.err()).hasLineCount(1).contains("could not be written");
    }

    @ParameterizedTest
    @ValueSource(strings = {"list --json", "cat file", "--help"})
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs a shell")
    void aReaderThatGoesAwayEndsTheCommandInSilence(String command) throws Exception {
        Cli.run("upload", Cli.file(directory.resolve("file"), 3 << 20), "--store", store);
        ProcessBuilder builder = Cli.inChildJvm(List.of(), (Object[]) command.split(" "));
        builder.command().addAll(0, List.of("sh", "-c", "read go; exec \"$@\"", "sh")); // starts it when told to
        builder.environment().put("BLOBSTORE_STORE", store);

        Process process = builder.start();
        process.getInputStream().close();
        process.getOutputStream().write('\n');
        process.getOutputStream().close();

        assertThat(new String(process.getErrorStream().readAllBytes())).isEmpty();
        assertThat(process.waitFor()).isEqualTo(141);
    }

    @Test
    void noColorIsRespected() throws Exception {
        ProcessBuilder colored = Cli.inChildJvm(List.of(), "--help");
        colored.environment().remove("NO_COLOR");
        colored.environment().put("CLICOLOR_FORCE", "1");
        ProcessBuilder plain = Cli.inChildJvm(List.of(), "--help");
        plain.environment().putAll(Map.of("CLICOLOR_FORCE", "1", "NO_COLOR", "1"));

        assertThat(Cli.finish(colored.start()).out()).contains("\u001b[");
        assertThat(Cli.finish(plain.start()).out()).contains("Usage: blobstore").doesNotContain("\u001b[");
    }

    private String failingStore(FailingStoreProvider.Failure failure) {
        return "failing:" + directory.resolve("store") + "?failure=" + failure;
    }

    private static Cli terminateWhenBlocked(Object... args) throws IOException, InterruptedException {
        Process process = Cli.inChildJvm(List.of(), args).start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        assertThat(out.readLine()).isEqualTo("blocked");
        process.toHandle().destroy(); // SIGTERM; unlike Process.destroy(), leaves the streams open
        String err = new String(process.getErrorStream().readAllBytes());
        return new Cli(process.waitFor(), "", err, new byte[0]);
    }
}
