package io.blobstore.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option {@code --json}, and a command's output. */
final class OutputOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec command;

    @Option(
            names = "--json",
            description = "Print JSON instead of text: one object, or one a line for a listing. Errors are an object"
                    + " on standard error.")
    boolean json;

    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Creates a progress bar, which is visible on a terminal only, and not with {@code --quiet}. */
    ProgressBar bar(String title) {
        Map<String, String> environment = Main.of(command).environment();
        return Main.of(command).quiet || !Terminal.isPresent()
                ? ProgressBar.invisible()
                : ProgressBar.visible(
                        command.commandLine().getErr(),
                        title,
                        Terminal.hasEscapes(environment),
                        Terminal.columns(environment));
    }

    /** Prints the result of a command, unless {@code --quiet} is given. */
    void print(Report report) {
        if (Main.of(command).quiet) {
            return;
        }
        if (json) {
            report.printJson(out());
        } else {
            report.printText(out());
        }
    }

    /** Returns the writer for the report of a command, which ignores it if {@code --quiet} is given. */
    PrintWriter reportOut() {
        return Main.of(command).quiet ? new PrintWriter(Writer.nullWriter()) : out();
    }

    /** Creates a printer of a listing. */
    Listing listing() {
        return new Listing(out(), json);
    }

    /** Prints the failure of one of several files, at once. */
    void failed(String path, Throwable problem) {
        PrintWriter err = command.commandLine().getErr();
        Failure.of(problem).at(path).print(err, json);
        err.flush();
    }

    /** Prints a failure that does not end the command. */
    void failed(Throwable problem) {
        Failure.of(problem).print(command.commandLine().getErr(), json);
    }

    /** Prints a warning, unless {@code --quiet} is given. */
    void warn(String warning) throws IOException {
        if (!Main.of(command).quiet) {
            command.commandLine()
                    .getErr()
                    .println(json ? JSON.std.asString(Map.of("warning", warning)) : "blobstore: warning: " + warning);
        }
    }

    /** Prints a failure that does not end the command. */
    void failed(String problem) {
        Failure.of(Failure.Kind.FAILURE, problem).print(command.commandLine().getErr(), json);
    }
}
