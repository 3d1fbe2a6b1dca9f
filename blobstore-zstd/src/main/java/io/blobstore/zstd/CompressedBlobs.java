package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ReadOptions;
import io.blobstore.StoreOptions;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Stores content compressed, and reads compressed blobs of a store by offsets of their content.
 *
 * <pre>{@code
 * CompressedBlobs blobs = CompressedBlobs.of(store);
 * try (MappedFile file = MappedFile.open(Path.of("log"))) {
 *     blobs.upload(transfers, BlobKey.of("logs/2026.zst"), file.region()).join();
 * }
 * try (BlobReader reader = blobs.open(transfers, BlobKey.of("logs/2026.zst"))) {
 *     ByteBuffer memory = ByteBuffer.allocateDirect(64 << 10);
 *     reader.read(memory, 5L << 30); // fetches and decodes one frame, or two
 * }
 * }</pre>
 *
 * <p>A compressed blob consists of independent zstd frames and a table of them, in one of the formats of
 * {@link FrameFormat}; other programs' blobs of these formats are read as well. Frames hold up to 64 MiB of content.
 *
 * <p>Each frame is decoded as soon as it has arrived, straight into the caller's memory if that is direct, and verified
 * by its checksum before its bytes count as read. Frames that another program wrote without checksums are verified only
 * by their structure and length.
 *
 * <p>Kept are the tables that were used last, in up to 64 MiB, and for small reads by a {@link BlobReader} the frames
 * that were read in part, decoded, in up to 8 MiB outside of the heap, or one larger frame. Thread-safe.
 */
public final class CompressedBlobs {
    private static final long TABLES = 64L << 20;
    private static final long FRAMES = 8L << 20;

    private final ContentStore contents;

    private CompressedBlobs(BlobStore store) {
        contents = new ContentStore(store, new TableLoader(store), new TableCache(TABLES), new FrameCache(FRAMES));
    }

    /** Returns the compressed blobs of a store, which the caller keeps open meanwhile and closes. */
    public static CompressedBlobs of(BlobStore store) {
        Objects.requireNonNull(store, "store");
        return new CompressedBlobs(store);
    }

    /**
     * Returns the format of a blob according to its metadata, which {@link #upload} writes; empty for blobs that are
     * not compressed, and for those that another program compressed. Sends no request.
     */
    public static Optional<FrameFormat> formatOf(BlobMetadata stored) {
        String name = stored.userMetadata().get(CompressedUpload.FORMAT);
        return Arrays.stream(FrameFormat.values())
                .filter(format -> format.toString().equals(name))
                .findFirst();
    }

    /**
     * Returns the size of a blob's content in bytes according to its metadata, which {@link #upload} writes; empty if
     * that does not tell. Sends no request.
     */
    public static OptionalLong contentSizeOf(BlobMetadata stored) {
        String size = stored.userMetadata().get(CompressedUpload.CONTENT_SIZE);
        return size != null && size.matches("[0-9]{1,18}")
                ? OptionalLong.of(Long.parseLong(size))
                : OptionalLong.empty();
    }

    /**
     * Returns options with the metadata that {@link #upload} writes, for those who store a blob that is compressed
     * already.
     *
     * @param contentSize the size of the content in bytes
     */
    public static StoreOptions describe(StoreOptions options, FrameFormat format, long contentSize) {
        return options.toBuilder()
                .userMetadata(CompressedUpload.FORMAT, format.toString())
                .userMetadata(CompressedUpload.CONTENT_SIZE, Long.toString(contentSize))
                .build();
    }

    /**
     * Returns the properties of a compressed blob.
     *
     * @throws io.blobstore.BlobNotFoundException if there is no blob
     * @throws NotCompressedException if the blob is in none of the formats
     * @throws io.blobstore.IntegrityException if its table of frames is damaged
     */
    public CompressedBlob stat(BlobKey key) throws IOException {
        return contents.load(key, ReadOptions.DEFAULT);
    }

    /**
     * Starts an upload with default options; see {@link #upload(TransferManager, BlobKey, BlobSource,
     * CompressionOptions)}.
     */
    public Transfer<CompressionResult> upload(TransferManager transfers, BlobKey key, BlobSource source) {
        return upload(transfers, key, source, CompressionOptions.DEFAULT);
    }

    /**
     * Starts to compress content and to store it, and returns at once. The content is compressed straight from mapped
     * memory, frame by frame on several threads, and sent in parts as they are made: without a temporary file, and
     * without knowing the compressed size before. The source is retained until the transfer has completed.
     *
     * <p>The blob's metadata has the format and the size of the content, as {@code blobstore-frames} and
     * {@code blobstore-content-size}; the blob itself has the SHA-256 and the CRC32C of the content, which
     * {@link #stat} returns.
     *
     * <p>Memory: the parts in flight and up to two more (see {@link BlobWriter}); for compression, {@code threads + 4}
     * frames, and some 1 MiB for each thread at level 1. A store without multipart uploads takes blobs of up to
     * {@link UploadOptions#partSize} bytes.
     *
     * @return the transfer; its progress is the number of bytes of content that are stored
     * @throws IllegalArgumentException if the content has too many frames, or there is no room for the metadata
     * @throws IllegalStateException if the manager, or the source's memory, is closed
     * @throws java.util.concurrent.RejectedExecutionException if the manager's executor rejects the transfer
     */
    public Transfer<CompressionResult> upload(
            TransferManager transfers, BlobKey key, BlobSource source, CompressionOptions options) {
        CompressedUpload content = new CompressedUpload(source, options);
        UploadOptions upload;
        try {
            upload = content.uploadOptions();
        } catch (RuntimeException e) {
            content.close();
            throw e;
        }
        return transfers.upload(contents.store(), key, content, upload);
    }

    /**
     * Opens a compressed blob to be read like a file, by offsets of its content. Sends no request yet; the first read
     * throws what {@link #stat} does.
     *
     * @return a reader, to be closed by the caller before the manager
     */
    public BlobReader open(TransferManager transfers, BlobKey key) {
        return transfers.openReader(contents, key);
    }

    /**
     * Returns a view of the store in which every blob is its content: for downloads, ranges and everything else that
     * reads from a {@link BlobStore}. Writing throws {@link UnsupportedOperationException}; closing does nothing. Blobs
     * that are not compressed fail with {@link NotCompressedException}. Listings show the blobs as they are stored.
     */
    public BlobStore contents() {
        return contents;
    }
}
