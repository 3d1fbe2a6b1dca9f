package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A program that somebody else wrote, run in a directory with a home directory of its own. What it starts ends with it.
 * Immutable.
 */
final class Program {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Path directory;
    private final Map<String, String> environment;

    private Program(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    /** Returns programs that run in a directory, which is also their home. */
    static Program in(Path directory) {
        return new Program(directory, Map.of("HOME", directory.toString()));
    }

    /** Returns the same with a further variable of the environment. */
    Program with(String variable, Object value) {
        Map<String, String> more = new TreeMap<>(environment);
        more.put(variable, value.toString());
        return new Program(directory, more);
    }

    /** Runs a program to its end, requires that it succeeds, and returns what it prints. */
    String run(List<String> command) throws IOException, InterruptedException {
        try (Running running = start(command)) {
            int code = running.join();
            String output = running.output();
            assertThat(code).as("%s printed:%n%s", command, output).isZero();
            return output;
        }
    }

    String run(String... command) throws IOException, InterruptedException {
        return run(List.of(command));
    }

    /** Starts a program, to be closed by the caller. */
    Running start(List<String> command) throws IOException {
        Path output = Files.createTempFile(directory, "output", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return new Running(builder.start(), output);
    }

    /** A running program. */
    static final class Running implements AutoCloseable {
        private final Process process;
        private final Path output;

        private Running(Process process, Path output) {
            this.process = process;
            this.output = output;
        }

        String output() throws IOException {
            return Files.readString(output, StandardCharsets.UTF_8);
        }

        private int join() throws IOException, InterruptedException {
            boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(ended).as("in time; it printed:%n%s", output()).isTrue();
            return process.exitValue();
        }

        /** Kills the program, and what it started. */
        @Override
        public void close() throws InterruptedException {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    /**
     * Notes what a client has done in a table, whose rows are in {@code target/interop}: a file for each.
     *
     * @param done what was done, and how it was seen to work
     */
    static void row(String client, String version, String done) throws IOException {
        Path rows = Files.createDirectories(Path.of("target", "interop"));
        String name = client.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        Files.writeString(
                rows.resolve(name + ".md"),
                "| " + client + " | " + version.strip() + " | " + done + " |\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
    }
}
