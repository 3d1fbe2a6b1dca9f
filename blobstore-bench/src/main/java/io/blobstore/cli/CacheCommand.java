package io.blobstore.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blobstore cache}: the commands for a content-addressed cache. */
@Command(
        name = "cache",
        description = {
            "Shows and maintains a content-addressed cache in a local directory, in bazel-remote's layout.",
            ""
        },
        subcommands = {
            CacheStatCommand.class,
            CacheListCommand.class,
            CacheVerifyCommand.class,
            CacheEvictCommand.class
        })
@SuppressWarnings("NullAway.Init") // picocli sets the command
final class CacheCommand implements Runnable {
    @Spec
    CommandSpec command;

    @Override
    public void run() {
        throw new ParameterException(
                command.commandLine(),
                "a command is missing: "
                        + String.join(", ", command.subcommands().keySet()));
    }
}
