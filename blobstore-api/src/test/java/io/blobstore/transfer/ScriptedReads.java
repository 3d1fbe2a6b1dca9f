package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.InMemoryBlobStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A store of one blob whose reads a test can watch, hold, fail and falsify, and which watches the engine: what is asked
 * of it, by how many threads at once, and with how many bytes. The counterpart of {@link ScriptedStore}.
 */
final class ScriptedReads extends ForwardingBlobStore {
    /** What happens inside of a read, while it holds the target, before the content is there. */
    interface Step {
        void run(Read read) throws IOException;
    }

    /** What becomes of an answer, when the content is there. */
    interface Answer {
        ReadResult of(Read read, ReadResult right) throws IOException;
    }

    /** What happens inside of a HEAD. */
    interface Look {
        /** Runs with the number of the HEAD, from 1 on. */
        void run(int number) throws IOException;
    }

    /**
     * One read.
     *
     * @param length the most bytes asked for
     * @param target the memory for them
     */
    record Read(long offset, long length, Optional<BlobVersion> version, ByteBuffer target) {
        @Override
        public String toString() {
            return "READ " + offset + "+" + length
                    + version.map(v -> " of " + v).orElse("");
        }
    }

    /** Which answers tell the checksum of the whole. */
    private enum Checksums {
        IN_ALL,
        NOT_IN_PARTS,
        NOWHERE
    }

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    private final AtomicLong bytesInside = new AtomicLong();
    private final AtomicLong mostBytesInside = new AtomicLong();
    private final AtomicLong bytesAsked = new AtomicLong();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Step step = read -> {};
    private volatile Look look = number -> {};
    private volatile Answer answer = (read, right) -> right;
    private volatile Checksums checksums = Checksums.IN_ALL;

    private ScriptedReads(InMemoryBlobStore memory) {
        super(memory);
    }

    /** A store that has this content. */
    static ScriptedReads of(byte[] content) throws IOException {
        ScriptedReads reads = new ScriptedReads(new InMemoryBlobStore());
        reads.replace(content);
        return reads;
    }

    /** Sets what happens inside of a read. Before the first one. */
    ScriptedReads on(Step step) {
        this.step = step;
        return this;
    }

    /** Sets what happens inside of a HEAD. Before the first one. */
    ScriptedReads onHead(Look look) {
        this.look = look;
        return this;
    }

    /** Sets what becomes of answers. Before the first one. */
    ScriptedReads answering(Answer answer) {
        this.answer = answer;
        return this;
    }

    /** Leaves the checksum of the whole out of answers with a part, as S3 does. */
    ScriptedReads withoutChecksumInParts() {
        checksums = Checksums.NOT_IN_PARTS;
        return this;
    }

    /** Knows no checksums, as some servers that speak S3. */
    ScriptedReads withoutChecksums() {
        checksums = Checksums.NOWHERE;
        return this;
    }

    /** Stores other content under the same key. */
    BlobVersion replace(byte[] content) throws IOException {
        return delegate().store(KEY, ByteBuffer.wrap(content)).version();
    }

    /** What was asked, in the order in which it began: "READ 0+10", "READ 10+10 of v1", "HEAD". */
    List<String> requests() {
        return requests;
    }

    /** The most requests under way at any time. */
    int mostInside() {
        return mostInside.get();
    }

    /** The requests under way now. */
    int inside() {
        return inside.get();
    }

    /** The most bytes of reads under way at any time. */
    long mostBytesInside() {
        return mostBytesInside.get();
    }

    /** The bytes that all reads asked for. */
    long bytesAsked() {
        return bytesAsked.get();
    }

    // ---- for steps and answers

    static BlobStoreException failure(String problem, boolean retryable) {
        return new BlobStoreException(Operation.READ, KEY, problem, null, retryable);
    }

    /** The connection is cut when only so many bytes have arrived. What did not arrive is overwritten. */
    PartialReadException cut(Read read, ReadResult right, int arrived) {
        for (int i = arrived; i < right.length(); i++) {
            read.target().put(i, (byte) 0xDB);
        }
        read.target().position(arrived);
        Crc32c checksum = Crc32c.of(read.target().duplicate().flip());
        ReadResult received = plain(ReadResult.of(right.blob(), arrived, checksum));
        return new PartialReadException(KEY, received, "cut after " + arrived, null);
    }

    /** The same blob, as a store describes it that knows less, or lies. */
    static BlobMetadata described(BlobMetadata blob, long size, Optional<Crc32c> checksum) {
        return BlobMetadata.builder(blob.key(), size, blob.version(), blob.lastModified())
                .checksum(checksum)
                .userMetadata(blob.userMetadata())
                .build();
    }

    // ---- requests

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window window, ReadOptions options)
            throws IOException {
        ByteBuffer target = window.buffer();
        long length = Math.min(range.length(), window.remaining());
        Read read = new Read(range.offset(), length, options.ifMatch(), target);
        requests.add(read.toString());
        bytesAsked.addAndGet(length);
        mostInside.accumulateAndGet(inside.incrementAndGet(), Math::max);
        mostBytesInside.accumulateAndGet(bytesInside.addAndGet(length), Math::max);
        try {
            step.run(read);
            return answer.of(read, plain(delegate().read(key, range, window, options)));
        } finally {
            bytesInside.addAndGet(-length);
            inside.decrementAndGet();
        }
    }

    private ReadResult plain(ReadResult read) {
        BlobMetadata blob = read.blob();
        boolean told =
                checksums == Checksums.IN_ALL || (checksums == Checksums.NOT_IN_PARTS && read.length() == blob.size());
        return !told
                ? ReadResult.of(described(blob, blob.size(), Optional.empty()), read.length(), read.checksum())
                : read;
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        requests.add("HEAD");
        look.run(looks.incrementAndGet());
        BlobMetadata blob = delegate().head(key);
        return checksums == Checksums.NOWHERE ? described(blob, blob.size(), Optional.empty()) : blob;
    }
}
