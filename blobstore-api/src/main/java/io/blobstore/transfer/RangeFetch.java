package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One stretch of a blob on its way into a target. A try that fails keeps what had arrived; the next one asks for the rest, of the same
 * version. For one thread.
 */
final class RangeFetch {
    private final BlobStore store;
    private final BlobKey key;
    private final BlobTarget.Filling target;
    /** Where in the blob the target's first byte is. */
    private final long base;
    /** Where in the target this stretch is. */
    private final long offset;

    private ReadOptions options;
    private @Nullable BlobMetadata blob;
    private long done;
    private Crc32c checksum = Crc32c.EMPTY;

    RangeFetch(BlobStore store, BlobKey key, ReadOptions options, BlobTarget.Filling target, long base, long offset) {
        this.store = store;
        this.key = key;
        this.options = options;
        this.target = target;
        this.base = base;
        this.offset = offset;
    }

    /** The blob, as the last request saw it; empty before the first answer. */
    Optional<BlobMetadata> blob() {
        return Optional.ofNullable(blob);
    }

    /** How many bytes have arrived. */
    long done() {
        return done;
    }

    /** Of the bytes that have arrived. */
    Crc32c checksum() {
        return checksum;
    }

    /**
     * Asks for a range of a blob of which nothing is known yet.
     *
     * @param room for the window
     */
    void begin(ByteRange range, long room) throws IOException {
        try (BlobTarget.Window window = target.window(offset, room)) {
            int bytes = window.buffer().remaining();
            read(bytes < room ? ByteRange.atMost(range.offset(), bytes) : range, window);
        }
    }

    /** Asks for what has not arrived yet of an exact stretch. */
    void finish(long length) throws IOException {
        while (done < length) {
            try (BlobTarget.Window window = target.window(offset + done, length - done)) {
                int bytes = window.buffer().remaining();
                read(ByteRange.of(base + offset + done, bytes), window);
                if (window.buffer().hasRemaining()) {
                    throw new BlobStoreException(
                            "read",
                            key,
                            "the store gave " + window.buffer().position() + " bytes instead of " + bytes,
                            null,
                            false);
                }
            }
        }
    }

    private void read(ByteRange range, BlobTarget.Window window) throws IOException {
        ByteBuffer buffer = window.buffer();
        try {
            arrived(store.read(key, range, buffer, options), window);
        } catch (PartialReadException e) {
            buffer.position((int) e.received().length());
            arrived(e.received(), window);
            throw e;
        }
    }

    private void arrived(ReadResult read, BlobTarget.Window window) throws IOException {
        if (read.length() != window.buffer().position()) {
            throw new BlobStoreException(
                    "read",
                    key,
                    "the store says it gave " + read.length() + " bytes, but filled "
                            + window.buffer().position(),
                    null,
                    false);
        }
        window.flush();
        blob = read.blob();
        options = ReadOptions.ifMatch(read.blob().version());
        checksum = checksum.combine(read.checksum(), read.length());
        done += read.length();
    }
}
