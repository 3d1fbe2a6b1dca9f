package io.blobstore.s3;

import io.blobstore.BlobSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Adapts a source to a stream, for the signer's SHA-256. Accesses the source's memory only during calls. Keeps the
 * exception of a failed read, because the signer wraps it. Not thread-safe.
 */
final class SourceStream extends InputStream {
    private final BlobSource source;
    private long position;
    private @Nullable IOException failure;

    SourceStream(BlobSource source) {
        this.source = source;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        int bytes = (int) Math.min(length, source.size() - position);
        try {
            source.slice(position, bytes).forEachBuffer(length, ByteBuffer.wrap(target, offset, bytes)::put);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
        position += bytes;
        return bytes == 0 ? -1 : bytes;
    }

    /** Throws the exception of a failed read, if there was one. */
    void rethrow() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }
}
