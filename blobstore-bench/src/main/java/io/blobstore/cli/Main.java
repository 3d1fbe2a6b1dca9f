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

/** The command line: what all commands have in common, and how they end. */
@Command(
        name = "blobstore",
        description = {
            "Moves large files to and from object storage without copying them through the Java heap.",
            "",
            "A store is named by a URI: file:/absolute/dir, s3://bucket, gs://bucket.",
            ""
        },
        subcommands = {
            UploadCommand.class,
            DownloadCommand.class,
            CatCommand.class,
            StatCommand.class,
            ListCommand.class,
            DeleteCommand.class,
            DemoCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        scope = ScopeType.INHERIT,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed", "2:wrong usage"})
final class Main {
    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "On failure show the stack trace; log what the library does.")
    boolean verbose;

    private final ExitGuard guard;
    private final WritableByteChannel content;

    private Main(ExitGuard guard, WritableByteChannel content) {
        this.guard = guard;
        this.content = content;
    }

    /** Standard output, for the bytes of blobs. */
    WritableByteChannel content() {
        return content;
    }

    /** To be called by a command that has something to clean up when the process is told to end. */
    void holdExit() {
        guard.hold();
    }

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
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
            code = commandLine(main).setOut(out).setErr(err).execute(args);
        } catch (Error e) { // picocli hands exceptions to the handler below, but no errors: out of memory, for one
            code = failed(main, err, e);
        }
        if (out.checkError() && code == ExitCode.OK) {
            err.println("blobstore: the output could not be written: is the pipe it goes to closed, or its disk full?");
            code = ExitCode.SOFTWARE;
        }
        err.flush();
        return code;
    }

    private static CommandLine commandLine(Main main) {
        return new CommandLine(main)
                .setExpandAtFiles(false) // a file may be called @name
                .setExecutionStrategy(parsed -> {
                    Logging.configure(main.verbose);
                    return new CommandLine.RunLast().execute(parsed);
                })
                .setExecutionExceptionHandler((e, command, parsed) -> failed(main, command.getErr(), e))
                .setParameterExceptionHandler((e, args) -> wrongUsage(e));
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
     * Writes UTF-8 whatever the locale: JSON has no other encoding, and keys are any Unicode. Not by way of System.out,
     * which keeps to itself when it cannot write.
     */
    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8));
    }

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"blobstore " + (version == null ? "(not packaged)" : version)};
        }
    }
}
