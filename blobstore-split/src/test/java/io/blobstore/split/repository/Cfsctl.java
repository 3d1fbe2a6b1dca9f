package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs composefs's program {@code cfsctl} with a repository. {@code .ci/with-servers} builds and names it. */
public final class Cfsctl {
    /** The environment variable that names the program; without it, tests that need it are skipped. */
    public static final String VARIABLE = "BLOBSTORE_TEST_CFSCTL";

    private static final long LIMIT_SECONDS = 120;

    private final String program;
    private final Path repository;
    private final Path scratch;

    private Cfsctl(String program, Path repository, Path scratch) {
        this.program = program;
        this.repository = repository;
        this.scratch = scratch;
    }

    /**
     * Returns the program for a repository; empty if there is none.
     *
     * @param scratch a directory for what it prints
     */
    public static Optional<Cfsctl> find(Path repository, Path scratch) {
        return Optional.ofNullable(System.getenv(VARIABLE)).map(program -> new Cfsctl(program, repository, scratch));
    }

    /** The end of a run. */
    public record Exit(int code, byte[] output, String errors) {
        /** Returns what it printed to standard output, as text. */
        public String text() {
            return new String(output, StandardCharsets.UTF_8);
        }

        /** Fails unless the program succeeded. */
        public Exit requireSuccess() {
            assertThat(code).as("%s%s", text(), errors).isZero();
            return this;
        }
    }

    /** A running program. */
    public static final class Running {
        private final Process process;
        private final Path output;
        private final Path errors;

        private Running(Process process, Path output, Path errors) {
            this.process = process;
            this.output = output;
            this.errors = errors;
        }

        /** Returns the process, for its id. */
        public Process process() {
            return process;
        }

        /** Waits for its end, and kills it if that takes long. */
        public Exit join() throws IOException, InterruptedException {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("cfsctl took too long; it printed " + Files.readString(errors));
            }
            Exit exit = new Exit(process.exitValue(), Files.readAllBytes(output), Files.readString(errors));
            Files.delete(output);
            Files.delete(errors);
            return exit;
        }
    }

    /** Starts a command with content as its standard input. */
    public Running start(ByteBuffer input, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program, "--repo", repository.toString()));
        command.addAll(List.of(arguments));
        Path content = Files.createTempFile(scratch, "input", "");
        byte[] bytes = new byte[input.remaining()];
        input.duplicate().get(bytes);
        Files.write(content, bytes);
        Path output = Files.createTempFile(scratch, "output", "");
        Path errors = Files.createTempFile(scratch, "errors", "");
        Process process = new ProcessBuilder(command)
                .redirectInput(content.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        Files.delete(content); // the process has it open
        return new Running(process, output, errors);
    }

    /** Runs a command to its end. */
    public Exit run(String... arguments) throws IOException, InterruptedException {
        return start(ByteBuffer.allocate(0), arguments).join();
    }

    /** Runs a command that must succeed, and returns what it printed. */
    public String text(String... arguments) throws IOException, InterruptedException {
        return run(arguments).requireSuccess().text();
    }

    /** Returns the content of a stream. */
    public ByteBuffer cat(String name) throws IOException, InterruptedException {
        return ByteBuffer.wrap(run("cat", name).requireSuccess().output());
    }

    /** Imports an archive as the layer of a digest, with a ref. */
    public Running importLayer(ByteBuffer tar, String digest, String ref) throws IOException {
        return start(tar, "oci", "import-layer", digest, ref);
    }

    /** Fails unless the whole repository passes its check. */
    public String requireClean() throws IOException, InterruptedException {
        String report = text("fsck");
        assertThat(report).contains("status: ok");
        return report;
    }
}
