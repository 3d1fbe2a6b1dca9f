package io.blobstore.cli;

import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option {@code --json}, and a command's output. */
final class OutputOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec command;

    @Option(names = "--json", description = "Print one JSON object instead of text.")
    boolean json;

    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Creates a progress bar, which is visible on a terminal only. */
    ProgressBar bar(String title) {
        return ProgressBar.onTerminal(command.commandLine().getErr(), title);
    }

    void print(Report report) {
        if (json) {
            report.printJson(out());
        } else {
            report.printText(out());
        }
    }
}
