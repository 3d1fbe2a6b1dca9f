package io.blobstore.cli;

import io.blobstore.directory.DirectoryOptions;
import io.blobstore.directory.FailureMode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands that transfer directories. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class TreeOptions {
    /** More files than any store serves at once to one client. */
    private static final int MAX_CONCURRENCY = 1024;

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--include",
            paramLabel = "PATTERN",
            description = "Take only files that match one of these: '*.csv' at any depth, 'logs/**' below a directory."
                    + " May be repeated.")
    List<String> includes = new ArrayList<>();

    @Option(
            names = "--exclude",
            paramLabel = "PATTERN",
            description = "Leave out files, and directories with what is in them, that match. May be repeated.")
    List<String> excludes = new ArrayList<>();

    @Option(
            names = "--follow-links",
            description = "Follow symbolic links of a local source. Default: they are skipped.")
    boolean followLinks;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "32",
            description = "The number of files transferred in parallel. Default: ${DEFAULT-VALUE}.")
    int concurrency;

    @Option(names = "--dry-run", description = "Print what would be done, and do nothing.")
    boolean dryRun;

    /**
     * Returns a builder with these options, whose transfers go on after a failure.
     *
     * @throws ParameterException if a value is wrong
     */
    DirectoryOptions.Builder builder() {
        if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
            throw new ParameterException(
                    command.commandLine(), "--concurrency must be 1 to " + MAX_CONCURRENCY + "; got " + concurrency);
        }
        DirectoryOptions.Builder options = DirectoryOptions.builder()
                .include(includes.toArray(String[]::new))
                .exclude(excludes.toArray(String[]::new))
                .followLinks(followLinks)
                .concurrency(concurrency)
                .dryRun(dryRun)
                .failureMode(FailureMode.CONTINUE);
        try {
            options.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
        return options;
    }

    boolean hasPatterns() {
        return !includes.isEmpty() || !excludes.isEmpty();
    }
}
