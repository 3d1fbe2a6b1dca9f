package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The measurements that a report is made of, step by step, and the directory that keeps what came out. A run that was
 * ended can go on: the steps that are there are not measured again.
 */
final class ReportRun {
    private static final String ENVIRONMENT = "environment.txt";

    /** Is locked while a run measures: two at once would measure each other. */
    private static final String LOCK = "lock";

    private final Path results;
    private final String command;
    private final List<ReportStep> steps;

    /**
     * Prepares it.
     *
     * @param results a directory; is made if need be
     * @param command that does it, for who reads the report
     */
    ReportRun(Path results, String command, List<ReportStep> steps) {
        this.results = results;
        this.command = command;
        this.steps = steps;
    }

    /**
     * Measures what is not there yet.
     *
     * @throws BenchmarkException if another run is about it
     */
    void measure(PrintWriter out) throws IOException, InterruptedException {
        Files.createDirectories(results);
        try (FileChannel lock =
                FileChannel.open(results.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (!isFree(lock)) {
                throw new BenchmarkException("another run is measuring into '" + results
                        + "'; wait until it has ended, and run nothing beside it");
            }
            measureAlone(out);
        }
    }

    private static boolean isFree(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null; // until the channel is closed
        } catch (OverlappingFileLockException e) {
            return false; // a run in this JVM
        }
    }

    private void measureAlone(PrintWriter out) throws IOException, InterruptedException {
        if (Files.notExists(results.resolve(ENVIRONMENT))) {
            Files.write(results.resolve(ENVIRONMENT), environment());
        }
        for (ReportStep step : steps) {
            if (!isThere(step)) {
                out.println("== " + step.name() + ", " + (steps.indexOf(step) + 1) + " of " + steps.size());
                out.flush();
                step.run(fileOf(step), out);
            }
        }
    }

    /** A reason why what is there does not belong to this run; empty if it does, or if there is nothing. */
    Optional<String> mismatch() throws IOException {
        Path file = results.resolve(ENVIRONMENT);
        if (Files.notExists(file)) {
            return Optional.empty();
        }
        List<String> there = Files.readAllLines(file);
        return environment().stream()
                .filter(line -> !line.startsWith(Machine.LOAD + "\t") && !there.contains(line))
                .findFirst()
                .map(line -> "it does not say '" + line.replace('\t', ' ') + "'");
    }

    /** When it was begun. */
    LocalDate date() throws IOException {
        return LocalDate.ofInstant(
                Files.getLastModifiedTime(results.resolve(ENVIRONMENT)).toInstant(), ZoneId.systemDefault());
    }

    private Path fileOf(ReportStep step) {
        return results.resolve(step.name() + ".json");
    }

    /** JMH makes the file in the beginning, and fills it in the end. */
    private boolean isThere(ReportStep step) throws IOException {
        return Files.exists(fileOf(step)) && Files.size(fileOf(step)) > 0;
    }

    private List<String> environment() {
        List<String> lines = new ArrayList<>();
        Machine.describe().forEach((name, value) -> lines.add(name + "\t" + value));
        lines.add("clients\tjava " + String.join(" ", BenchmarkEnvironment.CLIENT_OPTIONS)
                + ", a process for each; server in another process, on the same machine");
        lines.add("command\t" + command);
        for (ReportStep step : steps) {
            lines.add(step.name() + "\t" + String.join("; ", step.describe()));
        }
        return lines;
    }
}
