package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A store whose reads deliver small pieces, with a script that runs before each of them and may wait, fail or change
 * the bytes. Counts requests and bytes. Closing it does not close the decorated store. Thread-safe.
 */
final class ScriptedRemote extends ForwardingBlobStore {
    static final int PIECE = 64 << 10;

    /** Runs before a piece is delivered. */
    interface ReadScript {
        /**
         * Acts as the network does.
         *
         * @param request the number of the read, from 1
         * @param offset the offset of the piece in the blob
         * @param piece the bytes, which may be changed
         * @throws BlobStoreException to end the read there; what was delivered is reported as received
         * @throws IOException to end the read there, without a report
         */
        void before(int request, long offset, ByteBuffer piece) throws IOException;
    }

    /** Ends a read without a report of what was delivered. */
    static final class Unreported extends IOException {
        private static final long serialVersionUID = 1;
        private final boolean retryable;

        Unreported(boolean retryable) {
            super("the connection was reset (scripted)");
            this.retryable = retryable;
        }
    }

    /** Ends a read as if it were complete. */
    static final class Truncated extends IOException {
        private static final long serialVersionUID = 1;
    }

    /** Runs before a blob is stored, or after. */
    interface StoreScript {
        void run(BlobKey key) throws IOException;
    }

    private final List<String> reads = new CopyOnWriteArrayList<>();
    private final List<BlobKey> stored = new CopyOnWriteArrayList<>();
    private final AtomicInteger heads = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private volatile ReadScript onRead = (request, offset, piece) -> {};
    private volatile StoreScript beforeStore = key -> {};
    private volatile StoreScript afterStore = key -> {};
    private volatile boolean down;

    ScriptedRemote(BlobStore delegate) {
        super(delegate);
    }

    void onRead(ReadScript script) {
        onRead = script;
    }

    void beforeStore(StoreScript script) {
        beforeStore = script;
    }

    void afterStore(StoreScript script) {
        afterStore = script;
    }

    /** Makes every request fail from now on, or no longer. */
    void setDown(boolean down) {
        this.down = down;
    }

    /** Returns the reads so far, as {@code offset+length}. */
    List<String> reads() {
        return reads;
    }

    /** Returns the keys of the blobs that were stored, in order. */
    List<BlobKey> stored() {
        return stored;
    }

    int heads() {
        return heads.get();
    }

    /** Returns the number of bytes that reads delivered. */
    long bytes() {
        return bytes.get();
    }

    static BlobStoreException broken(BlobKey key) {
        return new BlobStoreException(Operation.READ, key, "the connection was reset (scripted)", null, true);
    }

    private void requireUp(Operation operation, BlobKey key) throws IOException {
        if (down) {
            throw new BlobStoreException(operation, key, "the store is down (scripted)", null, true);
        }
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        heads.incrementAndGet();
        requireUp(Operation.HEAD, key);
        return super.head(key);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        requireUp(Operation.STORE, key);
        beforeStore.run(key);
        StoredBlob result = super.store(key, content, options);
        stored.add(key);
        afterStore.run(key);
        return result;
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        requireUp(Operation.DELETE, key);
        super.delete(key);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        requireUp(Operation.READ, key);
        long room = target.remaining();
        ByteBuffer all =
                ByteBuffer.allocate((int) Math.min(room, super.head(key).size()));
        ReadResult read = super.read(key, range, BlobTarget.Window.of(all), options);
        all.flip();
        reads.add(range.offset() + "+" + all.remaining());
        int request = reads.size();
        Crc32c checksum = Crc32c.EMPTY;
        for (int at = 0; at < all.limit(); at += PIECE) {
            ByteBuffer piece = all.slice(at, Math.min(PIECE, all.limit() - at));
            try {
                onRead.before(request, range.offset() + at, piece);
            } catch (Truncated e) {
                return ReadResult.of(read.blob(), at, checksum);
            } catch (Unreported e) {
                throw new BlobStoreException(Operation.READ, key, "was cut off", e, e.retryable);
            } catch (BlobStoreException e) {
                throw new PartialReadException(key, ReadResult.of(read.blob(), at, checksum), "was cut off", e);
            }
            checksum = checksum.combine(Crc32c.of(piece), piece.remaining());
            bytes.addAndGet(piece.remaining());
            target.put(piece.duplicate());
        }
        return ReadResult.of(read.blob(), all.limit(), checksum);
    }

    @Override
    public void close() {
        // the decorated store is the test's
    }
}
