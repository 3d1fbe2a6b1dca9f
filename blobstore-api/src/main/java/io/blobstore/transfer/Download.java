package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
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
 * One download: plans it, reads its parts, and commits or discards the content.
 *
 * <p>The first response determines the blob's version and size; if it contains the whole range, no other request is
 * sent. Otherwise each worker takes the next part until none is left; all parts are of the first response's version.
 */
final class Download extends ParallelTransfer<ReadResult> {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);
    private static final Operation OPERATION = Operation.READ;

    /** The maximum number of parts, whose checksums take 4 MiB: a server determines the size. */
    private static final long MAX_PARTS = 1 << 20;

    private final BlobStore store;
    private final BlobKey key;
    /** Written by the first worker before it starts others, if it is a suffix that does not fit into one request. */
    private ByteRange range;

    private final Optional<BlobMetadata> known;
    private final DownloadOptions options;
    private final long room;
    private final BlobTarget.Writer target;
    private final Optional<DownloadResumption> resumption;
    private final HedgingCoordinator hedges;
    private final AtomicInteger nextPart = new AtomicInteger(1); // the first worker starts with part 0

    // Written by the first worker before it starts others, read by them and by the last one.
    private volatile @Nullable Plan plan;
    /** The metadata with the checksum of the whole blob, if a separate request was needed for it. */
    private volatile @Nullable BlobMetadata described;

    /**
     * The parts to read.
     *
     * @param length the total number of bytes
     * @param partSize the size of every part but the last
     * @param checksums the checksums of the parts that have arrived
     * @param missing the number of parts that have not arrived, plus one until the first worker has requested the
     *     checksum of the whole blob
     */
    private record Plan(
            BlobMetadata blob, long length, long partSize, AtomicIntegerArray checksums, AtomicInteger missing) {
        static Plan of(BlobMetadata blob, long length, long preferredPartSize) {
            long partSize = partSize(length, preferredPartSize);
            int parts = (int) Math.max(1, ceilDiv(length, partSize));
            return new Plan(blob, length, partSize, new AtomicIntegerArray(parts), new AtomicInteger(parts + 1));
        }

        static long partSize(long length, long preferred) {
            return Math.max(preferred, ceilDiv(length, MAX_PARTS));
        }

        private static long ceilDiv(long a, long b) {
            return a / b + (a % b == 0 ? 0 : 1);
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

    /**
     * Creates the download and opens its target.
     *
     * @param known the metadata of the version that the options select, if it is known: then all parts of an exact
     *     range are requested at once
     * @param throttle slows down the requests; may be shared with other transfers
     */
    Download(
            BlobStore store,
            BlobKey key,
            ByteRange range,
            Optional<BlobMetadata> known,
            BlobTarget target,
            DownloadOptions options,
            RequestThrottle throttle,
            Environment environment)
            throws IOException {
        super(environment, "read of '" + key + "'", options.retry(), throttle, options.listener());
        this.store = store;
        this.key = key;
        this.range = range;
        this.known = known;
        this.options = options;
        this.hedges = new HedgingCoordinator(options.hedging(), environment.clock()::nanoTime);
        this.room = target.room();
        ByteRanges.requireRoom(range, room);
        if (!options.resumable()) {
            this.target = target.open();
            this.resumption = Optional.empty();
            return;
        }
        if (range.offset() != 0 || range.kind() != ByteRange.Kind.TO_END) {
            throw new IllegalArgumentException("only a download of the whole blob can be resumed; got " + range);
        }
        BlobTarget.ResumableWriter writer = target.resume();
        try {
            this.resumption = Optional.of(DownloadResumption.open(store, writer));
            this.target = writer;
        } catch (IOException | RuntimeException e) {
            writer.close();
            throw e;
        }
    }

    // ---- workers

    @Override
    void begin() throws IOException, InterruptedException {
        if (known.isPresent() && range.kind() == ByteRange.Kind.EXACT && range.length() > options.partSize()) {
            beginTogether(known.get());
            return;
        }
        ReadOptions read = options.read();
        if (resumption.isPresent()) {
            Optional<BlobVersion> wanted = read.ifMatch();
            BlobMetadata blob = retrying("head", () -> MetadataRequest.send(store, key, wanted));
            requirePossibleSize(blob);
            resumption.get().begin(key, blob, Plan.partSize(blob.size(), options.partSize()));
            beginTogether(blob);
            return;
        }
        if (range.kind() == ByteRange.Kind.SUFFIX && range.length() > options.partSize()) {
            Optional<BlobVersion> wanted = read.ifMatch();
            BlobMetadata blob = retrying("head", () -> MetadataRequest.send(store, key, wanted));
            range = ByteRanges.resolve(range, key, blob.size(), room);
            read = ReadOptions.ifMatch(blob.version());
        }
        long toTheLastOffset = Long.MAX_VALUE - range.offset();
        long most = Math.min(Math.min(options.partSize(), toTheLastOffset), Math.min(room, range.length()));
        // A range that fits into one request is requested unchanged: the store then verifies a whole blob. Otherwise,
        // the first part's response reports the size.
        boolean fits = most == room || (range.kind() != ByteRange.Kind.TO_END && most == range.length());
        ByteRange requested = fits ? range : ByteRange.atMost(range.offset(), most);
        ResumableRangeRead first = fetch(read, 0);
        boolean compared = retrying("part 1", () -> withinBudget(most, () -> beginWith(first, requested, most)));
        Plan made = planned();
        arrived(made, 0, first);
        callOthers(made);
        goOn(made, compared);
    }

    /** Reads the first part while other workers read the others. */
    private void beginTogether(BlobMetadata blob) throws IOException, InterruptedException {
        Plan made = plan(blob);
        callOthers(made);
        if (!isReceived(made, 0)) {
            long length = made.length(0);
            ResumableRangeRead first = fetch(ReadOptions.ifMatch(blob.version()), 0);
            retrying(
                    "part 1",
                    () -> withinBudget(length, () -> {
                        first.finish(length);
                        return first;
                    }));
            arrived(made, 0, first);
        }
        goOn(made, false);
    }

    private void callOthers(Plan made) {
        call(Math.min(options.concurrency(), made.partCount()) - 1, this::fetchParts);
    }

    /** Does the rest of the first worker's work. */
    private void goOn(Plan made, boolean compared) throws IOException, InterruptedException {
        if (!isStopped() && made.isWhole() && !compared && made.blob.checksum().isEmpty()) {
            described = describe(made.blob);
        }
        countDown(made);
        fetchParts();
    }

    /** Returns whether the store returned a whole blob with one request, and so verified its checksum. */
    private boolean beginWith(ResumableRangeRead first, ByteRange requested, long most) throws IOException {
        boolean untouched = first.blob().isEmpty();
        if (untouched) {
            first.begin(requested, most);
        }
        Plan made = plan(first.blob().orElseThrow());
        boolean compared = untouched && first.done() == made.blob.size();
        first.finish(made.length(0));
        return compared;
    }

    private Plan plan(BlobMetadata blob) throws IOException {
        Plan made = plan;
        if (made == null) {
            requirePossibleSize(blob);
            made = Plan.of(
                    blob, ByteRanges.resolve(range, key, blob.size(), room).length(), options.partSize());
            target.reserve(made.length);
            tracker().planned(made.length, made.partCount());
            plan = made;
        }
        return made;
    }

    /** Checks the size that a server has reported, before memory or disk space is reserved for it. */
    private void requirePossibleSize(BlobMetadata blob) throws BlobStoreException {
        long max = store.capabilities().maxBlobSize();
        if (blob.size() > max) {
            throw new BlobStoreException(
                    OPERATION,
                    key,
                    "the store reports a size of " + blob.size() + " bytes, but its blobs have at most " + max,
                    null,
                    false);
        }
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
            if (isReceived(made, number)) {
                hedges.arrived(part);
                return;
            }
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

    /** A second response for a part. */
    private record Spare(ByteBuffer content, ResumableRangeRead fetch) {}

    /**
     * Sends a second request for a part, without retries, into separate memory: the first one may still write into the
     * target. Sends none while the store throttles.
     */
    private void fetchAgain(Plan made, HedgingCoordinator.Part late) throws IOException, InterruptedException {
        long length = made.length(late.number);
        long offset = made.offset(late.number);
        boolean first = false;
        try {
            Optional<Spare> arrived = unlessThrottled(() -> withinBudget(length, () -> {
                ByteBuffer content = ByteBuffer.allocateDirect(Math.toIntExact(length));
                ResumableRangeRead fetch = new ResumableRangeRead(
                        store,
                        key,
                        ReadOptions.ifMatch(made.blob.version()),
                        BlobTarget.of(content).open(),
                        range.offset() + offset,
                        0);
                fetch.finish(length);
                return new Spare(content, fetch);
            }));
            first = arrived.isPresent() && hedges.arrived(late);
            if (first) {
                hedges.awaitFirst(late);
                copy(arrived.get().content, offset);
                arrived(made, late.number, arrived.get().fetch);
            }
        } catch (IOException | InterruptedException | RuntimeException | OutOfMemoryError e) {
            if (first || (!hedges.isLost(late) && Interrupts.caused(e))) {
                throw e;
            }
            LOG.debug("The second request for part {} of '{}' failed or was too late", late.number + 1, key, e);
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
        fetch.requireSizeOf(made.blob);
        if (resumption.isPresent()) {
            resumption.get().arrived(part, fetch.checksum());
        }
        received(made, part, fetch.checksum(), fetch.done());
    }

    /** Returns whether a part is in the target since an earlier attempt; if so, it counts as read. */
    private boolean isReceived(Plan made, int part) throws IOException, InterruptedException {
        if (resumption.isEmpty()) {
            return false;
        }
        long length = made.length(part);
        Optional<Crc32c> checksum = resumption.get().received(part, made.offset(part), length);
        if (checksum.isPresent()) {
            received(made, part, checksum.get(), length);
        }
        return checksum.isPresent();
    }

    private void received(Plan made, int part, Crc32c checksum, long length) throws IOException, InterruptedException {
        made.checksums.set(part, checksum.value());
        tracker().moved(length);
        countDown(made);
    }

    /**
     * Requests the metadata again after the last part has arrived, if the blob has no checksum to compare with. A
     * server that checks the version before it opens the content may have sent newer content; if the version still
     * exists, it has not.
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
            throw new IllegalStateException("no part can be read before the first response");
        }
        return made;
    }

    /** Requests the metadata: a response with a part of the blob need not contain the checksum of the whole. */
    private BlobMetadata describe(BlobMetadata blob) throws IOException, InterruptedException {
        BlobMetadata found;
        try {
            found = retrying("head", () -> MetadataRequest.send(store, key, Optional.of(blob.version())));
        } catch (PreconditionFailedException e) {
            throw new PreconditionFailedException(OPERATION, key, "it was replaced while it was read", e);
        }
        if (found.size() != blob.size()) {
            throw ResumableRangeRead.twoSizes(key, blob.size(), found.size());
        }
        return found;
    }

    // ---- completion

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
                    "the store reports " + blob.checksum().get() + ", but " + checksum
                            + " was read; the content must not be used: read again",
                    null);
        }
        target.commit(made.length);
        return ReadResult.of(blob, made.length, checksum);
    }

    @Override
    void release(@Nullable Throwable problem) {
        try {
            if (resumption.isPresent()) {
                resumption.get().end(problem);
            }
            target.close();
        } catch (IOException e) {
            if (problem != null) {
                problem.addSuppressed(e);
            }
            LOG.warn("The incomplete content of '{}' could not be removed", key, e);
        }
    }
}
