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
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/**
 * A store of one blob of any size, whose content is generated when it is read. A test can replace the blob, and
 * observe, block and fail requests.
 */
public final class PatternStore extends ForwardingBlobStore {
    /** The key of the blob. */
    public static final BlobKey KEY = ScriptedStore.KEY;

    /** The content is repetitions of this pattern. Its length is a prime, so that bytes from a wrong offset differ. */
    private static final byte[] PATTERN = new byte[1_048_573];

    static {
        new SplittableRandom(7).nextBytes(PATTERN);
    }

    /**
     * A request for content.
     *
     * @param offset the offset of its first byte
     * @param length the number of bytes
     */
    public record Read(long offset, long length) {
        /** Returns the offset behind its last byte. */
        public long end() {
            return offset + length;
        }
    }

    /** An action inside a request, before its response. */
    public interface Step {
        /** Runs in the thread of the request. */
        void run(Read read) throws IOException;
    }

    private record Blob(long size, int version) {}

    private final Queue<Read> reads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger heads = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    private volatile Optional<Blob> blob;
    private volatile Step step = read -> {};
    private volatile Step headStep = read -> {};
    private volatile boolean reportsChecksum;
    private volatile long damagedByte = -1;

    /** Creates a store whose blob has this many bytes. */
    public PatternStore(long size) {
        super(new InMemoryBlobStore());
        blob = Optional.of(new Blob(size, 1));
    }

    /** Stores the first content of the blob, or replaces it. */
    public void replace(long size) {
        blob = Optional.of(new Blob(size, blob.map(Blob::version).orElse(1) + 1));
    }

    @Override
    public void delete(BlobKey key) {
        blob = Optional.empty();
    }

    /** Makes the store report the checksum of the whole blob, in responses to all requests. */
    public PatternStore reportingChecksum() {
        reportsChecksum = true;
        return this;
    }

    /** Flips a bit of one byte of the content in all further responses; a negative offset ends that. */
    public void damage(long offset) {
        damagedByte = offset;
    }

    /** Sets the action inside requests for content. */
    public void onRead(Step step) {
        this.step = step;
    }

    /** Sets the action inside metadata requests. */
    public void onHead(Step step) {
        headStep = step;
    }

    /** Returns the requests for content, in the order in which they began. */
    public List<Read> reads() {
        return List.copyOf(reads);
    }

    /** Forgets the requests for content. */
    public void clearReads() {
        reads.clear();
    }

    /** Returns the sum of the bytes requested. */
    public long bytes() {
        return reads.stream().mapToLong(Read::length).sum();
    }

    /** Returns the number of requests for metadata. */
    public int heads() {
        return heads.get();
    }

    /** Returns the number of requests for content in flight. */
    public int inside() {
        return inside.get();
    }

    /** Returns the largest number of requests for content that were in flight at once. */
    public int mostInside() {
        return mostInside.get();
    }

    /** Asserts that bytes are those of the first version. */
    public static void assertContent(long from, ByteBuffer actual) {
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
        ByteRange exact = ByteRanges.resolve(range, key, found.size, target.remaining());
        int bytes = (int) exact.length();
        Read read = new Read(exact.offset(), bytes);
        reads.add(read);
        mostInside.accumulateAndGet(inside.incrementAndGet(), Math::max);
        try {
            step.run(read);
            CRC32C checksum = new CRC32C();
            long[] at = {exact.offset()};
            forEachPiece(exact.offset(), bytes, found.version, piece -> {
                ByteBuffer sent = damaged(at[0], piece);
                at[0] += sent.remaining();
                checksum.update(sent.duplicate());
                target.put(sent);
            });
            return ReadResult.of(metadata(found), bytes, new Crc32c((int) checksum.getValue()));
        } finally {
            inside.decrementAndGet();
        }
    }

    private ByteBuffer damaged(long offset, ByteBuffer piece) {
        long at = damagedByte - offset;
        if (at < 0 || at >= piece.remaining()) {
            return piece;
        }
        ByteBuffer copy = ByteBuffer.allocate(piece.remaining()).put(piece).flip();
        return copy.put((int) at, (byte) (copy.get((int) at) ^ 1));
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        heads.incrementAndGet();
        headStep.run(new Read(0, 0));
        return metadata(blob.orElseThrow(() -> new BlobNotFoundException(Operation.HEAD, key, null)));
    }

    /** Returns a version of the blob, counted from 1. */
    public static BlobVersion version(int number) {
        return new BlobVersion("v" + number);
    }

    private static BlobVersion version(Blob blob) {
        return version(blob.version);
    }

    private BlobMetadata metadata(Blob blob) {
        return BlobMetadata.builder(KEY, blob.size, version(blob), Instant.EPOCH)
                .checksum(reportsChecksum ? Optional.of(checksum(blob)) : Optional.empty())
                .build();
    }

    private static Crc32c checksum(Blob blob) {
        CRC32C checksum = new CRC32C();
        forEachPiece(0, Math.toIntExact(blob.size), blob.version, checksum::update);
        return new Crc32c((int) checksum.getValue());
    }
}
