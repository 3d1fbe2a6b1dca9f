package io.blobstore.cas.internal;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameCompressor;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import io.blobstore.zstd.internal.IdleObjects;
import io.blobstore.zstd.internal.SharedEncoders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.Executor;

/** Writes content as a casblob of zstd frames: the frames first, the header with their offsets at the end. */
public final class CasblobWriter implements EntryWriter {
    /** The level: it compresses the logs and binaries of caches as well as level 3, in less than half of the time. */
    public static final int LEVEL = 1;

    /** The content of a frame, as bazel-remote writes it: but for 8 TiB and more, which takes larger frames. */
    public static final int FRAME = 1 << 20;

    private final TemporaryEntry file;
    private final CasblobHeader header;
    private final FrameTable.Builder table;
    private final MessageDigest sha256 = Sha256.newMessageDigest();
    private final FrameCompressor compressor;
    /** The frames in the file, published to the threads that read. */
    private volatile Frames frames;

    /** The offsets of a number of frames in the file, and of the end of the last. Elements are written once. */
    private static final class Frames {
        private final long[] offsets;
        private final int count;
        private final long contentSize;

        Frames(long[] offsets, int count, long contentSize) {
            this.offsets = offsets;
            this.count = count;
            this.contentSize = contentSize;
        }

        Frames plus(long storedLength, int contentLength) {
            long[] all = count + 1 < offsets.length ? offsets : Arrays.copyOf(offsets, 2 * offsets.length);
            all[count + 1] = all[count] + storedLength;
            return new Frames(all, count + 1, contentSize + contentLength);
        }
    }

    /**
     * Creates a writer into an empty file.
     *
     * @param contentSize the size of the content in bytes, 1 or more
     * @param executor compresses
     * @param threads the number of threads to compress with, besides the one that adds
     * @param encoders of {@link #LEVEL}
     * @throws IllegalArgumentException if the content is larger than a casblob can be
     */
    public CasblobWriter(TemporaryEntry file, long contentSize, Executor executor, int threads, SharedEncoders encoders)
            throws IOException {
        this.file = file;
        this.header = CasblobHeader.of(contentSize, Encoding.ZSTD, frameSize(contentSize));
        this.table = new FrameTable.Builder(header.length(), false);
        this.frames = new Frames(new long[] {header.length(), 0}, 0, 0);
        file.skip(header.length());
        this.compressor = new FrameCompressor(executor, threads, encoders, sha256::update, this::frame);
    }

    private static int frameSize(long contentSize) {
        int size = FRAME;
        while (size < FrameTable.MAX_FRAME && contentSize / size >= FrameTable.MAX_FRAMES - 1) {
            size *= 2;
        }
        return size;
    }

    @Override
    public void add(BlobSource content, Runnable done) throws IOException {
        compressor.add(content, done);
    }

    @Override
    public void flush() throws IOException {
        compressor.handOnFinished();
    }

    private void frame(int contentLength, ByteBuffer stored) throws IOException {
        int storedLength = stored.remaining();
        file.append(stored);
        table.add(storedLength, contentLength);
        frames = frames.plus(storedLength, contentLength);
    }

    @Override
    public int pieceSize() {
        return header.frameSize();
    }

    @Override
    public EntryFile.Format format() {
        return EntryFile.Format.CASBLOB;
    }

    @Override
    public Sha256 finish() throws IOException {
        compressor.finish();
        if (table.contentSize() == header.contentSize()) { // else it is not published
            try (PooledBuffer memory = DirectBufferPool.shared().take(header.length())) {
                header.write(table.build(), memory.buffer());
                file.overwrite(0, memory.buffer().flip());
            }
        }
        return Sha256.ofBytes(sha256.digest());
    }

    @Override
    public long readable() {
        return frames.contentSize;
    }

    @Override
    public int read(EntryChannel channel, IdleObjects<FrameDecoder> decoders, long offset, ByteBuffer target)
            throws IOException {
        Frames now = frames;
        int frame = (int) (offset / header.frameSize());
        long start = (long) frame * header.frameSize();
        int length = (int) Math.min(header.frameSize(), now.contentSize - start);
        int storedLength = (int) (now.offsets[frame + 1] - now.offsets[frame]);
        FrameTable alone =
                new FrameTable.Builder(0, false).add(storedLength, length).build();
        FrameDecoder decoder = decoders.take();
        try (PooledBuffer stored = DirectBufferPool.shared().take(storedLength)) {
            channel.readFully(stored.buffer(), now.offsets[frame]);
            stored.buffer().flip();
            if (offset == start && target.isDirect() && target.remaining() >= length) {
                decoder.decode(alone, 0, stored.buffer(), target);
                target.position(target.position() + length);
                return length;
            }
            try (PooledBuffer decoded = DirectBufferPool.shared().take(length)) {
                decoder.decode(alone, 0, stored.buffer(), decoded.buffer());
                int skip = (int) (offset - start);
                int bytes = Math.min(target.remaining(), length - skip);
                target.put(decoded.buffer().slice(skip, bytes));
                return bytes;
            }
        } finally {
            decoders.give(decoder);
        }
    }

    @Override
    public void describe(Entry entry) {
        EntryState state = EntryState.of(entry);
        state.keep(table.build());
        entry.attach(state);
    }

    @Override
    public void close() {
        compressor.close();
    }
}
