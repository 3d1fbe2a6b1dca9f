package io.blobstore.cas.internal;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** A casblob of content that fits one frame, made in memory, so that it is written with one call. Not thread-safe. */
public final class SmallCasblob implements Closeable {
    /** Content of so many bytes or less is stored as it is: a frame would save nothing. */
    private static final int TINY = 128;

    /** Content is stored as it is if a frame would save less than one in so many bytes. */
    private static final int LEAST_GAIN = 16;

    private static final int HEADER = CasblobHeader.FIXED_LENGTH + 2 * Long.BYTES;

    private final PooledBuffer memory;
    private final Sha256 sha256;

    private SmallCasblob(PooledBuffer memory, Sha256 sha256) {
        this.memory = memory;
        this.sha256 = sha256;
    }

    /**
     * Hashes and encodes content.
     *
     * @param content 1 byte to {@link CasblobWriter#FRAME}
     * @param always whether it is compressed though that saves little or nothing
     */
    public static SmallCasblob of(BlobSource content, boolean always, IdleObjects<FrameEncoder> encoders)
            throws IOException {
        int size = (int) content.size();
        PooledBuffer memory = DirectBufferPool.shared().take(HEADER + Math.max(size, FrameEncoder.bound(size)));
        FrameEncoder encoder = encoders.take();
        try (Encoder encoding =
                new Encoder(size, always, encoder, memory.buffer().position(HEADER))) {
            content.forEachBuffer(size, encoding);
            return new SmallCasblob(memory, encoding.finish());
        } catch (IOException | RuntimeException | Error e) {
            memory.close();
            throw e;
        } finally {
            encoders.give(encoder);
        }
    }

    /** Returns the SHA-256 of the content. */
    public Sha256 sha256() {
        return sha256;
    }

    /** Returns the file, from position 0 to the limit. Valid until this is closed. */
    public ByteBuffer file() {
        return memory.buffer();
    }

    /** Releases the memory. Idempotent. */
    @Override
    public void close() {
        memory.close();
    }

    /** Encodes the buffers of the content: the only one in place, if it is direct; otherwise a copy of all. */
    private static final class Encoder implements BlobSource.BufferVisitor, Closeable {
        private final int size;
        private final boolean always;
        private final FrameEncoder encoder;
        private final ByteBuffer blob;
        private final MessageDigest digest = Sha256.newMessageDigest();
        private boolean compressed;
        private @Nullable PooledBuffer copy;

        Encoder(int size, boolean always, FrameEncoder encoder, ByteBuffer blob) {
            this.size = size;
            this.always = always;
            this.encoder = encoder;
            this.blob = blob;
        }

        @Override
        public void visit(ByteBuffer buffer) throws IOException {
            digest.update(buffer.duplicate());
            if (!always && size <= TINY) {
                blob.put(buffer);
            } else if (buffer.isDirect() && buffer.remaining() == size) {
                encode(buffer);
            } else {
                if (copy == null) {
                    copy = DirectBufferPool.shared().take(size);
                }
                copy.buffer().put(buffer);
            }
        }

        private void encode(ByteBuffer content) throws IOException {
            encoder.encode(content, blob);
            compressed = always || blob.position() - HEADER <= size - size / LEAST_GAIN;
            if (!compressed) {
                blob.clear().position(HEADER).put(content);
            }
        }

        /** Completes the file, and returns the SHA-256 of the content. */
        Sha256 finish() throws IOException {
            if (copy != null) {
                encode(copy.buffer().flip());
            }
            blob.flip();
            Encoding encoding = compressed ? Encoding.ZSTD : Encoding.IDENTITY;
            FrameTable table = compressed
                    ? new FrameTable.Builder(HEADER, false)
                            .add(blob.limit() - HEADER, size)
                            .build()
                    : FrameTable.identity(HEADER, size);
            CasblobHeader.of(size, encoding, CasblobWriter.FRAME).write(table, blob.duplicate());
            return Sha256.ofBytes(digest.digest());
        }

        @Override
        public void close() {
            if (copy != null) {
                copy.close();
            }
        }
    }
}
