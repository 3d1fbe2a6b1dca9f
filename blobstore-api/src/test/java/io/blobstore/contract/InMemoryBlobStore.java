package io.blobstore.contract;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A store on the Java heap, for tests of whatever is built on stores: exact, small, and the plainest reading of the
 * contract. Every blob is a byte array; nothing here is zero-copy.
 *
 * <p>One lock guards everything. Content is copied in before it is taken, so that a source that blocks or fails holds
 * up nobody. Thread-safe.
 */
public final class InMemoryBlobStore implements BlobStore {
    /** Parts of 1 KiB to 64 MiB, small so that tests of many parts stay small; conditions, but no presigned URLs. */
    public static final StoreCapabilities DEFAULT_CAPABILITIES =
            new StoreCapabilities(true, 1 << 10, 64 << 20, 10_000, 1 << 30, Support.NATIVE, Support.NONE);

    private static final int COPY_WINDOW = 1 << 20;

    private final StoreCapabilities capabilities;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final TreeMap<BlobKey, Blob> blobs = new TreeMap<>();
    private final Set<Upload> uploads = new HashSet<>();
    private long versions;
    private boolean closed;

    /** An empty store with {@link #DEFAULT_CAPABILITIES}. */
    public InMemoryBlobStore() {
        this(DEFAULT_CAPABILITIES);
    }

    /**
     * An empty store with limits of your choice.
     *
     * @throws IllegalArgumentException if it is to make presigned URLs: nobody would answer them
     */
    public InMemoryBlobStore(StoreCapabilities capabilities) {
        if (capabilities.presign() != Support.NONE) {
            throw new IllegalArgumentException("a store in memory cannot make presigned URLs");
        }
        this.capabilities = capabilities;
    }

    /**
     * A blob.
     *
     * @param bytes its content, never changed
     */
    private record Blob(BlobMetadata metadata, byte[] bytes) {}

    // ---- for tests

    /** The uploads that were begun and neither completed nor aborted, in words. */
    public List<String> openUploads() {
        lock.lock();
        try {
            return uploads.stream().map(Upload::toString).sorted().toList();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Flips one bit of a stored blob and leaves its checksum as it is: what a failing disk would do.
     *
     * @param bit which one, from 0; the blob must have it
     */
    public void flipBit(BlobKey key, long bit) throws IOException {
        lock.lock();
        try {
            Blob blob = require("flip a bit", key);
            byte[] damaged = blob.bytes.clone();
            damaged[Math.toIntExact(bit / Byte.SIZE)] ^= (byte) (1 << bit % Byte.SIZE);
            blobs.put(key, new Blob(blob.metadata, damaged));
        } finally {
            lock.unlock();
        }
    }

    // ---- the contract

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        requireSupported(options.precondition());
        requireOpen();
        if (content.size() > capabilities.maxBlobSize()) {
            throw new IllegalArgumentException(
                    "a blob has at most " + capabilities.maxBlobSize() + " bytes in this store; got " + content.size());
        }
        byte[] bytes = copyOf(content);
        lock.lock();
        try {
            requireOpen();
            return put("store", key, bytes, options);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        Blob blob;
        lock.lock();
        try {
            requireOpen();
            blob = require("read", key);
        } finally {
            lock.unlock();
        }
        BlobMetadata metadata = blob.metadata;
        if (options.ifMatch().isPresent() && !options.ifMatch().get().equals(metadata.version())) {
            throw otherVersion("read", key, options.ifMatch().get(), metadata.version());
        }
        int bytes = (int) ByteRanges.resolve(range, key, metadata.size(), target.remaining());
        if (bytes == metadata.size()) {
            requireChecksum("read", key, metadata.checksum().orElseThrow(), Crc32c.of(ByteBuffer.wrap(blob.bytes)));
        }
        Crc32c checksum = Crc32c.of(ByteBuffer.wrap(blob.bytes, (int) range.offset(), bytes));
        target.put(ByteBuffer.wrap(blob.bytes, (int) range.offset(), bytes));
        return new ReadResult(metadata, bytes, checksum);
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        lock.lock();
        try {
            requireOpen();
            return require("head", key).metadata;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public BlobListing list(ListOptions options) {
        lock.lock();
        try {
            requireOpen();
            return new Listing(blobs.values().stream().map(Blob::metadata).toList(), options);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void delete(BlobKey key) {
        lock.lock();
        try {
            requireOpen();
            blobs.remove(key);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long deleteAll(String prefix) {
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException("the prefix is empty: that would delete every blob of the store");
        }
        lock.lock();
        try {
            requireOpen();
            int before = blobs.size();
            blobs.keySet().removeIf(key -> key.toString().startsWith(prefix));
            return before - blobs.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        requireSupported(options.precondition());
        lock.lock();
        try {
            requireOpen();
            Blob blob = require("copy", from);
            BlobMetadata metadata = blob.metadata;
            if (options.sourceVersion().isPresent()
                    && !options.sourceVersion().get().equals(metadata.version())) {
                throw otherVersion("copy", from, options.sourceVersion().get(), metadata.version());
            }
            return put(
                    "copy",
                    to,
                    blob.bytes,
                    new StoreOptions(metadata.contentType(), metadata.userMetadata(), options.precondition()));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) {
        requireOpen();
        throw new UnsupportedOperationException("a store in memory cannot make presigned URLs");
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) {
        if (!capabilities.multipart()) {
            throw new UnsupportedOperationException("this store takes no blobs in parts");
        }
        requireSupported(options.precondition());
        layout.requireWithin(capabilities);
        lock.lock();
        try {
            requireOpen();
            Upload upload = new Upload(key, layout, options);
            uploads.add(upload);
            return upload;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "memory:/";
    }

    // ---- shared

    private void requireOpen() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException(this + " is closed");
            }
        } finally {
            lock.unlock();
        }
    }

    private void requireSupported(Precondition precondition) {
        if (capabilities.conditionalStore() == Support.NONE && precondition != Precondition.none()) {
            throw new UnsupportedOperationException("this store knows no conditions; got " + precondition);
        }
    }

    /** Under lock. */
    private Blob require(String operation, BlobKey key) throws BlobNotFoundException {
        Blob blob = blobs.get(key);
        if (blob == null) {
            throw new BlobNotFoundException(operation, key, null);
        }
        return blob;
    }

    /** Under lock. */
    private StoredBlob put(String operation, BlobKey key, byte[] bytes, StoreOptions options)
            throws PreconditionFailedException {
        Blob current = blobs.get(key);
        Precondition condition = options.precondition();
        if (condition instanceof Precondition.IfAbsent && current != null) {
            throw new BlobAlreadyExistsException(operation, key, null);
        }
        if (condition instanceof Precondition.IfMatch wanted) {
            if (current == null) {
                throw new PreconditionFailedException(
                        operation, key, "there is no blob, but version " + wanted.version() + " was expected", null);
            }
            if (!wanted.version().equals(current.metadata.version())) {
                throw otherVersion(operation, key, wanted.version(), current.metadata.version());
            }
        }
        BlobMetadata metadata = new BlobMetadata(
                key,
                bytes.length,
                new BlobVersion("v" + ++versions),
                Optional.of(Crc32c.of(ByteBuffer.wrap(bytes))),
                options.contentType(),
                options.userMetadata(),
                Instant.now());
        blobs.put(key, new Blob(metadata, bytes));
        return new StoredBlob(key, metadata.size(), metadata.version(), metadata.checksum());
    }

    private static PreconditionFailedException otherVersion(
            String operation, BlobKey key, BlobVersion wanted, BlobVersion found) {
        return new PreconditionFailedException(
                operation, key, "it has version " + found + ", but " + wanted + " was expected", null);
    }

    private static void requireChecksum(String operation, BlobKey key, Crc32c wanted, Crc32c found)
            throws IntegrityException {
        if (!wanted.equals(found)) {
            throw new IntegrityException(operation, key, "expected " + wanted + ", but found " + found, null);
        }
    }

    private static byte[] copyOf(BlobSource content) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(content.size())];
        ByteBuffer target = ByteBuffer.wrap(bytes);
        content.forEachBuffer(COPY_WINDOW, target::put);
        return bytes;
    }

    // ---- uploads

    private final class Upload implements MultipartUpload {
        private final BlobKey key;
        private final PartLayout layout;
        private final StoreOptions options;
        // Guarded by the store's lock:
        private final TreeMap<Integer, byte[]> parts = new TreeMap<>();
        private @Nullable StoredBlob completed;
        private boolean aborted;

        Upload(BlobKey key, PartLayout layout, StoreOptions options) {
            this.key = key;
            this.layout = layout;
            this.options = options;
        }

        @Override
        public BlobKey key() {
            return key;
        }

        @Override
        public PartLayout layout() {
            return layout;
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            layout.requirePart(partNumber, content);
            requireUnfinished();
            byte[] bytes = copyOf(content);
            lock.lock();
            try {
                requireUnfinished();
                parts.put(partNumber, bytes);
            } finally {
                lock.unlock();
            }
            return uploaded(partNumber, bytes);
        }

        @Override
        public List<UploadedPart> parts() {
            lock.lock();
            try {
                return parts.entrySet().stream()
                        .map(part -> uploaded(part.getKey(), part.getValue()))
                        .toList();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            lock.lock();
            try {
                requireOpen();
                if (completed != null) {
                    return completed;
                }
                requireUnfinished();
                if (parts.size() < layout.partCount()) {
                    throw new IllegalStateException(
                            this + " has " + parts.size() + " of " + layout.partCount() + " parts");
                }
                ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(layout.size()));
                parts.values().forEach(whole::put);
                requireChecksum("complete the upload", key, checksum, Crc32c.of(whole.flip()));
                StoredBlob stored = put("complete the upload", key, whole.array(), options);
                completed = stored;
                uploads.remove(this);
                return stored;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void abort() {
            lock.lock();
            try {
                if (completed == null) {
                    aborted = true;
                    parts.clear();
                    uploads.remove(this);
                }
            } finally {
                lock.unlock();
            }
        }

        private void requireUnfinished() {
            lock.lock();
            try {
                requireOpen();
                if (completed != null || aborted) {
                    throw new IllegalStateException(this + " is " + (aborted ? "aborted" : "completed"));
                }
            } finally {
                lock.unlock();
            }
        }

        private UploadedPart uploaded(int partNumber, byte[] bytes) {
            return new UploadedPart(partNumber, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
        }

        @Override
        public String toString() {
            return "upload of '" + key + "', " + layout.size() + " bytes";
        }
    }

    // ---- listings

    /** Walks over what there was when it was made; what is rolled up is found as it goes. */
    private static final class Listing implements BlobListing {
        private final Iterator<BlobMetadata> rest;
        private final ListOptions options;
        private @Nullable String lastPrefix;
        private @Nullable Entry next;

        Listing(List<BlobMetadata> sorted, ListOptions options) {
            this.rest = new ArrayList<>(sorted).iterator();
            this.options = options;
        }

        @Override
        public boolean hasNext() {
            while (next == null && rest.hasNext()) {
                next = entry(rest.next());
            }
            return next != null;
        }

        @Override
        public Entry next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the listing is at its end");
            }
            Entry entry = next;
            next = null;
            return entry;
        }

        /** Null for what is not to be listed. */
        private @Nullable Entry entry(BlobMetadata blob) {
            String name = blob.key().toString();
            if (!name.startsWith(options.prefix())) {
                return null;
            }
            int delimiter = options.delimiter()
                    .map(text -> name.indexOf(text, options.prefix().length()))
                    .orElse(-1);
            if (delimiter < 0) {
                return isBehindStart(name)
                        ? new BlobListing.Blob(blob.key(), blob.size(), blob.version(), blob.lastModified())
                        : null;
            }
            String prefix = name.substring(
                    0, delimiter + options.delimiter().orElseThrow().length());
            if (prefix.equals(lastPrefix) || !isBehindStart(prefix)) {
                return null;
            }
            lastPrefix = prefix;
            return new CommonPrefix(prefix);
        }

        private boolean isBehindStart(String name) {
            return options.startAfter().isEmpty()
                    || Arrays.compareUnsigned(
                                    name.getBytes(StandardCharsets.UTF_8),
                                    options.startAfter().get().getBytes(StandardCharsets.UTF_8))
                            > 0;
        }

        @Override
        public void close() {}
    }
}
