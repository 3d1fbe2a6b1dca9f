package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.spi.ByteRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/**
 * A store of one blob of any size, whose content is generated when it is read. A test can replace the blob, and
 * observe, block and fail requests.
 */
final class PatternStore extends ForwardingBlobStore {
    static final BlobKey KEY = ScriptedStore.KEY;

    /** The content is repetitions of this pattern. Its length is a prime, so that bytes from a wrong offset differ. */
    private static final byte[] PATTERN = new byte[1_048_573];

    static {
        new SplittableRandom(7).nextBytes(PATTERN);
    }

    /** A request for content. */
    record Read(long offset, long length) {
        long end() {
            return offset + length;
        }
    }

    /** An action inside a request, before its response. */
    interface Step {
        void run(Read read) throws IOException;
    }

    private record Blob(long size, int version) {}

    private final List<Read> reads = new CopyOnWriteArrayList<>();
    private final AtomicInteger heads = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    private volatile Optional<Blob> blob;
    private volatile Step step = read -> {};
    private volatile Step headStep = read -> {};

    PatternStore(long size) {
        super(new InMemoryBlobStore());
        blob = Optional.of(new Blob(size, 1));
    }

    /** Stores the first content of the blob, or replaces it. */
    void replace(long size) {
        blob = Optional.of(new Blob(size, blob.map(Blob::version).orElse(1) + 1));
    }

    @Override
    public void delete(BlobKey key) {
        blob = Optional.empty();
    }

    /** Sets the action inside requests for content. */
    void onRead(Step step) {
        this.step = step;
    }

    /** Sets the action inside metadata requests. */
    void onHead(Step step) {
        headStep = step;
    }

    /** Returns the requests for content, in the order in which they began. */
    List<Read> reads() {
        return reads;
    }

    /** Returns the sum of the bytes requested. */
    long bytes() {
        return reads.stream().mapToLong(Read::length).sum();
    }

    int heads() {
        return heads.get();
    }

    /** Returns the number of requests for content in flight. */
    int inside() {
        return inside.get();
    }

    int mostInside() {
        return mostInside.get();
    }

    /** Asserts that bytes are those of the first version. */
    static void assertContent(long from, ByteBuffer actual) {
        forEachPiece(from, actual.remaining(), 1, expected -> {
            int bytes = expected.remaining();
            assertThat(actual.slice(actual.position(), bytes).mismatch(expected))
                    .as(
                            "first difference in %d bytes before the last %d of a read at %d",
                            bytes, actual.remaining(), from)
                    .isEqualTo(-1);
            actual.position(actual.position() + bytes);
        });
    }

    private interface Consumer<E extends Exception> {
        void accept(ByteBuffer piece) throws E;
    }

    /**
     * Passes the pattern itself, piece by piece: a new array for each of these large reads would mostly cause garbage
     * collection.
     */
    private static <E extends Exception> void forEachPiece(long from, int length, int version, Consumer<E> consumer)
            throws E {
        int at = (int) ((from % PATTERN.length + version * 7919L) % PATTERN.length);
        for (int left = length; left > 0; at = 0) {
            int bytes = Math.min(left, PATTERN.length - at);
            consumer.accept(ByteBuffer.wrap(PATTERN, at, bytes));
            left -= bytes;
        }
    }

    // ---- requests

    @Override
    public StoreCapabilities capabilities() {
        return super.capabilities().toBuilder().maxBlobSize(Long.MAX_VALUE).build();
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        Blob found = blob.orElseThrow(() -> new BlobNotFoundException(Operation.READ, key, null));
        if (!options.ifMatch().orElse(version(found)).equals(version(found))) {
            throw new PreconditionFailedException(Operation.READ, key, "it was replaced", null);
        }
        int bytes = (int) ByteRanges.resolve(range, key, found.size, target.remaining());
        Read read = new Read(range.offset(), bytes);
        reads.add(read);
        mostInside.accumulateAndGet(inside.incrementAndGet(), Math::max);
        try {
            step.run(read);
            CRC32C checksum = new CRC32C();
            forEachPiece(range.offset(), bytes, found.version, piece -> {
                checksum.update(piece.duplicate());
                target.put(piece);
            });
            return ReadResult.of(metadata(found), bytes, new Crc32c((int) checksum.getValue()));
        } finally {
            inside.decrementAndGet();
        }
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        heads.incrementAndGet();
        headStep.run(new Read(0, 0));
        return metadata(blob.orElseThrow(() -> new BlobNotFoundException(Operation.HEAD, key, null)));
    }

    static BlobVersion version(int number) {
        return new BlobVersion("v" + number);
    }

    private static BlobVersion version(Blob blob) {
        return version(blob.version);
    }

    private static BlobMetadata metadata(Blob blob) {
        return BlobMetadata.builder(KEY, blob.size, version(blob), Instant.EPOCH)
                .build();
    }
}
