package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.ThrottledException;
import io.blobstore.UploadListing;
import io.blobstore.UploadedPart;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A store that injects the faults of networks, disks and object stores: on demand, or at random from a seed.
 *
 * <p>A random fault of a request depends on the seed, the operation, the key, the part (or the offset of a range) and
 * the number of the attempt, but not on the order of threads: a seed that has found a bug finds it again.
 *
 * <p>Thread-safe.
 */
public final class FaultyBlobStore extends ForwardingBlobStore {
    /** A kind of fault. */
    public enum Fault {
        /** The request does not reach the store. Retryable. */
        ERROR,
        /** The request takes effect, and its response is lost. Retryable. */
        RESPONSE_LOST,
        /** The store rejects the request permanently. */
        FATAL_ERROR,
        /** The store rejects the request with a {@link ThrottledException}. Retryable. */
        THROTTLED,
        /** The connection ends in the middle of the content of a read. Retryable. */
        TRUNCATED_READ,
        /** A bit of the content of a read is flipped in transit. Detected at once if the whole blob is read. */
        FLIPPED_READ,
        /** A bit of a part is flipped in transit. To be detected when the upload is completed. */
        FLIPPED_PART,
        /** The request blocks until {@link FaultyBlobStore#releaseStalls} or an interrupt. */
        STALL;

        boolean concerns(Operation operation) {
            return switch (this) {
                case TRUNCATED_READ, FLIPPED_READ -> operation == Operation.READ;
                case FLIPPED_PART -> operation == Operation.UPLOAD_PART;
                default -> true;
            };
        }
    }

    private final long seed;
    private final Map<Fault, Double> chances;
    private final Set<Operation> byChance;
    private final Map<Long, Fault> byNumber;
    private final Map<Nth, Fault> byOperation;
    private final Duration retryAfter;

    private final AtomicLong requests = new AtomicLong();
    private final Map<Operation, AtomicInteger> perOperation = new EnumMap<>(Operation.class);
    private final Map<Fault, AtomicInteger> injected = new EnumMap<>(Fault.class);
    private final ConcurrentHashMap<String, Integer> attempts = new ConcurrentHashMap<>();
    private final Semaphore stalls = new Semaphore(0);
    private final CountDownLatch stallsReleased = new CountDownLatch(1);

    private FaultyBlobStore(Builder builder) {
        super(builder.delegate);
        seed = builder.seed;
        chances = new EnumMap<>(builder.chances);
        byChance = EnumSet.copyOf(builder.byChance);
        byNumber = Map.copyOf(builder.byNumber);
        byOperation = Map.copyOf(builder.byOperation);
        retryAfter = builder.retryAfter;
        for (Operation operation : Operation.values()) {
            perOperation.put(operation, new AtomicInteger());
        }
        for (Fault fault : Fault.values()) {
            injected.put(fault, new AtomicInteger());
        }
    }

    /** Returns a builder of a store that forwards to another one, by default without faults. */
    public static Builder over(BlobStore delegate) {
        return new Builder(delegate);
    }

    // ---- for tests

    /** Returns the number of requests so far, including failed ones. */
    public long requests() {
        return requests.get();
    }

    /** Returns the number of requests of one operation so far, including failed ones. */
    public int requests(Operation operation) {
        return count(perOperation, operation).get();
    }

    /** Returns the number of faults of one kind that were injected. */
    public int injected(Fault fault) {
        return count(injected, fault).get();
    }

    /** Returns the number of faults that were injected. */
    public int injected() {
        return injected.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    /** Waits until a request stalls for which this method has not returned yet. */
    public void awaitStall() throws InterruptedException {
        stalls.acquire();
    }

    /** Releases the stalled requests, and stalls no others. */
    public void releaseStalls() {
        stallsReleased.countDown();
    }

    // ---- choosing and injecting faults

    private interface Request<T> {
        T send() throws IOException;
    }

    /** The nth request of a kind, from 1. */
    private record Nth(Operation operation, int number) {}

    /**
     * A request and its fault.
     *
     * @param random the source of the details
     */
    private record Draw(
            Operation operation,
            @Nullable BlobKey key,
            @Nullable Fault fault,
            SplittableRandom random) {}

    private Draw draw(Operation operation, @Nullable BlobKey key, int part) {
        String what = operation.name() + "|" + key + "|" + part;
        int attempt = attempts.merge(what, 1, Integer::sum);
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + (what + "|" + attempt).hashCode());
        long number = requests.incrementAndGet();
        int nth = count(perOperation, operation).incrementAndGet();
        return new Draw(operation, key, fault(operation, number, nth, random), random);
    }

    private @Nullable Fault fault(Operation operation, long number, int nth, SplittableRandom random) {
        Fault chosen = byNumber.getOrDefault(number, byOperation.get(new Nth(operation, nth)));
        if (chosen != null && chosen.concerns(operation)) {
            return chosen;
        }
        for (Map.Entry<Fault, Double> chance : chances.entrySet()) {
            boolean hit = random.nextDouble()
                    < chance.getValue(); // always drawn, so that one chance does not affect the others
            if (hit && chance.getKey().concerns(operation) && byChance.contains(operation)) {
                return chance.getKey();
            }
        }
        return null;
    }

    private <T> T send(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        Draw draw = draw(operation, key, 0);
        before(draw);
        T response = request.send();
        after(draw);
        return response;
    }

    /** Injects the faults that occur before the store receives the request. */
    private void before(Draw draw) throws IOException {
        if (draw.fault == null) {
            return;
        }
        switch (draw.fault) {
            case ERROR -> throw failure(draw, "the connection was reset before the request was sent", true);
            case FATAL_ERROR -> throw failure(draw, "the store rejects the request", false);
            case THROTTLED -> {
                count(injected, Fault.THROTTLED).incrementAndGet();
                throw new ThrottledException(draw.operation, draw.key, "too many requests", retryAfter, null);
            }
            case STALL -> stall(draw);
            default -> {
                // Injected elsewhere.
            }
        }
    }

    /** Injects the loss of the response. */
    private void after(Draw draw) throws IOException {
        if (draw.fault == Fault.RESPONSE_LOST) {
            throw failure(draw, "the connection was reset before the response arrived", true);
        }
    }

    private void stall(Draw draw) throws IOException {
        count(injected, Fault.STALL).incrementAndGet();
        stalls.release();
        try {
            stallsReleased.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BlobStoreException(draw.operation, draw.key, "interrupted while the store stalled", e, false);
        }
    }

    private BlobStoreException failure(Draw draw, String problem, boolean retryable) {
        if (draw.fault != null) {
            count(injected, draw.fault).incrementAndGet();
        }
        return new BlobStoreException(draw.operation, draw.key, problem + " (injected)", null, retryable);
    }

    private static <K> AtomicInteger count(Map<K, AtomicInteger> counts, K key) {
        AtomicInteger count = counts.get(key);
        if (count == null) {
            throw new AssertionError("no counter of " + key);
        }
        return count;
    }

    // ---- BlobStore

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return send(Operation.STORE, key, () -> delegate().store(key, content, options));
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Draw draw = draw(Operation.READ, key, Long.hashCode(range.offset()));
        before(draw);
        try {
            ReadResult arrived = WholeReads.read(range, target, content -> {
                ReadResult read = delegate().read(key, range, content, options);
                return damage(draw, read, content);
            });
            after(draw);
            return arrived;
        } finally {
            if (draw.fault == Fault.TRUNCATED_READ) {
                spoil(target.buffer().duplicate()); // the bytes that did not arrive
            }
        }
    }

    private static void spoil(ByteBuffer memory) {
        while (memory.hasRemaining()) {
            memory.put((byte) 0xDB);
        }
    }

    private ReadResult damage(Draw draw, ReadResult read, ByteBuffer content) throws IOException {
        int bytes = content.position();
        if (draw.fault == Fault.TRUNCATED_READ) {
            int arrived = bytes == 0 ? 0 : draw.random.nextInt(bytes);
            content.position(arrived);
            String problem = "the connection ended after " + arrived + " of " + bytes + " bytes";
            BlobStoreException failure = failure(draw, problem, true);
            if (arrived == 0) {
                throw failure;
            }
            Crc32c checksum = Crc32c.of(content.duplicate().flip());
            throw new PartialReadException(
                    read.blob().key(), ReadResult.of(read.blob(), arrived, checksum), problem + " (injected)", null);
        }
        if (draw.fault == Fault.FLIPPED_READ && bytes > 0) {
            count(injected, Fault.FLIPPED_READ).incrementAndGet();
            flipBit(content, 0, bytes, draw.random);
            Crc32c found = Crc32c.of(content.duplicate().flip());
            BlobMetadata blob = read.blob();
            if (bytes == blob.size() && blob.checksum().isPresent()) {
                throw new IntegrityException(
                        Operation.READ, draw.key, "expected " + blob.checksum().get() + ", found " + found, null);
            }
            return ReadResult.of(blob, bytes, found);
        }
        return read;
    }

    private static void flipBit(ByteBuffer target, int start, int bytes, SplittableRandom random) {
        int at = start + random.nextInt(bytes);
        target.put(at, (byte) (target.get(at) ^ 1 << random.nextInt(Byte.SIZE)));
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return send(Operation.HEAD, key, () -> delegate().head(key));
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        Draw draw = draw(Operation.LIST, null, 0);
        before(draw);
        BlobListing listing = delegate().list(options);
        if (draw.fault == Fault.RESPONSE_LOST) {
            listing.close(); // the caller does not receive it
        }
        after(draw);
        return listing;
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        Draw draw = draw(Operation.DELETE, key, 0);
        before(draw);
        delegate().delete(key);
        after(draw);
    }

    /** Deletes the blobs one by one, so that each key has its own fault. */
    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        Objects.requireNonNull(keys, "keys");
        delegate().delete(List.of()); // fails if the store is closed, even without keys
        return Deletions.oneByOne(keys, this::delete);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        return send(Operation.DELETE_ALL, null, () -> delegate().deleteAll(prefix));
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        return send(Operation.COPY, from, () -> delegate().copy(from, to, options));
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException {
        return send(Operation.PRESIGN, key, () -> delegate().presign(key, options));
    }

    /**
     * Creates an upload, and aborts it if its response is lost: no caller could abort it, and real stores delete such
     * uploads by themselves.
     */
    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        Draw draw = draw(Operation.CREATE_UPLOAD, key, 0);
        before(draw);
        MultipartUpload upload = delegate().createMultipartUpload(key, layout, options);
        if (draw.fault == Fault.RESPONSE_LOST) {
            upload.close();
        }
        after(draw);
        return new FaultyUpload(upload);
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Draw draw = draw(Operation.RESUME_UPLOAD, key, 0);
        before(draw);
        Optional<MultipartUpload> upload = delegate().resumeMultipartUpload(key, id, layout, options);
        after(draw);
        return upload.map(FaultyUpload::new);
    }

    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        Draw draw = draw(Operation.LIST_UPLOADS, null, 0);
        before(draw);
        UploadListing listing = delegate().listUploads(prefix);
        if (draw.fault == Fault.RESPONSE_LOST) {
            listing.close(); // the caller does not receive it
        }
        after(draw);
        return listing;
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        Draw draw = draw(Operation.ABORT_UPLOAD, key, 0);
        before(draw);
        delegate().abortUpload(key, id);
        after(draw);
    }

    /** Closes the store, and releases stalled requests. */
    @Override
    public void close() throws IOException {
        releaseStalls();
        delegate().close();
    }

    private final class FaultyUpload implements MultipartUpload {
        private final MultipartUpload delegate;
        /** The parts that the sender intended to send, where other content arrived. */
        private final ConcurrentHashMap<Integer, UploadedPart> damaged = new ConcurrentHashMap<>();

        private volatile boolean ended;

        FaultyUpload(MultipartUpload delegate) {
            this.delegate = delegate;
        }

        @Override
        public BlobKey key() {
            return delegate.key();
        }

        @Override
        public String id() {
            return delegate.id();
        }

        @Override
        public PartLayout layout() {
            return delegate.layout();
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            Draw draw = draw(Operation.UPLOAD_PART, key(), partNumber);
            before(draw);
            UploadedPart part;
            if (draw.fault == Fault.FLIPPED_PART) {
                count(injected, Fault.FLIPPED_PART).incrementAndGet();
                Crc32c sent = Crc32c.of(content);
                UploadedPart arrived = delegate.uploadPart(partNumber, flipped(content, draw.random));
                part = UploadedPart.of(partNumber, arrived.size(), sent);
                damaged.put(partNumber, part);
            } else {
                part = delegate.uploadPart(partNumber, content);
                damaged.remove(partNumber);
            }
            after(draw);
            return part;
        }

        private BlobSource flipped(BlobSource content, SplittableRandom random) throws IOException {
            ByteBuffer copy = ByteBuffer.allocateDirect(Math.toIntExact(content.size()));
            content.forEachBuffer(1 << 20, copy::put);
            flipBit(copy.flip(), 0, copy.limit(), random);
            return BlobSource.of(copy);
        }

        @Override
        public void keep() throws IOException {
            delegate.keep();
        }

        @Override
        public List<UploadedPart> parts() {
            return delegate.parts().stream()
                    .map(part -> damaged.getOrDefault(part.partNumber(), part))
                    .toList();
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            return send(Operation.COMPLETE_UPLOAD, key(), () -> {
                StoredBlob stored = delegate.complete(checksum);
                ended = true;
                return stored;
            });
        }

        @Override
        public void abort() throws IOException {
            end(delegate::abort);
        }

        @Override
        public void close() throws IOException {
            end(delegate::close);
        }

        private void end(Ending ending) throws IOException {
            if (ended) {
                ending.run(); // sends no request any more
                return;
            }
            Draw draw = draw(Operation.ABORT_UPLOAD, key(), 0);
            before(draw);
            ending.run();
            ended = true;
            after(draw);
        }

        @Override
        public String toString() {
            return "FaultyUpload(" + delegate + ")";
        }
    }

    private interface Ending {
        void run() throws IOException;
    }

    /** Builds a store that injects faults. Not thread-safe. */
    public static final class Builder {
        private final BlobStore delegate;
        private final Map<Fault, Double> chances = new EnumMap<>(Fault.class);
        private final Map<Long, Fault> byNumber = new HashMap<>();
        private final Map<Nth, Fault> byOperation = new HashMap<>();
        private Set<Operation> byChance = EnumSet.allOf(Operation.class);
        private Duration retryAfter = Duration.ofSeconds(1);
        private long seed;

        private Builder(BlobStore delegate) {
            this.delegate = delegate;
        }

        /** Sets the seed of random faults; default 0. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** Sets the probability of a fault, from 0 to 1, for each request in which it can occur. */
        public Builder chance(Fault fault, double probability) {
            chances.put(fault, probability);
            return this;
        }

        /** Restricts random faults to these operations; default: all. */
        public Builder chanceOnlyFor(Operation... operations) {
            byChance = EnumSet.copyOf(Arrays.asList(operations));
            return this;
        }

        /**
         * Injects a fault into the nth request, counted from 1 over all operations, in the order in which they arrive.
         * A fault that cannot occur in this request is ignored.
         */
        public Builder at(long request, Fault fault) {
            byNumber.put(request, fault);
            return this;
        }

        /** Injects a fault into the nth request of one operation, counted from 1. */
        public Builder at(Operation operation, int request, Fault fault) {
            byOperation.put(new Nth(operation, request), fault);
            return this;
        }

        /** Sets the delay that {@link Fault#THROTTLED} demands; default 1 s. */
        public Builder retryAfter(Duration duration) {
            retryAfter = duration;
            return this;
        }

        /** Builds the store. Closing it closes the store to which it forwards. */
        public FaultyBlobStore build() {
            return new FaultyBlobStore(this);
        }
    }
}
