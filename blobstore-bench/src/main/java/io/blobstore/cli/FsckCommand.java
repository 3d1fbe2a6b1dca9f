package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.split.repository.BlobStoreObjects;
import io.blobstore.split.repository.FsckOptions;
import io.blobstore.split.repository.FsckReport;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore fsck}. */
@Command(
        name = "fsck",
        description = "Checks a repository: hashes every object, decodes every stream, follows every ref.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class FsckCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Option(
            names = "--heal",
            paramLabel = "URI",
            description = "Replace damaged objects by those of this store, a URI or name.")
    @Nullable String heal;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        main.holdExit();
        try (RepositoryOption.Opened opened = store.open();
                BlobStore other = heal == null ? null : store.openOther(heal, "--heal");
                ProgressBar bar = output.bar("Checking");
                TransferManager transfers = TransferManager.create()) {
            FsckOptions.Builder options = FsckOptions.builder();
            if (other != null) {
                options.healFrom(BlobStoreObjects.of(other, opened.repository().hash()));
            }
            FsckReport report = TransferRun.await(
                            bar, () -> SplitEngine.of(transfers).fsck(opened.repository(), options.build()))
                    .result();
            print(report);
            return report.isClean() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private void print(FsckReport report) {
        PrintWriter out = output.reportOut();
        if (output.json) {
            out.println(report.toJson());
            return;
        }
        out.println("objects: " + report.objects() + " (" + report.bytes() + " bytes)");
        out.println("streams: " + report.streams());
        out.println("refs:    " + report.refs());
        report.problems()
                .forEach(problem -> out.println(
                        problem.kind() + " " + ErrorLine.printable(problem.path() + ": " + problem.message())));
        report.healed().forEach(path -> out.println("healed " + ErrorLine.printable(path)));
        report.foreign().forEach(path -> out.println("not an object: " + ErrorLine.printable(path)));
        out.println(report.isClean() ? "status: ok" : "status: damaged");
    }
}
