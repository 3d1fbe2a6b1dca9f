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
 * The measurements of a report, and the directory of their results. A run that was interrupted continues: steps with
 * results are not measured again.
 */
final class ReportRun {
    private static final String ENVIRONMENT = "environment.txt";

    /** Locked while a run measures, as concurrent runs would disturb each other. */
    private static final String LOCK = "lock";

    private final Path results;
    private final List<Plan.Step> steps;

    ReportRun(Path results, List<Plan.Step> steps) {
        this.results = results;
        this.steps = steps;
    }

    /**
     * Measures the steps that have no results.
     *
     * @throws BenchmarkException if another run uses the directory, or its results are from another plan or machine
     */
    void measure(PrintWriter out) throws IOException, InterruptedException {
        Files.createDirectories(results);
        try (FileChannel lock =
                FileChannel.open(results.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (!isLocked(lock)) {
                throw new BenchmarkException("another run is measuring into '" + results + "'; wait for its end");
            }
            checkEnvironment();
            for (Plan.Step step : steps) {
                if (Files.notExists(file(step.name()))) {
                    out.println("== " + step.name() + ", " + (steps.indexOf(step) + 1) + " of " + steps.size());
                    out.flush();
                    ComparisonResult.write(file(step.name()), run(step));
                }
            }
        }
    }

    private static boolean isLocked(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null; // until the channel is closed
        } catch (OverlappingFileLockException e) {
            return false; // a run in this JVM
        }
    }

    private Path file(String name) {
        return results.resolve(name + ".json");
    }

    /** Compares the plan and the machine with those of existing results, or records them. */
    private void checkEnvironment() throws IOException {
        Path file = results.resolve(ENVIRONMENT);
        List<String> lines = new ArrayList<>(Machine.describe());
        for (Plan.Step step : steps) {
            for (Comparison comparison : step.comparisons()) {
                lines.add(step.name() + "\t" + comparison.title() + ": " + comparison.setting() + "; "
                        + comparison.clients().size() + " clients; " + step.pace());
            }
        }
        if (Files.notExists(file)) {
            lines.add(0, "started\t" + LocalDate.now(ZoneId.systemDefault()));
            Files.write(file, lines);
            return;
        }
        lines.removeAll(Files.readAllLines(file));
        lines.removeIf(line -> line.startsWith(Machine.LOAD));
        if (!lines.isEmpty()) {
            throw new BenchmarkException("--results: '" + results + "' has results of another plan or machine, not of '"
                    + lines.get(0).replace('\t', ' ') + "'; choose another directory");
        }
    }

    private static List<ComparisonResult> run(Plan.Step step) throws IOException {
        List<ComparisonResult> measured = new ArrayList<>();
        for (Comparison comparison : step.comparisons()) {
            int files = comparison.operation() == Operation.DOWNLOAD
                    ? comparison.clients().size()
                    : 1;
            Path parent = Workspace.parent(Optional.empty(), (files + 2) * comparison.size());
            try (BenchmarkEnvironment environment =
                    new BenchmarkEnvironment(parent, comparison.size(), Conditions.NONE)) {
                measured.add(ComparisonRunner.run(comparison, step.pace(), environment));
            }
        }
        return measured;
    }

    /** Writes the report of all results to an existing directory. */
    void write(Path target) throws IOException {
        List<ComparisonResult> all = new ArrayList<>();
        List<Verdict> verdicts = new ArrayList<>();
        for (Plan.Step step : steps) {
            List<ComparisonResult> measured = ComparisonResult.read(file(step.name()));
            all.addAll(measured);
            for (int i = 0; i < measured.size(); i++) {
                for (Threshold threshold : step.comparisons().get(i).thresholds()) {
                    verdicts.add(threshold.judge(measured.get(i), true));
                }
            }
        }
        MarkdownReport.write(target, Files.readAllLines(results.resolve(ENVIRONMENT)), all, verdicts);
    }
}
