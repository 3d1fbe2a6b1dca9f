package io.blobstore.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * The result of a command.
 *
 * @param code its exit code
 * @param out the text it wrote to standard output
 * @param err the text it wrote to standard error
 * @param content the bytes of blobs it wrote to standard output
 */
record Cli(int code, String out, String err, byte[] content) {
    /** Runs a command in this JVM. */
    static Cli run(Object... args) {
        return run(Map.of(), args);
    }

    /** Runs a command in this JVM with these environment variables, and with a home directory without configuration. */
    static Cli run(Map<String, String> environment, Object... args) {
        Map<String, String> variables = new HashMap<>(environment);
        variables.putIfAbsent("HOME", "/nonexistent");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        StringWriter err = new StringWriter();
        int code = Main.run(
                variables,
                new StandardOutput(out, Channels.newChannel(content)),
                new PrintWriter(err),
                Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
        return new Cli(code, out.toString(StandardCharsets.UTF_8), err.toString(), content.toByteArray());
    }

    /**
     * Returns a process builder that runs the command in its own JVM, with the class path of this one, and with the
     * collector and the compiler that the script selects.
     */
    static ProcessBuilder inChildJvm(List<String> jvmOptions, Object... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.blobstore.cli.Main"));
        Arrays.stream(args).map(String::valueOf).forEach(command::add);
        return new ProcessBuilder(command);
    }

    /** Waits until a process has ended. */
    static Cli finish(Process process) throws IOException, InterruptedException {
        byte[] content = process.getInputStream().readAllBytes();
        String err = new String(process.getErrorStream().readAllBytes());
        return new Cli(process.waitFor(), new String(content), err, content);
    }

    /** Returns the JSON object it printed. */
    Map<String, Object> json() {
        try {
            return JSON.std.with(JSON.Feature.FAIL_ON_DUPLICATE_MAP_KEYS).mapFrom(out);
        } catch (IOException e) {
            throw new UncheckedIOException(out, e);
        }
    }

    /** Returns the JSON objects it printed, one a line. */
    List<Map<String, Object>> jsonLines() {
        return out.lines().map(line -> new Cli(code, line, err, content).json()).toList();
    }

    /** Creates a file of pseudorandom content, always the same for one size. */
    static Path file(Path path, int size) throws IOException {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return Files.write(path, content);
    }

    /** Returns all paths below a directory. */
    static List<Path> tree(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.sorted().toList();
        }
    }
}
