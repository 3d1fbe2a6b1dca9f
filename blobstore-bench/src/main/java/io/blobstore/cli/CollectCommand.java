package io.blobstore.cli;

import io.blobstore.split.repository.CollectOptions;
import io.blobstore.split.repository.CollectReport;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore gc}. */
@Command(
        name = "gc",
        description = {
            "Deletes the objects of a repository to which no ref leads. In a bucket, an object is deleted by the second"
                    + " collection that finds it unused, and not before it is a day old.",
            "Deletes nothing if a stream is broken, and fails."
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CollectCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Option(names = "--dry-run", description = "Change nothing.")
    boolean dryRun;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to wait for writers of a repository on disk. Default: 30s.")
    @Nullable Duration wait;

    @Option(names = "--forget", paramLabel = "STREAM", description = "Delete a broken stream, and the refs to it.")
    List<String> forget = List.of();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        CollectOptions.Builder options = CollectOptions.builder().dryRun(dryRun);
        if (wait != null) {
            options.waitForWriters(wait);
        }
        forget.forEach(options::forget);
        main.holdExit();
        try (RepositoryOption.Opened opened = store.open();
                ProgressBar bar = output.bar("Collecting");
                TransferManager transfers = TransferManager.create()) {
            CollectReport report = TransferRun.await(
                            bar, () -> SplitEngine.of(transfers).collect(opened.repository(), options.build()))
                    .result();
            PrintWriter out = output.reportOut();
            if (output.json) {
                out.println(report.toJson());
            } else {
                out.println("objects kept:    " + report.objectsKept());
                out.println("objects deleted: " + report.objectsDeleted() + " (" + report.bytesDeleted() + " bytes)"
                        + (report.dryRun() ? ", not really" : ""));
                out.println("objects spared:  " + report.objectsSpared());
                report.linksDeleted().forEach(link -> out.println("link deleted: " + ErrorLine.printable(link)));
                report.foreign().forEach(path -> out.println("not an object: " + ErrorLine.printable(path)));
                report.broken().forEach(problem -> out.println("broken: " + ErrorLine.printable(problem)));
            }
            return report.isClean() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }
}
