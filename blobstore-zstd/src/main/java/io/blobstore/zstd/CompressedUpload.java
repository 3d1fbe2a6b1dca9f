package io.blobstore.zstd;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.ContentGenerator;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.CompressionSample;
import io.blobstore.zstd.internal.ContentDigest;
import io.blobstore.zstd.internal.ContentHasher;
import io.blobstore.zstd.internal.FrameCompressor;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import io.blobstore.zstd.internal.SeekTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a compressed blob from content. The transfer's thread hashes the content and hands the frames on, while the
 * threads of this upload compress them.
 */
final class CompressedUpload implements ContentGenerator<CompressionResult> {
    /** The name of the user metadata with the format of a compressed blob. */
    static final String FORMAT = "blobstore-frames";

    /** The name of the user metadata with the size of the content in bytes. */
    static final String CONTENT_SIZE = "blobstore-content-size";

    private final RetainedSource source;
    private final CompressionOptions options;
    private final FrameFormat format;
    private final int frameCount;
    /** Null until the content is complete. */
    private @Nullable ContentDigest digest;

    /**
     * Plans the blob and retains the source.
     *
     * @throws IllegalArgumentException if the content would have too many frames
     */
    CompressedUpload(BlobSource source, CompressionOptions options) {
        this.options = options;
        long size = source.size();
        long frames = size / options.frameSize() + (size % options.frameSize() == 0 ? 0 : 1);
        if (frames >= FrameTable.MAX_FRAMES) {
            throw new IllegalArgumentException(size + " bytes are " + FrameTable.MAX_FRAMES + " frames of "
                    + options.frameSize() + " or more; choose larger frames");
        }
        this.frameCount = (int) frames;
        this.format = size == 0 ? FrameFormat.SEEKABLE : options.format();
        this.source = source.retain();
    }

    /** Returns the options with which the blob is uploaded. */
    UploadOptions uploadOptions() {
        UploadOptions upload = options.upload();
        StoreOptions store = CompressedBlobs.describe(upload.store(), format, source.size());
        return upload.toBuilder()
                .store(store)
                .partSize(Math.max(upload.partSize(), startLength())) // the first part has all of it
                .build();
    }

    /** Returns the number of bytes at the start that are known at the end. */
    private int startLength() {
        return format == FrameFormat.CASBLOB ? header().length() + ContentDigest.LENGTH : 0;
    }

    private CasblobHeader header() {
        return CasblobHeader.of(source.size(), Encoding.ZSTD, options.frameSize());
    }

    @Override
    public long maxSize() {
        long frame = FrameEncoder.bound(options.frameSize());
        long tables = startLength() + ContentDigest.LENGTH + SeekTable.length(Math.max(1, frameCount), false);
        return frameCount * frame + tables;
    }

    @Override
    public long progressTotal() {
        return source.size();
    }

    @Override
    public void generate(BlobWriter writer) throws IOException {
        boolean stored = options.sampled() && !CompressionSample.isWorthwhile(source);
        int level = stored ? FrameEncoder.STORED : options.level();
        int threads = Math.min(options.threads(), frameCount - 1); // a single frame is compressed by this thread
        boolean casblob = format == FrameFormat.CASBLOB;
        if (casblob) {
            writer.reserve(startLength());
        }
        FrameTable.Builder table = new FrameTable.Builder(casblob ? header().length() : 0, false);
        FrameCompressor.Sink sink = (contentLength, frame) -> {
            int before = casblob && table.frameCount() == 0 ? ContentDigest.LENGTH : 0;
            table.add(before + frame.remaining(), contentLength);
            writer.write(frame);
            writer.reportProgress(table.contentSize());
        };
        ContentHasher hasher = new ContentHasher();
        try (CompressionThreads pool = new CompressionThreads(Math.max(1, threads));
                FrameCompressor compressor = new FrameCompressor(
                        pool, Math.max(0, threads), level, options.frameChecksums(), hasher::update, sink)) {
            for (long at = 0; at < source.size(); at += options.frameSize()) {
                compressor.add(source.slice(at, Math.min(options.frameSize(), source.size() - at)), () -> {});
            }
            compressor.finish();
        }
        ContentDigest digest = hasher.digest();
        this.digest = digest;
        if (casblob) {
            writeStart(writer, digest, table.build());
        } else {
            writeEnd(writer, digest, table);
        }
    }

    private void writeStart(BlobWriter writer, ContentDigest digest, FrameTable table) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take(startLength())) {
            ByteBuffer start = memory.buffer();
            header().write(table, start);
            digest.write(start);
            writer.setReserved(start.flip());
        }
    }

    private static void writeEnd(BlobWriter writer, ContentDigest digest, FrameTable.Builder frames)
            throws IOException {
        // The table accounts for every byte before it, which other readers check: the digest belongs to the last frame.
        if (frames.frameCount() > 0) {
            frames.extendLast(ContentDigest.LENGTH);
        } else {
            frames.add(ContentDigest.LENGTH, 0);
        }
        FrameTable table = frames.build();
        SeekTable seekTable = SeekTable.of(table);
        try (PooledBuffer memory = DirectBufferPool.shared().take(ContentDigest.LENGTH + seekTable.length())) {
            ByteBuffer end = memory.buffer();
            digest.write(end);
            seekTable.write(table, end);
            writer.write(end.flip());
        }
    }

    @Override
    public CompressionResult result(StoredBlob stored) {
        ContentDigest content = digest;
        if (content == null) {
            throw new IllegalStateException("the content is not complete");
        }
        return new CompressionResult(stored, format, content);
    }

    @Override
    public void close() {
        source.close();
    }
}
