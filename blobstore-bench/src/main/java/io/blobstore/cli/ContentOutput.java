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
import java.util.concurrent.ExecutorService;

/**
 * Writes a blob to a channel in order, while the next bytes are read ahead into bounded memory. The last bytes of a
 * blob whose checksum differs are not written.
 */
final class ContentOutput {
    private static final int PIECE = 1 << 20;
    /** Twice 1 MiB for each thread's request; works with -Xmx64m. */
    private static final long READ_AHEAD = 16 << 20;

    private static final int REQUESTS = 8;

    private ContentOutput() {}

    static void write(BlobStore store, BlobKey key, ByteRange range, ReaderOptions options, WritableByteChannel out)
            throws IOException {
        ExecutorService threads = TransferRun.threads(REQUESTS);
        try (TransferManager reader = TransferManager.builder()
                        .executor(threads)
                        .readAheadMemory(READ_AHEAD)
                        .build();
                BlobReader blob = reader.openReader(store, key, options)) {
            write(blob.position(range.offset()), lengthIn(key, range, blob.size()), out);
        } finally {
            threads.shutdown();
        }
    }

    private static long lengthIn(BlobKey key, ByteRange range, long blobSize) throws RangeNotSatisfiableException {
        long available = blobSize - range.offset();
        if (available < 0 || (range.kind() == ByteRange.Kind.EXACT && range.length() > available)) {
            throw new RangeNotSatisfiableException(
                    key, range + " is not inside the blob, which has " + blobSize + " bytes");
        }
        return Math.min(range.length(), available);
    }

    private static void write(BlobReader blob, long length, WritableByteChannel out) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE, length));
        for (long left = length; left > 0; ) {
            piece.clear().limit((int) Math.min(piece.capacity(), left));
            left -= blob.read(piece);
            piece.flip();
            while (piece.hasRemaining()) {
                try {
                    out.write(piece);
                } catch (IOException e) {
                    throw new IOException("the output could not be written: " + e.getMessage(), e);
                }
            }
        }
    }
}
