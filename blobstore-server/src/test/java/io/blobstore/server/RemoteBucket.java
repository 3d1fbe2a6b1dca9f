package io.blobstore.server;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.TargetException;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** The bucket behind a server: counts requests, and fails or hangs when it is told to. Thread-safe. */
final class RemoteBucket extends ForwardingBlobStore {
    final List<BlobKey> heads = new CopyOnWriteArrayList<>();
    final AtomicInteger requests = new AtomicInteger();
    final List<BlobKey> stored = new CopyOnWriteArrayList<>();
    final List<Long> reads = new CopyOnWriteArrayList<>();
    volatile boolean down;
    volatile CountDownLatch hanging = new CountDownLatch(0);
    /** After so many bytes of an object, a read waits for {@link #tail}. */
    volatile long stallsAt = Long.MAX_VALUE;

    volatile CountDownLatch tail = new CountDownLatch(0);
    final AtomicInteger multipart = new AtomicInteger();

    RemoteBucket() {
        super(new InMemoryBlobStore());
    }

    private void act(Operation operation, BlobKey key) throws IOException {
        requests.incrementAndGet();
        if (down) {
            throw new BlobStoreException(operation, key, "the bucket is down", null, true);
        }
        try {
            hanging.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException();
        }
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        heads.add(key);
        act(Operation.HEAD, key);
        return super.head(key);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        act(Operation.READ, key);
        ReadResult read = super.read(key, range, new Stalling(range.offset(), target), options);
        reads.add(read.length());
        return read;
    }

    /** A window of which the rest is filled later. */
    private final class Stalling implements BlobTarget.Window {
        private final long offset;
        private final BlobTarget.Window target;
        private final long room;

        Stalling(long offset, BlobTarget.Window target) {
            this.offset = offset;
            this.target = target;
            room = target.remaining();
        }

        @Override
        public long remaining() {
            return target.remaining();
        }

        @Override
        public ByteBuffer buffer() throws TargetException {
            if (offset + room - target.remaining() >= stallsAt) {
                try {
                    tail.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new TargetException("test", "interrupted", e);
                }
            }
            return target.buffer();
        }
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        multipart.incrementAndGet();
        return super.createMultipartUpload(key, layout, options);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        act(Operation.STORE, key);
        stored.add(key);
        return super.store(key, content, options);
    }

    @Override
    public String toString() {
        return "bucket";
    }
}
