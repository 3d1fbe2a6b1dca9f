package io.blobstore.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** {@code blobstore repo}: commands for repositories of split streams as a whole. */
@Command(
        name = "repo",
        description = "Creates repositories of split streams.",
        subcommands = RepositoryCommand.Init.class)
final class RepositoryCommand {
    /** {@code blobstore repo init}. */
    @Command(
            name = "init",
            description =
                    "Creates an empty repository on disk: of composefs, without fs-verity, or the directory of a local"
                            + " store. Buckets need none.")
    static final class Init implements Callable<Integer> {
        @Mixin
        final RepositoryOption store = new RepositoryOption();

        @Override
        public Integer call() throws IOException {
            store.create();
            return ExitCode.OK;
        }
    }
}
