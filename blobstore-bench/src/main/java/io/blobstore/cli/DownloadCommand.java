package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ReadResult;
import io.blobstore.transfer.DownloadOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore download}. */
@Command(
        name = "download",
        description =
                "Reads a blob into a file, which is created or replaced in one step when the whole blob has been read"
                        + " and its checksum verified. Of a blob that 'upload --compress' stored, its content.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class DownloadCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(names = "--to", required = true, paramLabel = "FILE", description = "The file to create or replace.")
    Path file;

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
        DownloadOptions options = DownloadOptions.builder()
                .partSize(parts.partSize(DownloadOptions.DEFAULT.partSize()))
                .concurrency(parts.concurrency(FileDownload.CONCURRENCY))
                .read(version.options())
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
}
