package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.cache.pieces.FilePartTarget;
import io.blobstore.cache.pieces.FillState;
import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.cache.pieces.TransferQueue;
import io.blobstore.memory.MappedFile;
import io.blobstore.memory.MappedRegion;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A blob that is downloaded into a mapped file, and can be used meanwhile: the memory has its final size at once, and
 * {@link #await} waits until a range of it is there.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         MappedFill fill = MappedFill.open(transfers, store, key, Path.of("disk.img"))) {
 *     fill.await(ByteRange.of(0, 512)); // the header comes first
 *     try (Lease header = fill.region().slice(0, 512).acquire()) {
 *         System.out.println(header.buffers().get(0).getInt() + ", of " + fill.region().size() + " bytes");
 *     }
 *     try (MappedFile file = fill.complete()) { // all of it, verified
 *         System.out.println(file.path() + " has " + file.size() + " bytes");
 *     }
 * }
 * }</pre>
 *
 * <p>The blob is fetched from its beginning, in pieces, with parallel requests for one version of it. A piece that
 * somebody waits for comes next, as soon as one of the requests in flight has ended. A piece is fetched once, however
 * many wait for it. Transfers of the manager do the work, with its threads, limits and retries.
 *
 * <p><b>Bytes that are not there yet read as zeros.</b> Use a range only after {@link #await} has returned for it, or
 * {@link #isAvailable} has returned true. The region must not be written to.
 *
 * <p><b>Verification.</b> A piece by itself has no checksum to compare with. When all have arrived, their checksum is
 * compared with the blob's; if the store has none, one more request confirms that the version still exists. Only then
 * {@link #complete}, and an {@link #await} of the whole blob, return, and the file appears at its path, in one step.
 * After any failure, or if the fill is closed before its end, the path is unchanged, and what was read before must not
 * be used.
 *
 * <p>The content is written to a hidden file beside the path, {@code .blobstore-X.part}, by write(2) and not through
 * the mapping, so that a full disk is an exception. A process that is killed leaves the file; the next fill of, or
 * download into, the directory deletes it, as {@link BlobTarget#ofPath} describes.
 *
 * <p>Close a fill before its manager, and do not wait for it in a task of the manager's executor, which might need that
 * thread. Thread-safe.
 */
public final class MappedFill implements Closeable {
    private final BlobStore store;
    private final BlobMetadata blob;
    private final MappedFillOptions options;
    private final TransferManager transfers;
    /** The manager, if nobody else has it. */
    private final Optional<TransferManager> own;

    private final PieceLayout layout;
    private final FillFile file;
    private final FillState state;
    private final TransferQueue queue;

    private MappedFill(
            BlobStore store,
            BlobMetadata blob,
            MappedFillOptions options,
            TransferManager transfers,
            Optional<TransferManager> own,
            PieceLayout layout,
            FillFile file) {
        this.store = store;
        this.blob = blob;
        this.options = options;
        this.transfers = transfers;
        this.own = own;
        this.layout = layout;
        this.file = file;
        this.state = new FillState(layout);
        this.queue = new TransferQueue(new Pieces(), options.concurrency());
    }

    /** Begins a fill with default options and a manager of its own; see the other methods. */
    public static MappedFill open(BlobStore store, BlobKey key, Path path) throws IOException {
        Objects.requireNonNull(path, "path");
        TransferManager own = TransferManager.create();
        try {
            return open(own, Optional.of(own), store, key, path, MappedFillOptions.DEFAULT);
        } catch (IOException | RuntimeException | Error e) {
            own.close();
            throw e;
        }
    }

    /**
     * Begins a fill with default options; see {@link #open(TransferManager, BlobStore, BlobKey, Path,
     * MappedFillOptions)}.
     */
    public static MappedFill open(TransferManager transfers, BlobStore store, BlobKey key, Path path)
            throws IOException {
        return open(transfers, store, key, path, MappedFillOptions.DEFAULT);
    }

    /**
     * Begins a fill. Requests the blob's metadata, and returns as soon as the memory is mapped.
     *
     * @param path where the file appears when it is complete; replaces a file that is there
     * @return the fill, to be closed by the caller
     * @throws io.blobstore.BlobNotFoundException if there is no blob
     * @throws IOException if the request fails, or the file cannot be created or mapped, or the disk has no room for it
     */
    public static MappedFill open(
            TransferManager transfers, BlobStore store, BlobKey key, Path path, MappedFillOptions options)
            throws IOException {
        Objects.requireNonNull(transfers, "transfers");
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(options, "options");
        return open(transfers, Optional.empty(), store, key, path, options);
    }

    private static MappedFill open(
            TransferManager transfers,
            Optional<TransferManager> own,
            BlobStore store,
            BlobKey key,
            Path path,
            MappedFillOptions options)
            throws IOException {
        BlobMetadata blob = store.head(key);
        PieceLayout layout = layout(store, blob, options.pieceSize());
        FillFile file = FillFile.create(path, blob.size());
        MappedFill fill = new MappedFill(store, blob, options, transfers, own, layout, file);
        fill.queue.run();
        return fill;
    }

    /** The maximum number of pieces, whose states take 5 MiB: a server determines the size. */
    private static final long MAX_PIECES = 1 << 20;

    private static PieceLayout layout(BlobStore store, BlobMetadata blob, int preferredPieceSize)
            throws BlobStoreException {
        long max = store.capabilities().maxBlobSize();
        PieceLayout layout = new PieceLayout(blob.size(), preferredPieceSize);
        while (layout.count() > MAX_PIECES && layout.pieceSize() < PieceLayout.MAX_PIECE_SIZE) {
            layout = new PieceLayout(blob.size(), layout.pieceSize() * 2);
        }
        if (blob.size() > max || layout.count() > MAX_PIECES) {
            throw new BlobStoreException(
                    Operation.READ,
                    blob.key(),
                    "the store reports a size of " + blob.size() + " bytes; a fill of at most "
                            + Math.min(max, MAX_PIECES * PieceLayout.MAX_PIECE_SIZE) + " bytes is possible",
                    null,
                    false);
        }
        return layout;
    }

    // ---- using

    /** Returns the version that is fetched. */
    public BlobMetadata blob() {
        return blob;
    }

    /**
     * Returns the memory of the whole blob. Leases of it keep it mapped when this fill is closed; what has not arrived
     * by then stays zero.
     */
    public MappedRegion region() {
        return file.mapped().region();
    }

    /** Returns the number of bytes that have arrived, anywhere in the blob. */
    public long availableBytes() {
        return state.availableBytes();
    }

    /**
     * Returns whether the bytes of a range have arrived, without waiting.
     *
     * @throws io.blobstore.RangeNotSatisfiableException if the range is not inside the blob
     */
    public boolean isAvailable(ByteRange range) throws IOException {
        ByteRange exact = exact(range);
        return state.isThere(exact.offset(), exact.length());
    }

    /**
     * Waits until the bytes of a range have arrived; they are fetched next. The whole blob is awaited until it was
     * verified, and is at its path.
     *
     * @throws io.blobstore.RangeNotSatisfiableException if the range is not inside the blob
     * @throws io.blobstore.IntegrityException if the whole blob has arrived, and is not what was stored
     * @throws IOException if the fill has failed, or is closed
     * @throws InterruptedException if the caller is interrupted while waiting; the fill continues
     */
    public void await(ByteRange range) throws IOException, InterruptedException {
        ByteRange exact = exact(range);
        Throwable failure =
                exact.length() == blob.size() ? state.awaitEnd() : state.await(exact.offset(), exact.length());
        if (failure != null) {
            throw asIOException(failure);
        }
    }

    private ByteRange exact(ByteRange range) throws IOException {
        return ByteRanges.resolve(range, blob.key(), blob.size(), Long.MAX_VALUE);
    }

    /**
     * Waits until the whole blob has arrived and was verified, and maps the file at its path for reading.
     *
     * @return a file that is independent of this fill, to be closed by the caller
     * @throws io.blobstore.SourceChangedException if the file was replaced since
     * @throws IOException as {@link #await} does
     */
    public MappedFile complete() throws IOException, InterruptedException {
        await(ByteRange.all());
        return file.open();
    }

    /**
     * Returns the exception of a failure: the same one for all who wait, if it is an {@link IOException}, as for
     * transfers.
     */
    private IOException asIOException(Throwable failure) {
        return failure instanceof IOException problem
                ? problem
                : new BlobStoreException(
                        Operation.READ, blob.key(), "the fill has failed: " + failure.getMessage(), failure, false);
    }

    /**
     * Ends the fill. If it is not complete, cancels its requests, waits until nothing touches the file any more, and
     * removes it. The memory is unmapped when the last lease is closed. A file that is complete stays. Idempotent.
     */
    @Override
    public void close() throws IOException {
        queue.stop(new BlobStoreException(
                Operation.READ, blob.key(), "the fill was closed before it was complete", null, false));
        state.awaitEndUninterruptibly();
        file.close();
        own.ifPresent(TransferManager::close);
    }

    @Override
    public String toString() {
        return "MappedFill[" + file.path() + ", " + availableBytes() + " of " + blob.size() + " bytes]";
    }

    // ---- filling

    /** The transfers of the pieces, and of one more request at the end if the blob has no checksum. */
    private final class Pieces implements TransferQueue.Work {
        /** Guarded by the queue's lock. */
        private boolean confirmed = blob.checksum().isPresent() || layout.count() < 2;

        @Override
        public OptionalLong next() {
            OptionalLong next = state.next();
            if (next.isEmpty() && !confirmed && state.isComplete()) {
                confirmed = true;
                return OptionalLong.of(layout.count());
            }
            return next;
        }

        @Override
        public Transfer<ReadResult> start(long piece) throws IOException {
            boolean confirms = piece == layout.count();
            long offset = confirms ? 0 : layout.offset(piece);
            long length = confirms ? 0 : layout.length(piece);
            BlobTarget target = confirms
                    ? BlobTarget.of(ByteBuffer.allocate(0))
                    : new FilePartTarget(file.content(), offset, length);
            DownloadOptions one = DownloadOptions.builder()
                    .partSize(Math.max(1, length))
                    .concurrency(1)
                    .retry(options.retry())
                    .read(ReadOptions.ifMatch(blob.version()))
                    .build();
            return transfers.download(store, blob.key(), ByteRange.of(offset, length), target, one);
        }

        @Override
        public void arrived(long piece, ReadResult result) {
            if (piece < layout.count()) {
                state.arrived(piece, result.checksum());
            }
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            Throwable problem = failure;
            try {
                if (problem == null) {
                    Checksums.requireStored(Operation.READ, blob, state.checksum());
                    file.publish();
                }
            } catch (IOException | RuntimeException | Error e) {
                problem = e;
            }
            file.discard(problem);
            state.ended(problem);
        }
    }
}
