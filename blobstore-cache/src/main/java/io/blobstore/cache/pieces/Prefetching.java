package io.blobstore.cache.pieces;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.spi.ByteRanges;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Fetches pieces in the background, in a given order, by transfers of a manager. Thread-safe. */
public final class Prefetching {
    /** The requests in flight: enough to use a connection's latency, few enough to leave room for reads. */
    private static final int CONCURRENCY = 4;

    private final PieceSource source;
    private final TransferManager transfers;
    private final PrefetchStore store;
    private final PieceIndex index;
    private final Consumer<Prefetching> onEnd;
    private final PrimitiveIterator.OfLong pieces;
    private final TransferQueue queue = new TransferQueue(new Work(), CONCURRENCY);
    private final CompletableFuture<Long> end = new CompletableFuture<>();
    private final AtomicLong fetched = new AtomicLong();

    /**
     * Creates a prefetch that has not started.
     *
     * @param onEnd runs once, when no request is in flight any more, before the end is visible
     */
    Prefetching(
            PieceSource source,
            TransferManager transfers,
            PrefetchStore store,
            PieceIndex index,
            Set<Long> pieces,
            Consumer<Prefetching> onEnd) {
        this.source = source;
        this.transfers = transfers;
        this.store = store;
        this.index = index;
        this.onEnd = onEnd;
        this.pieces = pieces.stream().mapToLong(Long::longValue).iterator();
    }

    /**
     * Returns the pieces of ranges, in the order of their first use, as many as there is room for: more would evict
     * those that are used first.
     *
     * @throws io.blobstore.RangeNotSatisfiableException if an exact range is not inside the blob
     */
    static Set<Long> pieces(PieceSource source, List<ByteRange> ranges, long maxBytes) throws IOException {
        Set<Long> pieces = new LinkedHashSet<>();
        long bytes = 0;
        for (ByteRange range : ranges) {
            ByteRange exact =
                    ByteRanges.resolve(range, source.blob().key(), source.blob().size(), Long.MAX_VALUE);
            long end = exact.offset() + exact.length();
            for (long at = exact.offset(); at < end; ) {
                long piece = source.layout().pieceAt(at);
                if (!pieces.contains(piece)) {
                    bytes += Piece.onDisk(source.layout().length(piece));
                    if (bytes > maxBytes) {
                        return pieces;
                    }
                    pieces.add(piece);
                }
                at = source.layout().end(piece);
            }
        }
        return pieces;
    }

    void start() {
        queue.run();
    }

    /** Starts no further request, and cancels those in flight. Does not wait for them. */
    public void cancel() {
        queue.stop(new CancellationException("the prefetch of '" + source.blob().key() + "' was cancelled"));
    }

    /**
     * Returns the end as a future, a new one with each call: the number of bytes that were fetched, or the failure.
     * When it is complete, no request is in flight.
     */
    public CompletableFuture<Long> end() {
        return end.copy();
    }

    private final class Work implements TransferQueue.Work {
        @Override
        public OptionalLong next() {
            while (pieces.hasNext()) {
                long piece = pieces.nextLong();
                if (!index.contains(source.piece(piece))) {
                    return OptionalLong.of(piece);
                }
            }
            return OptionalLong.empty();
        }

        @Override
        public Transfer<ReadResult> start(long piece) throws IOException {
            long length = source.layout().length(piece);
            BlobTarget nowhere = new Nowhere(length);
            DownloadOptions one = DownloadOptions.builder()
                    .partSize(length)
                    .concurrency(1)
                    .read(ReadOptions.ifMatch(source.blob().version()))
                    .build();
            ByteRange range = ByteRange.of(source.layout().offset(piece), length);
            return transfers.download(store, source.blob().key(), range, nowhere, one);
        }

        @Override
        public void arrived(long piece, ReadResult result) {
            fetched.addAndGet(result.length());
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            onEnd.accept(Prefetching.this);
            if (failure == null) {
                end.complete(fetched.get());
            } else {
                end.completeExceptionally(failure);
            }
        }
    }
}
