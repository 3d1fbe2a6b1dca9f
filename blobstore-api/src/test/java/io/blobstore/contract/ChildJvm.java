package io.blobstore.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * A separate JVM with the class path of the tests, for tests that would end the JVM that runs them or change it
 * permanently: crashes, {@code kill -9}, system properties, leaks.
 *
 * <p>Immutable. Runs the {@code main} method of a class.
 */
public final class ChildJvm {
    private final Class<?> main;
    private final Path directory;
    private final List<String> wrapper;
    private final List<String> jvmArgs;

    private ChildJvm(Class<?> main, Path directory, List<String> wrapper, List<String> jvmArgs) {
        this.main = main;
        this.directory = directory;
        this.wrapper = List.copyOf(wrapper);
        this.jvmArgs = List.copyOf(jvmArgs);
    }

    /**
     * Returns a JVM like this one.
     *
     * @param directory its working directory, in which a crash leaves files: a temporary one
     */
    public static ChildJvm of(Class<?> main, Path directory) {
        return new ChildJvm(
                main,
                directory,
                List.of(),
                List.of("-Xmx256m", "-XX:-CreateCoredumpOnCrash", "-XX:-UsePerfData", CampaignScale.jvmOption()));
    }

    /** Returns the same JVM with further options of the {@code java} command, such as {@code -Dname=value}. */
    public ChildJvm with(String... options) {
        List<String> all = new ArrayList<>(jvmArgs);
        all.addAll(List.of(options));
        return new ChildJvm(main, directory, wrapper, all);
    }

    /** Returns the same JVM, run by another command that takes the {@code java} command as its last arguments. */
    public ChildJvm under(String... command) {
        return new ChildJvm(main, directory, List.of(command), jvmArgs);
    }

    /**
     * Runs the JVM to its end.
     *
     * @throws AssertionError if that takes longer than {@code timeout}; the JVM is killed then
     */
    public Exit run(Duration timeout, String... args) throws IOException, InterruptedException {
        try (Running running = start(args)) {
            return running.join(timeout);
        }
    }

    /** Starts the JVM, to be closed by the caller. */
    public Running start(String... args) throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmArgs);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(List.of(args));
        return new Running(new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start());
    }

    /**
     * The end of a JVM.
     *
     * @param code its exit code; 128 + n if signal n ended it
     * @param output the text that it printed to both streams
     */
    public record Exit(int code, String output) {}

    /** A running JVM. Thread-safe. */
    public static final class Running implements AutoCloseable {
        private final Process process;
        private final Thread reader;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        // Guarded by lock:
        private final List<String> lines = new ArrayList<>();
        private boolean ended;

        private Running(Process process) {
            this.process = process;
            // Reads all the time: otherwise the child blocks when the pipe is full.
            this.reader = new Thread(this::readLines, "output of " + process.pid());
            reader.setDaemon(true);
            reader.start();
        }

        /** Returns the process, for its id. */
        public Process process() {
            return process;
        }

        /**
         * Waits until the JVM has printed a line, and returns the first one that matches.
         *
         * @throws AssertionError if the JVM ends without it, or it takes longer than {@code timeout}
         */
        public String awaitLine(Predicate<String> wanted, Duration timeout) throws InterruptedException {
            long nanos = timeout.toNanos();
            lock.lock();
            try {
                for (; ; ) {
                    Optional<String> found = lines.stream().filter(wanted).findFirst();
                    if (found.isPresent()) {
                        return found.get();
                    }
                    if (ended || nanos <= 0) {
                        throw new AssertionError("the child JVM " + (ended ? "ended" : "took longer than " + timeout)
                                + " without the expected line; it printed:\n" + String.join("\n", lines));
                    }
                    nanos = changed.awaitNanos(nanos);
                }
            } finally {
                lock.unlock();
            }
        }

        /** Kills the JVM without its cooperation, as {@code kill -9} does. */
        public void kill() {
            // By its handle: the process's own method also closes the streams, which would lose output.
            process.toHandle().destroyForcibly();
        }

        /**
         * Waits for the end of the JVM.
         *
         * @throws AssertionError if that takes longer than {@code timeout}; the JVM is killed then
         */
        public Exit join(Duration timeout) throws InterruptedException {
            boolean inTime = process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (!inTime) {
                kill();
            }
            int code = process.waitFor();
            reader.join();
            if (!inTime) {
                throw new AssertionError("the child JVM took longer than " + timeout + "; it printed:\n" + output());
            }
            return new Exit(code, output());
        }

        /** Kills the JVM unless it has ended. */
        @Override
        public void close() {
            kill();
        }

        private String output() {
            lock.lock();
            try {
                return String.join("\n", lines);
            } finally {
                lock.unlock();
            }
        }

        private void readLines() {
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    add(line);
                }
            } catch (IOException e) {
                add("(its output could not be read any further: " + e + ")");
            } finally {
                lock.lock();
                try {
                    ended = true;
                    changed.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }

        private void add(String line) {
            lock.lock();
            try {
                lines.add(line);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
