package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads many ranges of one version of a blob: adjacent ranges are coalesced and read into one buffer, of which each
 * range is a slice.
 *
 * <p>The first worker reads the first piece, whose response determines the version; then each worker takes the next
 * piece until none is left.
 */
final class VectoredRead extends ParallelTransfer<List<ByteBuffer>> {
    private final BlobStore store;
    private final BlobKey key;
    private final DownloadOptions options;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<ByteBuffer> slices;
    /** The first worker starts with piece 0. */
    private final AtomicInteger nextPiece = new AtomicInteger(1);
    /** The checksums of the pieces that have arrived. */
    private final AtomicIntegerArray checksums;

    /** The blob as of the first response, written by the first worker before it starts others. */
    private volatile @Nullable BlobMetadata blob;

    /** Adjacent ranges, and the bytes between them. */
    private record CoalescedRange(long offset, int length) {
        boolean accepts(ByteRange range, long maxGap, long maxLength) {
            long end = range.offset() + range.length();
            return range.offset() - (offset + length) <= maxGap
                    && Math.max(end, offset + length) - offset <= Math.max(maxLength, length);
        }

        CoalescedRange with(ByteRange range) {
            return new CoalescedRange(offset, (int) Math.max(length, range.offset() + range.length() - offset));
        }
    }

    /** The range of one request. */
    private record Piece(long offset, int length, BlobTarget memory) {}

    /** Coalesces the ranges and allocates memory for them. */
    VectoredRead(
            BlobStore store,
            BlobKey key,
            List<ByteRange> ranges,
            IntFunction<ByteBuffer> allocator,
            long maxGap,
            DownloadOptions options,
            Environment environment) {
        super(
                environment,
                "vectored read of '" + key + "'",
                options.retry(),
                environment.throttle(options.retry(), options.concurrency()),
                options.listener());
        if (maxGap < 0) {
            throw new IllegalArgumentException("the largest gap must be 0 bytes or more; got " + maxGap);
        }
        this.store = store;
        this.key = key;
        this.options = options;
        this.slices = new ArrayList<>(Collections.nCopies(ranges.size(), ByteBuffer.allocate(0)));
        List<Integer> byOffset = new ArrayList<>();
        for (int i = 0; i < ranges.size(); i++) {
            requireExact(ranges.get(i));
            if (ranges.get(i).length() > 0) {
                byOffset.add(i);
            }
        }
        byOffset.sort(Comparator.comparingLong(i -> ranges.get(i).offset()));
        coalesce(byOffset, ranges, maxGap, allocator);
        this.checksums = new AtomicIntegerArray(pieces.size());
        tracker().planned(pieces.stream().mapToLong(Piece::length).sum(), Math.max(1, pieces.size()));
    }

    private static void requireExact(ByteRange range) {
        if (range.kind() != ByteRange.Kind.EXACT || range.length() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a vectored read takes exact ranges of at most 2^31 - 1 bytes; got the " + range);
        }
    }

    private void coalesce(
            List<Integer> byOffset, List<ByteRange> ranges, long maxGap, IntFunction<ByteBuffer> allocator) {
        for (int first = 0, next; first < byOffset.size(); first = next) {
            ByteRange range = ranges.get(byOffset.get(first));
            CoalescedRange coalesced = new CoalescedRange(range.offset(), (int) range.length());
            for (next = first + 1; next < byOffset.size(); next++) {
                ByteRange following = ranges.get(byOffset.get(next));
                if (!coalesced.accepts(following, maxGap, options.partSize())) {
                    break;
                }
                coalesced = coalesced.with(following);
            }
            ByteBuffer memory = allocate(allocator, coalesced.length);
            for (int i : byOffset.subList(first, next)) {
                slices.set(i, memory.slice((int) (ranges.get(i).offset() - coalesced.offset), (int)
                        ranges.get(i).length()));
            }
            split(coalesced, memory);
        }
    }

    private static ByteBuffer allocate(IntFunction<ByteBuffer> allocator, int length) {
        ByteBuffer memory = allocator.apply(length);
        if (memory.isReadOnly() || memory.remaining() < length) {
            throw new IllegalArgumentException("the allocator was asked for " + length
                    + " bytes, and returned a buffer that is read-only, or has room for only " + memory.remaining());
        }
        return memory.slice();
    }

    /** Splits a coalesced range, of which a single one may be larger than a request, into the ranges of requests. */
    private void split(CoalescedRange coalesced, ByteBuffer memory) {
        for (long at = 0; at < coalesced.length; at += options.partSize()) {
            int bytes = (int) Math.min(options.partSize(), coalesced.length - at);
            pieces.add(new Piece(coalesced.offset + at, bytes, BlobTarget.of(memory.slice((int) at, bytes))));
        }
    }

    @Override
    void begin() throws IOException, InterruptedException {
        if (pieces.isEmpty()) {
            return;
        }
        BlobMetadata found = fetch(pieces.get(0), 0, options.read()).blob().orElseThrow();
        blob = found;
        call(Math.min(options.concurrency(), pieces.size()) - 1, this::fetchPieces);
        if (!isStopped() && isWhole(found) && found.checksum().isEmpty()) { // a part need not come with it
            blob = retrying("head", () -> MetadataRequest.send(store, key, Optional.of(found.version())));
        }
        fetchPieces();
    }

    /** Returns whether the pieces adjoin each other, and are the whole blob. */
    private boolean isWhole(BlobMetadata found) {
        long end = 0;
        for (Piece piece : pieces) {
            if (piece.offset != end) {
                return false;
            }
            end += piece.length;
        }
        return end == found.size();
    }

    private BlobMetadata known() {
        BlobMetadata known = blob;
        if (known == null) {
            throw new IllegalStateException("no further piece can be read before the first response");
        }
        return known;
    }

    private void fetchPieces() throws IOException, InterruptedException {
        BlobMetadata found = known();
        ReadOptions version = ReadOptions.ifMatch(found.version());
        for (int i = nextPiece.getAndIncrement(); i < pieces.size() && !isStopped(); i = nextPiece.getAndIncrement()) {
            fetch(pieces.get(i), i, version).requireSizeOf(found);
        }
    }

    private ResumableRangeRead fetch(Piece piece, int number, ReadOptions version)
            throws IOException, InterruptedException {
        try (BlobTarget.Writer memory = piece.memory.open()) {
            ResumableRangeRead fetch = new ResumableRangeRead(store, key, version, memory, piece.offset, 0);
            retrying(
                    "part " + (number + 1),
                    () -> withinBudget(piece.length, () -> {
                        fetch.finish(piece.length);
                        return fetch;
                    }));
            checksums.set(number, fetch.checksum().value());
            tracker().moved(piece.length);
            return fetch;
        }
    }

    @Override
    List<ByteBuffer> complete() throws IOException {
        if (!pieces.isEmpty() && isWhole(known())) {
            Crc32c whole = Crc32c.EMPTY;
            for (int i = 0; i < pieces.size(); i++) {
                whole = whole.combine(new Crc32c(checksums.get(i)), pieces.get(i).length);
            }
            Checksums.requireStored(Operation.READ, known(), whole);
        }
        return List.copyOf(slices);
    }

    @Override
    void release(@Nullable Throwable problem) {
        // the memory is the caller's
    }
}
