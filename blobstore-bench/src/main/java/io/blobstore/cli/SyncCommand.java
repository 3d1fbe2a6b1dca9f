package io.blobstore.cli;

import io.blobstore.directory.Comparison;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore sync}. */
@Command(
        name = "sync",
        description = {
            "Copies the files of a directory that the other one does not have yet, or has in another version. By"
                    + " default a file is copied if its size differs, or it is newer than the copy.",
            "",
            "SOURCE and TARGET are each " + Endpoint.SYNTAX,
            ""
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class SyncCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Mixin
    final SourceAndTarget ends = new SourceAndTarget();

    @Option(
            names = "--delete",
            description = "Delete from TARGET what SOURCE does not have, if everything else succeeded, SOURCE was read"
                    + " completely, and has at least one file.")
    boolean delete;

    @ArgGroup(exclusive = true)
    Mode mode = new Mode();

    /** How files are compared; by size and time without these. */
    static final class Mode {
        @Option(names = "--size-only", description = "Compare sizes only.")
        boolean size;

        @Option(
                names = "--checksum",
                description = "Compare sizes and checksums: reads local files, and asks for each blob's checksum.")
        boolean checksum;

        Comparison comparison() {
            return size ? Comparison.SIZE : checksum ? Comparison.SIZE_AND_CHECKSUM : Comparison.SIZE_AND_TIME;
        }
    }

    @Mixin
    final TreeOptions trees = new TreeOptions();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Endpoint from = ends.from();
        Endpoint to = ends.to();
        if (from.pattern().isPresent() && !(from instanceof Endpoint.Local)) {
            throw ends.wrongUsage("SOURCE must be a directory; choose files of it with --include");
        }
        main.holdExit();
        return new TreeRun(output, "Synchronizing")
                .transfer(
                        ends,
                        from,
                        to,
                        trees.builder()
                                .comparison(mode.comparison())
                                .delete(delete)
                                .build());
    }
}
