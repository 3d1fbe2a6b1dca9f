package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One parallel read: plans it, fetches its parts, and makes the whole of them visible, or undoes it.
 *
 * <p>The first request tells which blob it is, and how large; if it was all, that was the only one. Otherwise each
 * worker takes the next part until none is left, and all of them are of the version that the first one met.
 */
final class Download extends ParallelTransfer<ReadResult> {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);
    private static final Operation OPERATION = Operation.READ;

    private final BlobStore store;
    private final BlobKey key;
    private final ByteRange range;
    private final DownloadOptions options;
    private final long room;
    private final BlobTarget.Writer target;
    private final HedgingCoordinator hedges;
    private final AtomicInteger nextPart = new AtomicInteger(1); // the first one's number is 0

    // Written by the first worker before it calls others, read by them and by the last one.
    private volatile @Nullable Plan plan;
    /** The blob with the checksum of the whole, where that had to be asked for. */
    private volatile @Nullable BlobMetadata described;

    /**
     * What there is to do.
     *
     * @param length in all
     * @param partSize of each part but the last
     * @param checksums of the parts that have arrived
     * @param missing how many have not, and one more as long as the first worker has not asked for the checksum of the
     *     whole
     */
    private record Plan(
            BlobMetadata blob, long length, long partSize, AtomicIntegerArray checksums, AtomicInteger missing) {
        static Plan of(BlobMetadata blob, long length, long partSize) {
            long parts = Math.max(1, length / partSize + (length % partSize == 0 ? 0 : 1));
            if (parts >= Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        length + " bytes in parts of " + partSize + " are too many parts; choose larger ones");
            }
            return new Plan(
                    blob, length, partSize, new AtomicIntegerArray((int) parts), new AtomicInteger((int) parts + 1));
        }

        int partCount() {
            return checksums.length();
        }

        long offset(int part) {
            return part * partSize;
        }

        long length(int part) {
            return Math.min(partSize, length - offset(part));
        }

        boolean isWhole() {
            return length == blob.size();
        }

        Crc32c checksum() {
            Crc32c whole = Crc32c.EMPTY;
            for (int part = 0; part < partCount(); part++) {
                whole = whole.combine(new Crc32c(checksums.get(part)), length(part));
            }
            return whole;
        }
    }

    /** Takes hold of the target. */
    Download(
            BlobStore store,
            BlobKey key,
            ByteRange range,
            BlobTarget target,
            DownloadOptions options,
            Environment environment)
            throws IOException {
        super(environment, "read of '" + key + "'", options.retry(), options.listener());
        this.store = store;
        this.key = key;
        this.range = range;
        this.options = options;
        this.hedges = new HedgingCoordinator(options.hedging(), environment.clock()::nanoTime);
        this.room = target.room();
        ByteRanges.requireRoom(range, room);
        this.target = target.open();
    }

    // ---- workers

    @Override
    void begin() throws IOException, InterruptedException {
        long toTheLastOffset = Long.MAX_VALUE - range.offset();
        long most = Math.min(Math.min(options.partSize(), toTheLastOffset), Math.min(room, range.length()));
        // What fits into one request is asked for as it is: the store compares a whole blob then. Else the first part
        // tells the size.
        boolean fits = most == room || (range.kind() != ByteRange.Kind.TO_END && most == range.length());
        ByteRange asked = fits ? range : ByteRange.atMost(range.offset(), most);
        ResumableRangeRead first = fetch(options.read(), 0);
        boolean compared = retrying("part 1", () -> withinBudget(most, () -> beginWith(first, asked, most)));
        Plan made = planned();
        arrived(made, 0, first);
        call(Math.min(options.concurrency(), made.partCount()) - 1, this::fetchParts);
        if (!isStopped() && made.isWhole() && !compared && made.blob.checksum().isEmpty()) {
            described = describe(made.blob);
        }
        countDown(made);
        fetchParts();
    }

    /** Returns whether the store saw all of a blob in one request, and so compared its checksum. */
    private boolean beginWith(ResumableRangeRead first, ByteRange asked, long most) throws IOException {
        boolean untouched = first.blob().isEmpty();
        if (untouched) {
            first.begin(asked, most);
        }
        Plan made = plan(first.blob().orElseThrow());
        boolean compared = untouched && first.done() == made.blob.size();
        first.finish(made.length(0));
        return compared;
    }

    private Plan plan(BlobMetadata blob) throws IOException {
        Plan made = plan;
        if (made == null) {
            made = Plan.of(blob, ByteRanges.resolve(range, key, blob.size(), room), options.partSize());
            target.reserve(made.length);
            tracker().planned(made.length, made.partCount());
            plan = made;
        }
        return made;
    }

    private void fetchParts() throws IOException, InterruptedException {
        Plan made = planned();
        for (Optional<HedgingCoordinator.Part> part = takePart(made); part.isPresent(); part = takePart(made)) {
            fetchPart(made, part.get());
        }
        for (Optional<HedgingCoordinator.Part> late = awaitOverdue(); late.isPresent(); late = awaitOverdue()) {
            fetchAgain(made, late.get());
        }
    }

    private void fetchPart(Plan made, HedgingCoordinator.Part part) throws IOException, InterruptedException {
        int number = part.number;
        long length = made.length(number);
        ResumableRangeRead fetch = fetch(ReadOptions.ifMatch(made.blob.version()), made.offset(number));
        boolean first = false;
        try {
            retrying(
                    "part " + (number + 1),
                    () -> withinBudget(length, () -> {
                        fetch.finish(length);
                        return fetch;
                    }));
            first = hedges.arrived(part);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (!hedges.isLost(part)) {
                throw e;
            }
        } finally {
            hedges.end(part);
        }
        if (first) {
            arrived(made, number, fetch);
        }
    }

    // ---- hedging

    private Optional<HedgingCoordinator.Part> awaitOverdue() throws InterruptedException {
        return isStopped() ? Optional.empty() : hedges.awaitOverdue();
    }

    /** Into memory of its own, as the first request may still write into the target; once, as it is but a try. */
    private void fetchAgain(Plan made, HedgingCoordinator.Part late) throws IOException, InterruptedException {
        long length = made.length(late.number);
        long offset = made.offset(late.number);
        boolean first = false;
        try {
            ByteBuffer spare = ByteBuffer.allocateDirect(Math.toIntExact(length));
            ResumableRangeRead fetch = new ResumableRangeRead(
                    store,
                    key,
                    ReadOptions.ifMatch(made.blob.version()),
                    BlobTarget.of(spare).open(),
                    range.offset() + offset,
                    0);
            withinBudget(length, () -> {
                fetch.finish(length);
                return fetch;
            });
            first = hedges.arrived(late);
            if (first) {
                hedges.awaitFirst(late);
                copy(spare, offset);
                arrived(made, late.number, fetch);
            }
        } catch (IOException | InterruptedException | RuntimeException | OutOfMemoryError e) {
            if (first || (!hedges.isLost(late) && Interrupts.caused(e))) {
                throw e;
            }
            LOG.debug("The second request for part {} of '{}' was of no use", late.number + 1, key, e);
        } finally {
            hedges.end(late);
        }
    }

    private void copy(ByteBuffer arrived, long offset) throws IOException {
        try (BlobTarget.Window window = target.window(offset, arrived.capacity())) {
            window.put(arrived.clear());
            window.flush();
        }
    }

    private Optional<HedgingCoordinator.Part> takePart(Plan made) {
        if (isStopped()) {
            return Optional.empty();
        }
        return hedges.begin(() -> {
            int part = nextPart.getAndIncrement();
            return part < made.partCount() ? part : 0;
        });
    }

    private ResumableRangeRead fetch(ReadOptions read, long offset) {
        return new ResumableRangeRead(store, key, read, target, range.offset(), offset);
    }

    private void arrived(Plan made, int part, ResumableRangeRead fetch) throws IOException, InterruptedException {
        made.checksums.set(part, fetch.checksum().value());
        tracker().moved(fetch.done());
        countDown(made);
    }

    /**
     * Looks at the blob again when all is there, if it has no checksum to compare with. A server that looks at the
     * version first, and opens the file then, may have answered with what replaced it; if the version is still there,
     * nothing has.
     */
    private void countDown(Plan made) throws IOException, InterruptedException {
        if (made.missing.decrementAndGet() > 0 || made.partCount() == 1) {
            return;
        }
        BlobMetadata known = described;
        if (known != null && known.checksum().isEmpty()) {
            described = describe(made.blob);
        }
    }

    private Plan planned() {
        Plan made = plan;
        if (made == null) {
            throw new IllegalStateException("nothing can be fetched before the first answer");
        }
        return made;
    }

    /** An answer with a part of the blob need not tell the checksum of the whole. */
    private BlobMetadata describe(BlobMetadata blob) throws IOException, InterruptedException {
        BlobMetadata head = retrying("head", () -> store.head(key));
        if (!head.version().equals(blob.version())) {
            throw new PreconditionFailedException(OPERATION, key, "it was replaced while it was read", null);
        }
        return head;
    }

    // ---- the end

    @Override
    ReadResult complete() throws IOException {
        Plan made = planned();
        BlobMetadata known = described;
        BlobMetadata blob = known != null ? known : made.blob;
        Crc32c checksum = made.checksum();
        if (made.isWhole() && !blob.checksum().orElse(checksum).equals(checksum)) {
            throw new IntegrityException(
                    OPERATION,
                    key,
                    "the store says it has " + blob.checksum().get() + ", but " + checksum
                            + " was read; what was read must not be used: read again",
                    null);
        }
        target.commit(made.length);
        return ReadResult.of(blob, made.length, checksum);
    }

    @Override
    void release(@Nullable Throwable problem) {
        try {
            target.close();
        } catch (IOException e) {
            if (problem != null) {
                problem.addSuppressed(e);
            }
            LOG.warn("What was read of '{}' could not be removed", key, e);
        }
    }
}
