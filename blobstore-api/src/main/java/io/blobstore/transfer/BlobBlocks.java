package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.internal.prefetch.PrefetchMemory;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One blob of a store, as one reader or the readers of a group see it: blocks of 1 MiB of it stay in memory. A group
 * keeps all blocks that it reads; a reader alone keeps a blob that is not larger than a block.
 *
 * <p>A block is fetched once: readers that need it meanwhile wait, and one of them fetches it if that failed. Blocks
 * are kept while the share of the prefetch memory suffices; the least recently used one makes room. A read that gets no
 * memory goes to the store, into the caller's window.
 *
 * <p>Thread-safe. The memory of a block is released only if no thread uses it: by the thread that fetched it in vain,
 * to make room, or when the last reader, whose reads have ended, leaves.
 */
final class BlobBlocks extends ForwardingBlobStore {
    /** The bytes of a block but the last. */
    static final int BLOCK = PrefetchMemory.PAGE;

    /** The maximum number of blocks of one request. */
    private static final int MOST = 8;

    private final BlobKey key;
    private final boolean shared;
    private final long maxKept;
    private final PrefetchMemory.Share memory;
    private final ConnectionRate rate;

    /** Held while the metadata is requested. */
    private final ReentrantLock describing = new ReentrantLock();
    /** The blob as of the first response. */
    private volatile @Nullable BlobMetadata known;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** By their numbers, the least recently used first. Guarded by lock. */
    private final Map<Long, Block> blocks = new LinkedHashMap<>(16, 0.75f, true);

    /** A block that is being fetched, or was. Its fields are guarded by the lock, its content while it has users. */
    private static final class Block {
        final int length;
        final PrefetchMemory.Piece memory;
        boolean loaded;
        /** Whether it is among the blocks that other reads find. */
        boolean kept = true;
        /** The threads that fetch or copy it. */
        int users = 1;

        Block(int length, PrefetchMemory.Piece memory) {
            this.length = length;
            this.memory = memory;
        }

        ByteBuffer content() {
            return memory.buffer().limit(length);
        }
    }

    /**
     * Creates an instance without blocks.
     *
     * @param shared whether blobs of every size are kept, and the metadata is requested before the first read
     * @param keepsSmall whether a blob that is not larger than a block is kept
     * @param memory for the blocks
     */
    BlobBlocks(
            BlobStore store,
            BlobKey key,
            boolean shared,
            boolean keepsSmall,
            PrefetchMemory.Share memory,
            ConnectionRate rate) {
        super(store);
        this.key = key;
        this.shared = shared;
        this.maxKept = shared ? Long.MAX_VALUE : keepsSmall ? BLOCK : -1;
        this.memory = memory;
        this.rate = rate;
    }

    boolean isShared() {
        return shared;
    }

    /** Returns the number of bytes that can be kept at present. */
    long memory() {
        return memory.size();
    }

    /** A window that is not filled: reading into it fetches the blocks of the range, if there is memory for them. */
    static final class Warming implements BlobTarget.Window {
        private long remaining;

        Warming(long bytes) {
            remaining = bytes;
        }

        @Override
        public long remaining() {
            return remaining;
        }

        @Override
        public ByteBuffer buffer() {
            throw new IllegalStateException("it is never filled");
        }

        private void skip(long bytes) {
            remaining -= bytes;
        }
    }

    /** Returns how fast the store responds. */
    ConnectionRate rate() {
        return rate;
    }

    // ---- requests

    @Override
    public BlobMetadata head(BlobKey wanted) throws IOException {
        return shared ? describe() : learn(delegate().head(wanted));
    }

    /** Returns the metadata, which one thread requests. */
    private BlobMetadata describe() throws IOException {
        BlobMetadata found = known;
        if (found != null) {
            return found;
        }
        try {
            describing.lockInterruptibly();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        try {
            found = known;
            return found != null ? found : learn(delegate().head(key));
        } finally {
            describing.unlock();
        }
    }

    private BlobMetadata learn(BlobMetadata found) {
        BlobMetadata before = known;
        boolean better = before == null
                || (before.checksum().isEmpty() && before.version().equals(found.version()));
        if (better) {
            known = found;
        }
        return found;
    }

    @Override
    public ReadResult read(BlobKey wanted, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        BlobMetadata blob = shared ? describe() : known;
        if (target instanceof Warming warming && blob != null) {
            return warm(blob, ByteRanges.resolve(range, key, blob.size(), warming.remaining), warming);
        }
        if (blob == null
                || blob.size() > maxKept
                || !options.ifMatch().orElse(blob.version()).equals(blob.version())) {
            return request(range, target, options);
        }
        ByteRanges.requireRoom(range, target.remaining());
        ByteRange exact = ByteRanges.resolve(range, key, blob.size(), target.remaining());
        if (!shared && exact.length() == blob.size()) { // there is nothing else to read
            return request(range, target, options);
        }
        Crc32c checksum = copy(blob, exact, target);
        if (exact.length() == blob.size()) {
            try {
                Checksums.requireStored(Operation.READ, blob, checksum);
            } catch (IntegrityException e) {
                discard();
                throw e;
            }
        }
        return ReadResult.of(blob, exact.length(), checksum);
    }

    private ReadResult request(ByteRange range, BlobTarget.Window target, ReadOptions options) throws IOException {
        try (ConnectionRate.Request request = rate.begin()) {
            ReadResult read = delegate().read(key, range, request.measured(target), options);
            request.succeeded(read.length());
            learn(read.blob());
            return read;
        }
    }

    // ---- blocks

    /** Fetches the blocks of a part of the blob, as far as there is memory for them. */
    private ReadResult warm(BlobMetadata blob, ByteRange exact, Warming target) throws IOException {
        long end = exact.offset() + exact.length();
        for (long at = exact.offset(); at < end; ) {
            List<Block> run = acquire(blob, at, end);
            release(run);
            if (run.isEmpty()) {
                break;
            }
            at = (at / BLOCK + run.size()) * BLOCK;
        }
        target.skip(exact.length());
        return ReadResult.of(blob, exact.length(), Crc32c.EMPTY); // only a checksum of the whole would be compared
    }

    /** Puts the bytes of a range into a window, from blocks where there are some, and returns their checksum. */
    private Crc32c copy(BlobMetadata blob, ByteRange exact, BlobTarget.Window target) throws IOException {
        Crc32c checksum = Crc32c.EMPTY;
        long end = exact.offset() + exact.length();
        for (long at = exact.offset(); at < end; ) {
            List<Block> run = acquire(blob, at, end);
            if (run.isEmpty()) {
                long bytes = Math.min(end, absentUntil(at)) - at;
                ReadResult read = readPast(blob, ByteRange.of(at, bytes), target);
                checksum = checksum.combine(read.checksum(), bytes);
                at += bytes;
            } else {
                try {
                    for (Block block : run) {
                        int from = (int) (at % BLOCK);
                        int bytes = (int) Math.min(block.length - from, end - at);
                        ByteBuffer piece = block.content().slice(from, bytes);
                        checksum = checksum.combine(Crc32c.of(piece.duplicate()), bytes);
                        target.put(piece);
                        at += bytes;
                    }
                } finally {
                    release(run);
                }
            }
        }
        return checksum;
    }

    /**
     * Acquires the blocks from a position on, as many as one request fetches; only the first one if it is there.
     * Returns none if there is no memory.
     */
    private List<Block> acquire(BlobMetadata blob, long at, long end) throws IOException {
        long number = at / BLOCK;
        List<Block> run = new ArrayList<>();
        lock.lock();
        try {
            for (Block found = blocks.get(number); found != null; found = blocks.get(number)) {
                if (found.loaded) {
                    found.users++;
                    return List.of(found);
                }
                changed.await();
            }
            for (long next = number; next * BLOCK < end && run.size() < MOST && !blocks.containsKey(next); next++) {
                Optional<PrefetchMemory.Piece> piece = takeMemory();
                if (piece.isEmpty()) {
                    break;
                }
                Block block = new Block((int) Math.min(BLOCK, blob.size() - next * BLOCK), piece.get());
                blocks.put(next, block);
                run.add(block);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            lock.unlock();
        }
        if (!run.isEmpty()) {
            fetch(blob, number, run);
        }
        return run;
    }

    /** Takes memory for a block, that of the least recently used one if needed. Requires the lock. */
    private Optional<PrefetchMemory.Piece> takeMemory() {
        Optional<PrefetchMemory.Piece> piece = memory.take(BLOCK);
        for (Iterator<Block> all = blocks.values().iterator(); piece.isEmpty() && all.hasNext(); ) {
            Block block = all.next();
            if (block.users == 0) {
                all.remove();
                block.memory.close();
                piece = memory.take(BLOCK);
            }
        }
        return piece;
    }

    private void fetch(BlobMetadata blob, long number, List<Block> run) throws IOException {
        List<ByteBuffer> memories = run.stream().map(Block::content).toList();
        long bytes = run.stream().mapToLong(block -> block.length).sum();
        boolean fetched = false;
        try {
            readPast(blob, ByteRange.of(number * BLOCK, bytes), BlobTarget.Window.of(memories));
            fetched = true;
        } finally {
            lock.lock();
            try {
                for (int i = 0; i < run.size(); i++) {
                    Block block = run.get(i);
                    block.loaded = fetched;
                    if (!fetched) {
                        blocks.remove(number + i);
                        block.memory.close();
                    }
                }
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Reads exactly a range from the store. What arrives before a failure does not count. */
    private ReadResult readPast(BlobMetadata blob, ByteRange range, BlobTarget.Window target) throws IOException {
        ReadResult read;
        try {
            read = request(range, target, ReadOptions.ifMatch(blob.version()));
        } catch (PartialReadException e) {
            throw new BlobStoreException(Operation.READ, key, "the read was cut short", e, true);
        }
        if (read.length() != range.length()) {
            throw new BlobStoreException(
                    Operation.READ,
                    key,
                    "the store returned " + read.length() + " bytes instead of " + range.length(),
                    null,
                    false);
        }
        return read;
    }

    /** Returns the position of the next block that is there or being fetched. */
    private long absentUntil(long at) {
        lock.lock();
        try {
            return blocks.keySet().stream()
                    .mapToLong(number -> number * BLOCK)
                    .filter(start -> start > at)
                    .min()
                    .orElse(Long.MAX_VALUE);
        } finally {
            lock.unlock();
        }
    }

    private void release(List<Block> run) {
        lock.lock();
        try {
            run.forEach(block -> {
                block.users--;
                closeIfUnused(block);
            });
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all blocks, so that they are fetched again: their content is not what was stored. */
    void discard() {
        lock.lock();
        try {
            for (Iterator<Block> all = blocks.values().iterator(); all.hasNext(); ) {
                Block block = all.next();
                if (block.loaded) {
                    all.remove();
                    block.kept = false;
                    closeIfUnused(block);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Requires the lock. */
    private static void closeIfUnused(Block block) {
        if (block.users == 0 && !block.kept) {
            block.memory.close();
        }
    }

    /** Releases the memory. Every read must have ended. Does not close the store. Idempotent. */
    @Override
    public void close() {
        discard();
        memory.close();
    }

    private static InterruptedIOException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return PinnedVersionReads.interrupted(e);
    }
}
