package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.ReaderOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code blobstore download}. */
@Command(
        name = "download",
        description =
                "Reads a blob into a file, which is created or replaced in one step when the whole blob has been read"
                        + " and its checksum verified. Of a blob that 'upload --compress' stored, its content.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class DownloadCommand implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @ParentCommand
    Main main;

    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "FILE",
            description = "The file to create or replace, or - for standard output, as 'cat' writes it: then nothing"
                    + " else is printed, and the output must not be used if the exit code is not 0.")
    Path file;

    @Option(
            names = "--resume",
            description = "Keep what was read if the download is interrupted, in .NAME.blobstore-part beside FILE, and"
                    + " go on with it when the same command is run again.")
    boolean resume;

    @Mixin
    final PartOptions parts = new PartOptions();

    @Mixin
    final VersionOption version = new VersionOption();

    @Mixin
    final ContentOption content = new ContentOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        if (file.toString().equals("-")) {
            return print();
        }
        DownloadOptions options = DownloadOptions.builder()
                .partSize(parts.partSize(DownloadOptions.DEFAULT.partSize()))
                .concurrency(parts.concurrency(FileDownload.CONCURRENCY))
                .read(version.options())
                .resumable(resume)
                .build();
        main.holdExit();
        try (BlobStore source = store.open()) {
            Measurement<ReadResult> download = FileDownload.run(
                    content.view(source), key, BlobTarget.ofPath(file), options, output.bar("Reading"));
            ReadResult read = download.result();
            output.print(new Report()
                    .add("key", key.toString())
                    .add("store", source.toString())
                    .add("file", file.toString())
                    .add(download, read.checksum(), read.blob().version().value()));
        }
        return ExitCode.OK;
    }

    private int print() throws IOException {
        if (resume) {
            throw new ParameterException(command.commandLine(), "--resume needs a file; got --to -");
        }
        ReaderOptions options = ReaderOptions.builder().read(version.options()).build();
        try (BlobStore source = store.open()) {
            ContentOutput.write(content.view(source), key, ByteRange.all(), options, main.content());
        }
        return ExitCode.OK;
    }
}
