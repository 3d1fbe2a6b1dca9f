package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code blobstore} with a small program in place of the command, which needs no build. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ScriptTest {
    private static final String MAIN = """
        package io.blobstore.cli;
        class Main {
            public static void main(String[] args) {
                System.out.println(String.join("|", args) + System.getProperty("mine", ""));
                System.out.println(new Other());
            }
        }
        class Other {
            public String toString() { return "other"; }
        }
        class StartupClasses {
            public static void main(String[] args) throws Exception {
                Main.main(args);
                if (System.getenv("HOME").equals(args[0])) throw new Exception("has to be another directory");
            }
        }
        """;

    @TempDir
    Path home;

    private Path target;

    /** Where the script and the archives are: those of the sources, or of a distribution. */
    private Path script;

    private Path archives;

    @BeforeEach
    void installScriptAndProgram() throws IOException {
        Path repository = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        script = Files.copy(repository.resolveSibling("blobstore"), home.resolve("blobstore"));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        target = Files.createDirectories(home.resolve("blobstore-bench/target"));
        archives = target;
        Path source = Files.writeString(home.resolve("Main.java"), MAIN);
        Path classes = Files.createDirectory(home.resolve("classes"));
        int compiled =
                ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(), source.toString());
        assertThat(compiled).isZero();
        jar(classes, "Main", "Other", "StartupClasses");
    }

    private void jar(Path classes, String... names) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "io.blobstore.cli.Main");
        try (OutputStream out = Files.newOutputStream(target.resolve("blobstore.jar"));
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            for (String name : names) {
                String entry = "io/blobstore/cli/" + name + ".class";
                jar.putNextEntry(new JarEntry(entry));
                Files.copy(classes.resolve(entry), jar);
                jar.closeEntry();
            }
        }
    }

    private Cli run(String options, String... args) throws Exception {
        return run(Map.of("JAVA_OPTS", options), args);
    }

    private Cli run(Map<String, String> environment, String... args) throws Exception {
        return Cli.finish(start(environment, args));
    }

    private Process start(Map<String, String> environment, String... args) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(script.toString());
        builder.command().addAll(List.of(args));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private List<Path> archives() throws IOException {
        try (Stream<Path> files = Files.list(archives)) {
            return files.filter(file -> file.toString().endsWith(".jsa")).toList();
        }
    }

    private String sourceOfOther(String options) throws Exception {
        Path log = home.resolve("log");
        Cli result = run("-Xlog:class+load:file=" + log + " " + options, "a b", "c");
        assertThat(result.out()).isEqualTo("a b|c\nother\n");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        return Files.readAllLines(log).stream()
                .filter(line -> line.contains("io.blobstore.cli.Other "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Tag("jdk")
    void classesComeFromAnArchiveThatTheFirstRunMakes() throws Exception {
        assertThat(sourceOfOther("")).contains("shared objects file");
        List<Path> archives = archives();
        FileTime made = Files.getLastModifiedTime(archives.get(0));
        assertThat(sourceOfOther("-XX:+UseParallelGC")).contains("shared objects file");
        assertThat(sourceOfOther("-Xshare:off")).doesNotContain("shared objects file");

        assertThat(archives).hasSize(1);
        assertThat(archives()).isEqualTo(archives);
        assertThat(Files.getLastModifiedTime(archives.get(0))).isEqualTo(made);
        assertThat(run("-Dmine=:my*", "x").out()).isEqualTo("x:my*\nother\n");
        damagedArchivesAreIgnoredInSilence(archives.get(0));
        anArchiveOfAnOlderJarIsReplaced(archives.get(0));
    }

    private void damagedArchivesAreIgnoredInSilence(Path archive) throws Exception {
        byte[] intact = Files.readAllBytes(archive);
        archive.toFile().setWritable(true);
        for (int size : new int[] {10, 5000, intact.length / 2}) {
            try (FileChannel file = FileChannel.open(archive, StandardOpenOption.WRITE)) {
                file.truncate(size);
            }
            assertThat(sourceOfOther("")).as("%d bytes", size).doesNotContain("shared objects file");
            Files.write(archive, intact);
        }
        assertThat(sourceOfOther("")).contains("shared objects file");
    }

    private void anArchiveOfAnOlderJarIsReplaced(Path archive) throws Exception {
        jar(home.resolve("classes"), "Main", "Other", "StartupClasses");
        Path jar = target.resolve("blobstore.jar");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(5000)));
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(3000)));
        assertThat(sourceOfOther("")).as("another time of the jar").doesNotContain("shared objects file");
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(10000)));
        assertThat(sourceOfOther("")).contains("shared objects file");
    }

    @Test
    void aDistributionHasItsOwnRuntime() throws Exception {
        Path distribution = Files.createDirectory(home.resolve("distribution"));
        Path runtime =
                Files.createDirectories(distribution.resolve("runtime/bin")).getParent();
        Path java = Path.of(System.getProperty("java.home"));
        Path launcher = Files.writeString(
                runtime.resolve("bin/java"), "#!/bin/sh\nexec " + java.resolve("bin/java") + " \"$@\"\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.copy(java.resolve("release"), runtime.resolve("release"));
        Files.move(target.resolve("blobstore.jar"), distribution.resolve("blobstore.jar"));
        script = Files.move(
                script, Files.createDirectory(distribution.resolve("bin")).resolve("blobstore"));
        archives = distribution;

        assertThat(run(Map.of("JAVA_HOME", "/nonexistent"), "x").out()).isEqualTo("x\nother\n");
        assertThat(sourceOfOther("")).contains("shared objects file");
        assertThat(archives()).hasSize(1);
        Path link = Files.createSymbolicLink(home.resolve("link"), script);
        script = link;
        assertThat(sourceOfOther("")).contains("shared objects file");
        assertThat(archives()).hasSize(1);
    }

    @Test
    void anArchiveThatCannotBeMadeIsTriedOnce() throws Exception {
        jar(home.resolve("classes"), "Main", "Other");

        assertThat(sourceOfOther("")).doesNotContain("shared objects file");
        assertThat(archives())
                .hasSize(1)
                .allSatisfy(archive -> assertThat(archive).isEmptyFile());
        FileTime made = Files.getLastModifiedTime(archives().get(0));
        assertThat(sourceOfOther("")).doesNotContain("shared objects file");
        assertThat(Files.getLastModifiedTime(archives().get(0))).isEqualTo(made);
    }

    @Test
    void runsWithoutATemporaryDirectory() throws Exception {
        Cli result = run(Map.of("TMPDIR", home.resolve("none").toString()), "x");

        assertThat(result.out()).isEqualTo("x\nother\n");
        assertThat(archives()).isEmpty();
    }

    @Test
    void processesThatStartTogetherMakeOneArchive() throws Exception {
        List<Process> processes = List.of(start(Map.of()), start(Map.of()));
        for (Process process : processes) {
            assertThat(Cli.finish(process).out()).isEqualTo("\nother\n");
        }

        try (Stream<Path> files = Files.list(target)) {
            assertThat(files).hasSize(2).contains(target.resolve("blobstore.jar"));
        }
        assertThat(sourceOfOther("")).contains("shared objects file");
    }
}
