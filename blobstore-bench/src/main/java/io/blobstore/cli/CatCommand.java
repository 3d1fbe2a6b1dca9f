package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
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
    private static final int PIECE = 1 << 20;
    /** Twice 1 MiB for each thread's request; works with -Xmx64m. */
    private static final long READ_AHEAD = 16 << 20;

    private static final int REQUESTS = 8;

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
        ExecutorService threads = TransferRun.threads(REQUESTS);
        try (BlobStore source = store.open();
                TransferManager reader = TransferManager.builder()
                        .executor(threads)
                        .readAheadMemory(READ_AHEAD)
                        .build();
                BlobReader blob = reader.openReader(content.view(source), key, options)) {
            write(blob.position(range.offset()), lengthIn(blob.size()));
        } finally {
            threads.shutdown();
        }
        return ExitCode.OK;
    }

    private long lengthIn(long blobSize) throws RangeNotSatisfiableException {
        long available = blobSize - range.offset();
        if (available < 0 || (range.kind() == ByteRange.Kind.EXACT && range.length() > available)) {
            throw new RangeNotSatisfiableException(
                    key, range + " is not inside the blob, which has " + blobSize + " bytes");
        }
        return Math.min(range.length(), available);
    }

    private void write(BlobReader blob, long length) throws IOException {
        WritableByteChannel out = main.content();
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE, length));
        for (long left = length; left > 0; ) {
            piece.clear().limit((int) Math.min(piece.capacity(), left));
            left -= blob.read(piece);
            piece.flip();
            while (piece.hasRemaining()) {
                out.write(piece);
            }
        }
    }
}
