package io.blobstore.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line: options of all commands, output and exit codes. */
@Command(
        name = "blobstore",
        description = {
            "Moves large files to and from object storage without copying them through the Java heap.",
            "",
            "A store is named by a URI (file:/absolute/dir, s3://bucket, gs://bucket), or by its name in the"
                    + " configuration file. The default is BLOBSTORE_STORE.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        scope = ScopeType.INHERIT,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:failure",
            "2:usage error",
            "3:the store has no such blob, or does not exist",
            "4:the store denies permission",
            "5:a precondition does not hold, as of --if-absent",
            "141:nobody reads the output any more, as with '| head'"
        })
final class Main {
    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log the library's activity, and print the stack trace of a failure.")
    boolean verbose;

    @Option(
            names = "--quiet",
            scope = ScopeType.INHERIT,
            description = "Print errors only: no progress, and no report of what was done.")
    boolean quiet;

    private final ExitGuard guard;
    private final StandardOutput out;
    private final Map<String, String> environment;

    private Main(ExitGuard guard, StandardOutput out, Map<String, String> environment) {
        this.guard = guard;
        this.out = out;
        this.environment = environment;
    }

    /** Returns the main object of a command. */
    static Main of(CommandSpec command) {
        return (Main) command.root().userObject();
    }

    /** Returns standard output, for the bytes of blobs. */
    WritableByteChannel content() {
        return out.content();
    }

    /** Returns the environment variables. */
    Map<String, String> environment() {
        return environment;
    }

    /** Delays the exit of a terminated process until the command has cleaned up. */
    void holdExit() {
        guard.hold();
    }

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        if (Commands.isHashing(args)) {
            HashWarmUp.start();
        }
        PrintWriter err = new PrintWriter(
                new OutputStreamWriter(new FileOutputStream(FileDescriptor.err), StandardCharsets.UTF_8));
        System.exit(run(System.getenv(), StandardOutput.ofProcess(), err, args));
    }

    /** Runs one command; its output is flushed when this returns. */
    static int run(Map<String, String> environment, StandardOutput out, PrintWriter err, String... args) {
        boolean json = List.of(args).contains("--json");
        try (ExitGuard guard = new ExitGuard()) {
            int code = run(new Main(guard, out, environment), out, err, json, args);
            err.flush();
            return code;
        }
    }

    private static int run(Main main, StandardOutput out, PrintWriter err, boolean json, String... args) {
        int code;
        try {
            code = commandLine(main, json, args).setOut(out.text()).setErr(err).execute(args);
        } catch (Error e) { // picocli passes exceptions to the handler below, but not errors such as out of memory
            code = main.failed(e, err, json);
        }
        Optional<IOException> unwritten = out.failure();
        if (unwritten.isPresent() && StandardOutput.isClosed(unwritten.get())) {
            return Failure.CLOSED_OUTPUT;
        }
        return unwritten.isPresent() && code == ExitCode.OK ? main.failed(unwritten.get(), err, json) : code;
    }

    private static CommandLine commandLine(Main main, boolean json, String... args) {
        CommandLine commandLine = new CommandLine(main);
        Commands.addTo(commandLine, args);
        return parsing(commandLine)
                .setExecutionStrategy(parsed -> {
                    Logging.configure(main.verbose);
                    return new CommandLine.RunLast().execute(parsed);
                })
                .setExecutionExceptionHandler((e, command, parsed) -> main.failed(e, command.getErr(), json))
                .setParameterExceptionHandler((e, wrong) -> {
                    Failure failure = Failure.of(Failure.Kind.USAGE, WrongUsage.line(e));
                    failure.print(e.getCommandLine().getErr(), json);
                    return failure.exitCode();
                });
    }

    private static CommandLine parsing(CommandLine commandLine) {
        return commandLine
                .setExpandAtFiles(false) // a file's name may begin with @
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    /** Returns the commands with all subcommands, to describe and parse them, and not to run them. */
    static CommandLine allCommands() {
        try (ExitGuard guard = new ExitGuard()) {
            CommandLine commandLine = new CommandLine(new Main(guard, StandardOutput.ofProcess(), Map.of()));
            Commands.all().forEach(commandLine::addSubcommand);
            return parsing(commandLine);
        }
    }

    private int failed(Throwable problem, PrintWriter err, boolean json) {
        Optional<IOException> unwritten = out.failure();
        if (unwritten.isPresent() && StandardOutput.isClosed(unwritten.get())) {
            return Failure.CLOSED_OUTPUT;
        }
        Failure failure = unwritten.map(Failure::ofOutput).orElseGet(() -> Failure.of(problem));
        failure.print(err, json);
        if (verbose) {
            problem.printStackTrace(err);
        }
        return failure.exitCode();
    }

    /** Provides the version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"blobstore " + (version == null ? "(not packaged)" : version)};
        }
    }
}
