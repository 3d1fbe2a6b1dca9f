package io.blobstore.split.oci;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.blobstore.Sha256;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.oci.OciLayoutException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The content of a layer. Its end is reported only when the blob has been verified, so that who reads to the end has
 * the content that the descriptor says. Not thread-safe.
 */
final class OciLayerStream extends InputStream {
    private static final int BUFFER = 64 << 10;

    private final OciLayer layer;
    private final long maxBytes;
    private final Blob blob;
    private final InputStream content;
    private long read;
    private boolean verified;

    private OciLayerStream(OciLayer layer, long maxBytes, Blob blob, InputStream content) {
        this.layer = layer;
        this.maxBytes = maxBytes;
        this.blob = blob;
        this.content = content;
    }

    static InputStream open(OciLayer layer, long maxBytes, LongConsumer progress) throws IOException {
        Blob blob = new Blob(FileChannel.open(layer.blob()), progress);
        try {
            return new OciLayerStream(layer, maxBytes, blob, decompress(layer.format(), blob));
        } catch (IOException e) {
            blob.close();
            throw translate(layer, e);
        }
    }

    private static InputStream decompress(OciLayer.Format format, Blob blob) throws IOException {
        return switch (format) {
            case TAR, OPAQUE -> blob;
            case TAR_GZIP -> new GzipMembers(blob);
            case TAR_ZSTD -> new ZstdInputStreamNoFinalizer(blob);
        };
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (verified) {
            return -1;
        }
        int count;
        try {
            count = content.read(target, offset, length);
            if (count < 0) {
                verify();
                return -1;
            }
        } catch (IOException e) {
            throw translate(layer, e);
        }
        read += count;
        if (read > maxBytes) {
            throw failure(layer, Reason.TOO_LARGE, "its content has more than " + maxBytes + " bytes", null);
        }
        return count;
    }

    private void verify() throws IOException {
        byte[] rest = new byte[BUFFER];
        while (blob.read(rest, 0, rest.length) >= 0) {
            // what follows the compressed content belongs to the blob
        }
        Sha256 actual = Sha256.ofBytes(blob.digest.digest());
        if (!actual.equals(layer.descriptor().digest())) {
            throw failure(layer, Reason.DAMAGED_BLOB, "its content has the digest " + actual, null);
        }
        verified = true;
    }

    private static IOException translate(OciLayer layer, IOException e) {
        if (e instanceof OciLayoutException || Interrupts.caused(e)) {
            return e;
        }
        return failure(layer, Reason.DAMAGED_BLOB, "it cannot be read or decompressed: " + e.getMessage(), e);
    }

    private static OciLayoutException failure(
            OciLayer layer, Reason reason, String problem, @Nullable Throwable cause) {
        return layer.layout()
                .documents()
                .failure(reason, layer.descriptor().digest().toString(), problem, cause);
    }

    @Override
    public void close() throws IOException {
        try (blob) {
            content.close();
        }
    }

    /** The bytes of the blob, which are digested while they pass. */
    private static final class Blob extends InputStream {
        private final FileChannel file;
        private final LongConsumer progress;
        private final MessageDigest digest = Sha256.newMessageDigest();

        Blob(FileChannel file, LongConsumer progress) {
            this.file = file;
            this.progress = progress;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = length == 0 ? 0 : file.read(ByteBuffer.wrap(target, offset, length));
            if (count > 0) {
                digest.update(target, offset, count);
                progress.accept(count);
            }
            return count;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
