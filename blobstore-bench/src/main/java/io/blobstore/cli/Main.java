package io.blobstore.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line: options of all commands, output and exit codes. */
@Command(
        name = "blobstore",
        description = {
            "Moves large files to and from object storage without copying them through the Java heap.",
            "",
            "A store is named by a URI: file:/absolute/dir, s3://bucket, gs://bucket.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        scope = ScopeType.INHERIT,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:success", "1:failure", "2:usage error"})
final class Main {
    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log the library's activity, and print the stack trace of a failure.")
    boolean verbose;

    private final ExitGuard guard;
    private final WritableByteChannel content;

    private Main(ExitGuard guard, WritableByteChannel content) {
        this.guard = guard;
        this.content = content;
    }

    /** Returns standard output, for the bytes of blobs. */
    WritableByteChannel content() {
        return content;
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
        FileChannel content = new FileOutputStream(FileDescriptor.out).getChannel();
        System.exit(run(writer(FileDescriptor.out), content, writer(FileDescriptor.err), args));
    }

    /** Runs one command; its output is flushed when this returns. */
    static int run(PrintWriter out, WritableByteChannel content, PrintWriter err, String... args) {
        try (ExitGuard guard = new ExitGuard()) {
            return run(new Main(guard, content), out, err, args);
        }
    }

    private static int run(Main main, PrintWriter out, PrintWriter err, String... args) {
        int code;
        try {
            code = commandLine(main, args).setOut(out).setErr(err).execute(args);
        } catch (Error e) { // picocli passes exceptions to the handler below, but not errors such as out of memory
            code = failed(main, err, e);
        }
        if (out.checkError() && code == ExitCode.OK) {
            err.println("blobstore: the output could not be written: is the pipe closed, or the disk full?");
            code = ExitCode.SOFTWARE;
        }
        err.flush();
        return code;
    }

    private static CommandLine commandLine(Main main, String... args) {
        CommandLine commandLine = new CommandLine(main);
        Commands.addTo(commandLine, args);
        return commandLine
                .setExpandAtFiles(false) // a file's name may begin with @
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(parsed -> {
                    Logging.configure(main.verbose);
                    return new CommandLine.RunLast().execute(parsed);
                })
                .setExecutionExceptionHandler((e, command, parsed) -> failed(main, command.getErr(), e))
                .setParameterExceptionHandler((e, wrong) -> wrongUsage(e));
    }

    private static int failed(Main main, PrintWriter err, Throwable problem) {
        err.println("blobstore: " + ErrorLine.of(problem));
        if (main.verbose) {
            problem.printStackTrace(err);
        }
        return ExitCode.SOFTWARE;
    }

    private static int wrongUsage(CommandLine.ParameterException e) {
        CommandLine command = e.getCommandLine();
        command.getErr()
                .println("blobstore: " + ErrorLine.printable(e.getMessage()) + "; see '"
                        + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    /**
     * Creates a writer of UTF-8 in any locale: JSON has no other encoding, and keys are any Unicode. Does not use
     * System.out, which hides failures to write.
     */
    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8));
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
