package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Completion scripts, in the shells that are installed, and manual pages. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class CompletionCommandTest {
    @TempDir
    Path directory;

    private static Path shell(String name) {
        Optional<Path> shell = Arrays.stream(
                        System.getenv().getOrDefault("PATH", "").split(":"))
                .map(bin -> Path.of(bin, name))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(shell.isPresent(), name + " is not installed");
        return shell.orElseThrow();
    }

    private List<String> run(String shell, String script) throws IOException, InterruptedException {
        Path completion = Files.writeString(
                directory.resolve("completion"), Cli.run("completion", shell).out());
        ProcessBuilder builder =
                new ProcessBuilder(shell(shell).toString(), "-c", script.replace("SCRIPT", completion.toString()));
        builder.environment().put("HOME", directory.toString());
        Cli result = Cli.finish(builder.start());
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        return result.out().lines().toList();
    }

    private List<String> bash(String... words) throws IOException, InterruptedException {
        String line = "COMP_WORDS=(blobstore " + String.join(" ", words) + "); COMP_CWORD=" + words.length + "; ";
        return run(
                        "bash",
                        "source SCRIPT; compopt() { :; }; " + line
                                + "_complete_blobstore; printf '%s\\n' \"${COMPREPLY[@]}\"")
                .stream()
                .map(String::strip)
                .toList();
    }

    private List<String> fish(String line) throws IOException, InterruptedException {
        return run("fish", "source SCRIPT; complete -C '" + line + "'").stream()
                .map(completion -> completion.replaceFirst("\t.*", ""))
                .toList();
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        assertThat(bash("up")).containsExactly("upload", "uploads");
        assertThat(bash("upload", "--conc")).containsExactly("--concurrency");
        assertThat(bash("cache", "ev")).containsExactly("evict");
    }

    @Test
    void zshReadsTheScript() throws Exception {
        assertThat(run(
                        "zsh",
                        "autoload -U +X compinit && compinit; source SCRIPT; which _complete_blobstore | head -1"))
                .containsExactly("_complete_blobstore () {");
    }

    @Test
    void fishCompletesCommandsOptionsAndValues() throws Exception {
        assertThat(fish("blobstore up")).containsExactly("upload", "uploads");
        assertThat(fish("blobstore --verbose up")).containsExactly("upload", "uploads");
        assertThat(fish("blobstore upload --conc")).containsExactly("--concurrency");
        assertThat(fish("blobstore upload file --conc")).containsExactly("--concurrency");
        assertThat(fish("blobstore cache ev")).containsExactly("evict");
        assertThat(fish("blobstore cache list --deli")).isEmpty();
        assertThat(fish("blobstore list --deli")).containsExactly("--delimiter");
        assertThat(fish("blobstore serve --storage-mode u")).containsExactly("uncompressed");
        assertThat(fish("blobstore completion f")).containsExactly("fish");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void everyCommandIsInTheScript(String shell) {
        String script = Cli.run("completion", shell).out();

        assertThat(script).contains("--if-absent".replaceFirst("--", shell.equals("fish") ? "-l " : "--"));
        Commands.all().keySet().forEach(name -> assertThat(script).contains(name));
    }

    @Test
    void anUnknownShellIsRefused() {
        Cli run = Cli.run("completion", "tcsh");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).hasLineCount(1).contains("'tcsh'", "FISH");
    }

    @Test
    void eachCommandHasAManualPage() throws IOException {
        DistributionFiles.main(new String[] {directory.toString()});

        Path pages = directory.resolve("man/man1");
        String upload = Files.readString(pages.resolve("blobstore-upload.1"));
        assertThat(upload)
                .startsWith(".TH BLOBSTORE\\-UPLOAD 1 ")
                .contains("\n.SH SYNOPSIS\nblobstore upload ", "\n.B \\-\\-compress[=LEVEL]\n", "\n.B FILE\n")
                .contains("\n.SH EXIT STATUS\n.TP\n.B 0\nsuccess\n");
        assertThat(pages.resolve("blobstore-cache-evict.1")).exists();
        assertThat(pages.resolve("blobstore.1")).content().contains(".BR blobstore\\-upload (1)");
        try (Stream<Path> files = Files.list(pages)) {
            assertThat(files)
                    .allSatisfy(page -> assertThat(page)
                            .content()
                            .matches("[\\x20-\\x7e\\n]*")
                            .doesNotContain("${", "\n\n"));
        }
        assertThat(directory.resolve("fish/vendor_completions.d/blobstore.fish"))
                .isNotEmptyFile();
        assertThat(directory.resolve("bash-completion/completions/blobstore")).isNotEmptyFile();
    }
}
