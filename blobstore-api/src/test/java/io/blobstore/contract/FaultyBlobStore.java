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
import io.blobstore.contract.FaultInjector.Draw;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.ForwardingMultipartUpload;
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

    private final FaultInjector faults;

    private FaultyBlobStore(Builder builder) {
        super(builder.delegate);
        faults = new FaultInjector(builder.plan());
    }

    /** Returns a builder of a store that forwards to another one, by default without faults. */
    public static Builder over(BlobStore delegate) {
        return new Builder(delegate);
    }

    // ---- for tests

    /** Returns the number of requests so far, including failed ones. */
    public long requests() {
        return faults.requests();
    }

    /** Returns the number of requests of one operation so far, including failed ones. */
    public int requests(Operation operation) {
        return faults.requests(operation);
    }

    /** Returns the number of faults of one kind that were injected. */
    public int injected(Fault fault) {
        return faults.injected(fault);
    }

    /** Returns the number of faults that were injected. */
    public int injected() {
        return faults.injected();
    }

    /** Waits until a request stalls for which this method has not returned yet. */
    public void awaitStall() throws InterruptedException {
        faults.awaitStall();
    }

    /** Releases the stalled requests, and stalls no others. */
    public void releaseStalls() {
        faults.releaseStalls();
    }

    private interface Request<T> {
        T send() throws IOException;
    }

    private <T> T send(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        Draw draw = faults.draw(operation, key, 0);
        faults.before(draw);
        T response = request.send();
        faults.after(draw);
        return response;
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
        Draw draw = faults.draw(Operation.READ, key, Long.hashCode(range.offset()));
        faults.before(draw);
        try {
            ReadResult arrived = WholeReads.read(range, target, content -> {
                ReadResult read = delegate().read(key, range, content, options);
                return damage(draw, read, content);
            });
            faults.after(draw);
            return arrived;
        } finally {
            if (draw.fault() == Fault.TRUNCATED_READ) {
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
        if (draw.fault() == Fault.TRUNCATED_READ) {
            int arrived = bytes == 0 ? 0 : draw.random().nextInt(bytes);
            content.position(arrived);
            String problem = "the connection ended after " + arrived + " of " + bytes + " bytes";
            BlobStoreException failure = faults.failure(draw, problem, true);
            if (arrived == 0) {
                throw failure;
            }
            Crc32c checksum = Crc32c.of(content.duplicate().flip());
            throw new PartialReadException(
                    read.blob().key(), ReadResult.of(read.blob(), arrived, checksum), problem + " (injected)", null);
        }
        if (draw.fault() == Fault.FLIPPED_READ && bytes > 0) {
            faults.injecting(Fault.FLIPPED_READ);
            flipBit(content, 0, bytes, draw.random());
            Crc32c found = Crc32c.of(content.duplicate().flip());
            BlobMetadata blob = read.blob();
            if (bytes == blob.size() && blob.checksum().isPresent()) {
                throw new IntegrityException(
                        Operation.READ,
                        draw.key(),
                        "expected " + blob.checksum().get() + ", found " + found,
                        null);
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
        Draw draw = faults.draw(Operation.LIST, null, 0);
        faults.before(draw);
        BlobListing listing = delegate().list(options);
        if (draw.fault() == Fault.RESPONSE_LOST) {
            listing.close(); // the caller does not receive it
        }
        faults.after(draw);
        return listing;
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        Draw draw = faults.draw(Operation.DELETE, key, 0);
        faults.before(draw);
        delegate().delete(key);
        faults.after(draw);
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
        Draw draw = faults.draw(Operation.CREATE_UPLOAD, key, 0);
        faults.before(draw);
        MultipartUpload upload = delegate().createMultipartUpload(key, layout, options);
        if (draw.fault() == Fault.RESPONSE_LOST) {
            upload.close();
        }
        faults.after(draw);
        return new FaultyUpload(upload);
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Draw draw = faults.draw(Operation.RESUME_UPLOAD, key, 0);
        faults.before(draw);
        Optional<MultipartUpload> upload = delegate().resumeMultipartUpload(key, id, layout, options);
        faults.after(draw);
        return upload.map(FaultyUpload::new);
    }

    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        Draw draw = faults.draw(Operation.LIST_UPLOADS, null, 0);
        faults.before(draw);
        UploadListing listing = delegate().listUploads(prefix);
        if (draw.fault() == Fault.RESPONSE_LOST) {
            listing.close(); // the caller does not receive it
        }
        faults.after(draw);
        return listing;
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        Draw draw = faults.draw(Operation.ABORT_UPLOAD, key, 0);
        faults.before(draw);
        delegate().abortUpload(key, id);
        faults.after(draw);
    }

    /** Closes the store, and releases stalled requests. */
    @Override
    public void close() throws IOException {
        releaseStalls();
        delegate().close();
    }

    private final class FaultyUpload extends ForwardingMultipartUpload {
        /** The parts that the sender intended to send, where other content arrived. */
        private final ConcurrentHashMap<Integer, UploadedPart> damaged = new ConcurrentHashMap<>();

        private volatile boolean ended;

        FaultyUpload(MultipartUpload delegate) {
            super(delegate);
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            Draw draw = faults.draw(Operation.UPLOAD_PART, key(), partNumber);
            faults.before(draw);
            UploadedPart part;
            if (draw.fault() == Fault.FLIPPED_PART) {
                faults.injecting(Fault.FLIPPED_PART);
                Crc32c sent = Crc32c.of(content);
                UploadedPart arrived = super.uploadPart(partNumber, flipped(content, draw.random()));
                part = UploadedPart.of(partNumber, arrived.size(), sent);
                damaged.put(partNumber, part);
            } else {
                part = super.uploadPart(partNumber, content);
                damaged.remove(partNumber);
            }
            faults.after(draw);
            return part;
        }

        private BlobSource flipped(BlobSource content, SplittableRandom random) throws IOException {
            ByteBuffer copy = ByteBuffer.allocateDirect(Math.toIntExact(content.size()));
            content.forEachBuffer(1 << 20, copy::put);
            flipBit(copy.flip(), 0, copy.limit(), random);
            return BlobSource.of(copy);
        }

        @Override
        public List<UploadedPart> parts() {
            return super.parts().stream()
                    .map(part -> damaged.getOrDefault(part.partNumber(), part))
                    .toList();
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            return send(Operation.COMPLETE_UPLOAD, key(), () -> {
                StoredBlob stored = super.complete(checksum);
                ended = true;
                return stored;
            });
        }

        @Override
        public void abort() throws IOException {
            end(super::abort);
        }

        @Override
        public void close() throws IOException {
            end(super::close);
        }

        private void end(Ending ending) throws IOException {
            if (ended) {
                ending.run(); // sends no request any more
                return;
            }
            Draw draw = faults.draw(Operation.ABORT_UPLOAD, key(), 0);
            faults.before(draw);
            ending.run();
            ended = true;
            faults.after(draw);
        }

        @Override
        public String toString() {
            return "FaultyUpload(" + delegate() + ")";
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
        private final Map<FaultPlan.Nth, Fault> byOperation = new HashMap<>();
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
            byOperation.put(new FaultPlan.Nth(operation, request), fault);
            return this;
        }

        /** Sets the delay that {@link Fault#THROTTLED} demands; default 1 s. */
        public Builder retryAfter(Duration duration) {
            retryAfter = duration;
            return this;
        }

        private FaultPlan plan() {
            return new FaultPlan(
                    seed,
                    new EnumMap<>(chances),
                    EnumSet.copyOf(byChance),
                    Map.copyOf(byNumber),
                    Map.copyOf(byOperation),
                    retryAfter);
        }

        /** Builds the store. Closing it closes the store to which it forwards. */
        public FaultyBlobStore build() {
            return new FaultyBlobStore(this);
        }
    }
}
