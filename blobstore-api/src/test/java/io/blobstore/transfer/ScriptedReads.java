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
 * A store of one blob whose reads a test can observe, block, fail and falsify. It records the requests, and how many of
 * them and of their bytes are in flight. The counterpart of {@link ScriptedStore}.
 */
final class ScriptedReads extends ForwardingBlobStore {
    /** An action inside a read, while it holds the target, before the content has arrived. */
    interface Step {
        void run(Read read) throws IOException;
    }

    /** Replaces the result of a read, after the content has arrived. */
    interface Response {
        ReadResult of(Read read, ReadResult right) throws IOException;
    }

    /** An action inside a HEAD request. */
    interface HeadStep {
        /** Runs with the number of the HEAD request, from 1. */
        void run(int number) throws IOException;
    }

    /**
     * A read.
     *
     * @param length the maximum number of bytes requested
     * @param target the memory for them
     */
    record Read(long offset, long length, Optional<BlobVersion> version, ByteBuffer target) {
        @Override
        public String toString() {
            return "READ " + offset + "+" + length
                    + version.map(v -> " of " + v).orElse("");
        }
    }

    /** The responses that contain the checksum of the whole blob. */
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
    private final AtomicInteger heads = new AtomicInteger();
    private volatile Step step = read -> {};
    private volatile HeadStep headStep = number -> {};
    private volatile Response response = (read, right) -> right;
    private volatile Checksums checksums = Checksums.IN_ALL;

    private ScriptedReads(InMemoryBlobStore memory) {
        super(memory);
    }

    /** Returns a store with this content. */
    static ScriptedReads of(byte[] content) throws IOException {
        ScriptedReads reads = new ScriptedReads(new InMemoryBlobStore());
        reads.replace(content);
        return reads;
    }

    /** Sets the action inside reads. Must be called before the first one. */
    ScriptedReads on(Step step) {
        this.step = step;
        return this;
    }

    /** Sets the action inside HEAD requests. Must be called before the first one. */
    ScriptedReads onHead(HeadStep headStep) {
        this.headStep = headStep;
        return this;
    }

    /** Sets the function that replaces results. Must be called before the first read. */
    ScriptedReads responding(Response response) {
        this.response = response;
        return this;
    }

    /** Omits the checksum of the whole from responses with a part, as S3 does. */
    ScriptedReads withoutChecksumInParts() {
        checksums = Checksums.NOT_IN_PARTS;
        return this;
    }

    /** Omits all checksums, as some S3-compatible servers do. */
    ScriptedReads withoutChecksums() {
        checksums = Checksums.NOWHERE;
        return this;
    }

    /** Stores other content under the same key. */
    BlobVersion replace(byte[] content) throws IOException {
        return delegate().store(KEY, ByteBuffer.wrap(content)).version();
    }

    /** Returns the requests in the order in which they began: "READ 0+10", "READ 10+10 of v1", "HEAD". */
    List<String> requests() {
        return requests;
    }

    /** Returns the maximum number of requests in flight so far. */
    int mostInside() {
        return mostInside.get();
    }

    /** Returns the number of requests in flight. */
    int inside() {
        return inside.get();
    }

    /** Returns the maximum number of bytes of reads in flight so far. */
    long mostBytesInside() {
        return mostBytesInside.get();
    }

    /** Returns the sum of the bytes that reads requested. */
    long bytesAsked() {
        return bytesAsked.get();
    }

    // ---- for actions inside requests

    static BlobStoreException failure(String problem, boolean retryable) {
        return new BlobStoreException(Operation.READ, KEY, problem, null, retryable);
    }

    /** Returns the failure of a read whose connection ended after {@code arrived} bytes, and overwrites the others. */
    PartialReadException cut(Read read, ReadResult right, int arrived) {
        for (int i = arrived; i < right.length(); i++) {
            read.target().put(i, (byte) 0xDB);
        }
        read.target().position(arrived);
        Crc32c checksum = Crc32c.of(read.target().duplicate().flip());
        ReadResult received = plain(ReadResult.of(right.blob(), arrived, checksum));
        return new PartialReadException(KEY, received, "cut after " + arrived, null);
    }

    /** Returns metadata with another size or checksum. */
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
            return response.of(read, plain(delegate().read(key, range, window, options)));
        } finally {
            bytesInside.addAndGet(-length);
            inside.decrementAndGet();
        }
    }

    private ReadResult plain(ReadResult read) {
        BlobMetadata blob = read.blob();
        boolean included =
                checksums == Checksums.IN_ALL || (checksums == Checksums.NOT_IN_PARTS && read.length() == blob.size());
        return !included
                ? ReadResult.of(described(blob, blob.size(), Optional.empty()), read.length(), read.checksum())
                : read;
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        requests.add("HEAD");
        headStep.run(heads.incrementAndGet());
        BlobMetadata blob = delegate().head(key);
        return checksums == Checksums.NOWHERE ? described(blob, blob.size(), Optional.empty()) : blob;
    }
}
