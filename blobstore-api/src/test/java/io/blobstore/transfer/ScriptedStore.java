package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A store in memory whose requests a test can observe, block and fail. It records the requests, and how many of them
 * and of their bytes are in flight.
 */
final class ScriptedStore implements BlobStore {
    static final BlobKey KEY = BlobKey.of("key");
    private static final long PATIENCE_SECONDS = 60;

    /** A kind of request. */
    enum Request {
        STORE,
        CREATE,
        PART,
        COMPLETE,
        ABORT
    }

    /** An action inside a request, while it holds the lease of the content. */
    interface Step {
        /** @param part the part's number; 0 for requests that have none */
        void run(int part) throws IOException;
    }

    private final StoreCapabilities capabilities;
    private final Map<Request, Step> steps = new EnumMap<>(Request.class);
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    private final AtomicLong bytesInside = new AtomicLong();
    private final AtomicLong mostBytesInside = new AtomicLong();
    private volatile Optional<byte[]> stored = Optional.empty();
    private volatile Optional<Crc32c> reported = Optional.empty();

    ScriptedStore(StoreCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    /** Creates a store that accepts up to 1000 parts of 1 byte to 1 GiB. */
    ScriptedStore() {
        this(StoreCapabilities.builder()
                .minPartSize(1)
                .maxPartSize(1 << 30)
                .maxParts(1000)
                .maxBlobSize(1L << 40)
                .build());
    }

    /** Sets the action inside a kind of request. Must be called before the first of them. */
    ScriptedStore on(Request request, Step step) {
        steps.put(request, step);
        return this;
    }

    /** Sets the checksum that this store reports, whatever the content. */
    ScriptedStore reporting(Crc32c checksum) {
        reported = Optional.of(checksum);
        return this;
    }

    /** Returns the requests in the order in which they began: "CREATE", "PART 1", … */
    List<String> requests() {
        return requests;
    }

    /** Returns the number of requests with this description. */
    long count(String request) {
        return requests.stream().filter(request::equals).count();
    }

    /** Returns the maximum number of requests in flight so far. */
    int mostInside() {
        return mostInside.get();
    }

    /** Returns the number of requests in flight. */
    int inside() {
        return inside.get();
    }

    /** Returns the maximum number of bytes of requests in flight so far. */
    long mostBytesInside() {
        return mostBytesInside.get();
    }

    /** Returns the blob; empty while it is not visible. */
    Optional<byte[]> stored() {
        return stored;
    }

    // ---- for actions inside requests

    /** Waits as a request would: an interrupt makes it fail with an {@code IOException}. */
    static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("timed out");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BlobStoreException(Operation.STORE, KEY, "was interrupted", e, true);
        }
    }

    /** Waits until the thread is interrupted, and fails as a request would. */
    static void awaitInterrupt() throws IOException {
        await(new CountDownLatch(1));
    }

    /** Waits despite interrupts, and restores the thread's interrupt status. */
    static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = Thread.interrupted();
        for (; ; ) {
            try {
                if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    throw new AssertionError("timed out");
                }
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    static BlobStoreException failure(String problem, boolean retryable) {
        return new BlobStoreException(Operation.STORE, KEY, problem, null, retryable);
    }

    // ---- requests

    private interface Body<T> {
        T run() throws IOException;
    }

    private <T> T request(Request request, int part, long bytes, Body<T> body) throws IOException {
        requests.add(part == 0 ? request.name() : request + " " + part);
        mostInside.accumulateAndGet(inside.incrementAndGet(), Math::max);
        mostBytesInside.accumulateAndGet(bytesInside.addAndGet(bytes), Math::max);
        try {
            return body.run();
        } finally {
            bytesInside.addAndGet(-bytes);
            inside.decrementAndGet();
        }
    }

    private void step(Request request, int part) throws IOException {
        Step step = steps.get(request);
        if (step != null) {
            step.run(part);
        }
    }

    private byte[] send(Request request, int part, BlobSource content) throws IOException {
        return request(request, part, content.size(), () -> {
            ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
            AtomicBoolean stepped = new AtomicBoolean();
            content.forEachBuffer(
                    Integer.MAX_VALUE,
                    buffer -> { // the step runs while the memory is in use
                        if (!stepped.getAndSet(true)) {
                            step(request, part);
                        }
                        bytes.put(buffer);
                    });
            if (!stepped.get()) {
                step(request, part);
            }
            return bytes.array();
        });
    }

    private StoredBlob visible(byte[] content) {
        stored = Optional.of(content);
        Crc32c actual = Crc32c.of(ByteBuffer.wrap(content));
        return StoredBlob.of(KEY, content.length, new BlobVersion("1"), Optional.of(reported.orElse(actual)));
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return visible(send(Request.STORE, 0, content));
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        return request(Request.CREATE, 0, 0, () -> {
            step(Request.CREATE, 0);
            return new ScriptedUpload(layout);
        });
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public UploadListing listUploads(String prefix) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void abortUpload(BlobKey key, String id) {
        throw new UnsupportedOperationException();
    }

    private final class ScriptedUpload implements MultipartUpload {
        private final PartLayout layout;
        private final Map<Integer, byte[]> parts = new TreeMap<>();
        private boolean completed;

        ScriptedUpload(PartLayout layout) {
            this.layout = layout;
        }

        @Override
        public BlobKey key() {
            return KEY;
        }

        @Override
        public String id() {
            return "1";
        }

        @Override
        public PartLayout layout() {
            return layout;
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            layout.requirePart(partNumber, content);
            byte[] bytes = send(Request.PART, partNumber, content);
            synchronized (this) {
                parts.put(partNumber, bytes);
            }
            return uploaded(partNumber, bytes);
        }

        @Override
        public void keep() {
            throw new UnsupportedOperationException();
        }

        @Override
        public synchronized List<UploadedPart> parts() {
            return parts.entrySet().stream()
                    .map(part -> uploaded(part.getKey(), part.getValue()))
                    .toList();
        }

        private UploadedPart uploaded(int number, byte[] bytes) {
            return UploadedPart.of(number, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            return request(Request.COMPLETE, 0, 0, () -> {
                step(Request.COMPLETE, 0);
                ByteBuffer whole;
                synchronized (this) {
                    whole = ByteBuffer.allocate(parts.values().stream()
                            .mapToInt(part -> part.length)
                            .sum());
                    parts.values().forEach(whole::put);
                    completed = true;
                }
                return visible(whole.array());
            });
        }

        @Override
        public void abort() throws IOException {
            synchronized (this) {
                if (completed) {
                    return;
                }
            }
            request(Request.ABORT, 0, 0, () -> {
                step(Request.ABORT, 0);
                return null;
            });
        }
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    // ---- requests that no upload sends

    private static UnsupportedOperationException notPartOfAnUpload() {
        return new UnsupportedOperationException("an upload does not send this request");
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) {
        throw notPartOfAnUpload();
    }

    @Override
    public BlobMetadata head(BlobKey key) {
        throw notPartOfAnUpload();
    }

    @Override
    public BlobListing list(ListOptions options) {
        throw notPartOfAnUpload();
    }

    @Override
    public void delete(BlobKey key) {
        throw notPartOfAnUpload();
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) {
        throw notPartOfAnUpload();
    }

    @Override
    public long deleteAll(String prefix) {
        throw notPartOfAnUpload();
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) {
        throw notPartOfAnUpload();
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) {
        throw notPartOfAnUpload();
    }

    @Override
    public String toString() {
        return "ScriptedStore";
    }

    @Override
    public void close() {}
}
