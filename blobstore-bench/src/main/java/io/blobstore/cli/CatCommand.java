package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.transfer.ReaderOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore cat}. */
@Command(
        name = "cat",
        description =
                "Writes a blob, or a range of it, to standard output, reading ahead. The whole blob is compared with"
                        + " its checksum, if the store has one: if it differs, the last bytes are not written, the"
                        + " exit code is 1, and the output must not be used. No checksum covers a part of a blob"
                        + " (--range): it is not verified. Of a blob that 'upload --compress' stored, the content is"
                        + " written, ranges are ranges of that, and each frame is verified.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CatCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--range",
            paramLabel = "FROM-TO",
            converter = RangeConverter.class,
            description =
                    "The bytes to write: from the first offset to the second, an exclusive end; to the end of the blob"
                            + " if it is omitted. For example 10MiB-20MiB, or 1GiB-. Default: all.")
    ByteRange range = ByteRange.all();

    @Mixin
    final VersionOption version = new VersionOption();

    @Mixin
    final ContentOption content = new ContentOption();

    @Override
    public Integer call() throws IOException {
        ReaderOptions options = ReaderOptions.builder().read(version.options()).build();
        try (BlobStore source = store.open()) {
            ContentOutput.write(content.view(source), key, range, options, main.content());
        }
        return ExitCode.OK;
    }
}
