package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

/** Which commands picocli is told of, and what the archive of classes is made of. */
class CommandsTest {
    @TempDir
    Path directory;

    @Test
    void eachCommandHasTheNameItIsFoundBy() {
        Commands.all()
                .forEach((name, type) ->
                        assertThat(type.getAnnotation(Command.class).name()).isEqualTo(name));
    }

    @Test
    void helpNamesAllCommandsAndEachHasItsOwn() {
        String help = Cli.run("--help").out();

        Commands.all().keySet().forEach(name -> {
            assertThat(help).containsPattern("(?m)^  " + name + " ");
            assertThat(Cli.run(name, "--help").out()).contains("Usage: blobstore " + name, "--verbose");
            assertThat(Cli.run("--verbose", name, "--help").out()).contains("Usage: blobstore " + name);
        });
    }

    @Test
    void theDocumentHasEveryCommandAndExitCode() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "cli.md"));

        Commands.all().keySet().forEach(name -> assertThat(page).containsPattern("\\| .*`" + name + "[` ]"));
        for (Failure.Kind kind : Failure.Kind.values()) {
            int code = Failure.of(kind, "").exitCode();
            assertThat(page).contains("| " + code + " | `" + kind.jsonName() + "` |");
            assertThat(Cli.run("--help").out()).containsPattern("(?m)^  " + code + " ");
        }
        assertThat(page).contains("| " + Failure.CLOSED_OUTPUT + " |");
    }

    @Test
    void wrongUseIsRefusedBeforeACommand() {
        assertThat(Cli.run("spilt").code()).isEqualTo(2);
        assertThat(Cli.run("--colour", "split").code()).isEqualTo(2);
    }

    @Test
    void onlyCommandsThatHashContentWarmUp() {
        assertThat(Commands.isHashing("--verbose", "split", "upload")).isTrue();
        assertThat(Commands.isHashing("upload", "split")).isFalse();
        assertThat(Commands.isHashing("--version")).isFalse();
        assertThat(Commands.isHashing()).isFalse();
    }

    @Test
    void theArchivesCommandsSucceed() throws Exception {
        ProcessBuilder builder = Cli.inChildJvm(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"), directory);
        builder.command().set(builder.command().indexOf("io.blobstore.cli.Main"), StartupClasses.class.getName());
        builder.environment().keySet().removeIf(name -> name.startsWith("AWS_") || name.contains("proxy"));
        builder.environment().put("AWS_ACCESS_KEY_ID", "none");
        builder.environment().put("AWS_SECRET_ACCESS_KEY", "none");

        Cli result = Cli.finish(builder.start());

        assertThat(result.code()).as(result.err()).isZero();
        File content = directory.resolve("file").toFile();
        assertThat(directory.resolve("back")).hasSameBinaryContentAs(content.toPath());
        assertThat(directory.resolve("merged")).hasSameBinaryContentAs(content.toPath());
        assertThat(directory.resolve("merged-on-disk")).hasSameBinaryContentAs(content.toPath());
        assertThat(Files.list(directory.resolve("store"))).isNotEmpty();
    }
}
