package io.blobstore.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A child process, usually a JVM with the class path of this one, controlled line by line. Lines that begin with
 * {@code #}, or with something else that it is known to print, are answers.
 */
final class ChildProcess implements AutoCloseable {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(10);
    /** The beginning of an answer of {@link WorkloadMain} and {@link ClientMain}. */
    static final String ANSWER = "#";

    private static final String ANONYMOUS_MEMORY = "RssAnon:";
    private static final String END = "#end";
    private static final int MAX_LINES = 60;

    private final Process process;
    private final String answer;
    private final Path errors;
    private final BufferedWriter input;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    private ChildProcess(Process process, String answer, Path errors) {
        this.process = process;
        this.answer = answer;
        this.errors = errors;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "output of " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a child JVM.
     *
     * @param errors the file for its standard error
     */
    static ChildProcess start(
            Class<?> main,
            List<String> jvmOptions,
            List<String> arguments,
            Map<String, String> environment,
            Path errors)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(arguments);
        return start(command, environment, ANSWER, errors);
    }

    /**
     * Starts a program.
     *
     * @param answer what the lines that are answers begin with
     * @param errors the file for its standard error
     */
    static ChildProcess start(List<String> command, Map<String, String> environment, String answer, Path errors)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        return new ChildProcess(builder.start(), answer, errors);
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            output.lines().filter(line -> line.startsWith(answer)).forEach(answers::add);
        } catch (IOException | UncheckedIOException e) {
            // the process was killed
        } finally {
            answers.add(END);
        }
    }

    /** Returns the bytes of anonymous memory of the process; 0 after its end, and on systems other than Linux. */
    long anonymousMemory() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith(ANONYMOUS_MEMORY))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Returns the process as the system knows it. */
    ProcessHandle handle() {
        return process.toHandle();
    }

    void send(String line) throws IOException {
        input.write(line);
        input.newLine();
        input.flush();
    }

    /**
     * Waits for an answer with the given beginning.
     *
     * @param meanwhile called at every poll
     * @throws BenchmarkException if the process ends, answers differently, or does not answer in time
     */
    String await(String beginning, Duration timeout, Runnable meanwhile) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() - deadline < 0) {
            String answer = answers.poll(POLL_INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
            meanwhile.run();
            if (answer != null) {
                if (answer.startsWith(beginning)) {
                    return answer;
                }
                printErrors();
                throw new BenchmarkException(
                        answer.equals(END) ? "failed: its process ended early" : answer.substring(1));
            }
        }
        throw new BenchmarkException("failed: it took longer than " + timeout.toSeconds() + " s");
    }

    /** Prints the end of its standard error, as the file is deleted with the workspace. */
    void printErrors() {
        try {
            List<String> lines = Files.readAllLines(errors);
            lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size()).forEach(System.err::println);
        } catch (IOException e) {
            System.err.println("the output of the process cannot be read: " + e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
