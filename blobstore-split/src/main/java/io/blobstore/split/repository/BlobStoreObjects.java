package io.blobstore.split.repository;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Objects and names in a {@link BlobStore}: a bucket, a directory of blobs, or memory. The keys are those of
 * {@link ObjectStore}; a link is a small blob of the media type {@value #LINK_TYPE} with the relative path of its
 * target, as composefs-rs's uploader writes and its {@code fetch} reads them.
 *
 * <p>Each object costs a request for its metadata, and another one if it is missing. Buckets have no locks: writers
 * keep a session blob below {@code .split/sessions}, and the garbage collection spares what is young; see
 * {@link #beginSweep}.
 *
 * <p>Thread-safe. The caller owns the store, and closes it.
 */
public final class BlobStoreObjects implements ObjectStore {
    /** The media type of links. */
    public static final String LINK_TYPE = "text/x-symlink-target";

    /** The age below which a garbage collection deletes nothing, and half of which a writer relies on. */
    public static final Duration DEFAULT_GRACE = Duration.ofHours(24);

    /** The default of uploads, for the same reasons. */
    private static final int CONCURRENCY = 8;

    /** Larger objects are stored in parts even by one thread, so that a failure repeats less. */
    private static final long ONE_REQUEST = 64L << 20;

    /** The default of uploads, for the same reasons. */
    private static final long PART_SIZE = 16L << 20;

    private static final StoreOptions LINK =
            StoreOptions.builder().contentType(LINK_TYPE).build();

    private final BlobStore store;
    private final ObjectHash hash;
    private final Duration grace;

    private BlobStoreObjects(BlobStore store, ObjectHash hash, Duration grace) {
        this.store = store;
        this.hash = hash;
        this.grace = grace;
    }

    /** Returns the objects in a store, with {@link #DEFAULT_GRACE}; sends no request. */
    public static BlobStoreObjects of(BlobStore store, ObjectHash hash) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(hash, "hash");
        return new BlobStoreObjects(store, hash, DEFAULT_GRACE);
    }

    /**
     * Returns the same objects with another grace period, which all writers and collections of a store must share.
     * Writers store objects again that are older than half of it.
     */
    public BlobStoreObjects grace(Duration period) {
        Objects.requireNonNull(period, "period");
        return new BlobStoreObjects(store, hash, period);
    }

    @Override
    public ObjectHash hash() {
        return hash;
    }

    @Override
    public int concurrency() {
        return CONCURRENCY;
    }

    // ---- objects

    @Override
    public Optional<StoredObject> find(ObjectId id) throws IOException {
        try {
            BlobMetadata found = store.head(key(id));
            requireNotEncoded(found);
            return Optional.of(new StoredObject(id, found.size(), found.lastModified()));
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
    }

    private static void requireNotEncoded(BlobMetadata found) throws BlobStoreException {
        if (found.contentEncoding().isPresent()) {
            throw new BlobStoreException(
                    Operation.READ,
                    found.key(),
                    "its content encoding is '" + found.contentEncoding().get()
                            + "': encoded objects are not supported; store them as they are",
                    null,
                    false);
        }
    }

    @Override
    public boolean put(ObjectId id, BlobSource content, boolean replace) throws IOException {
        try {
            Optional<ObjectParts> begun =
                    content.size() > ONE_REQUEST ? beginParts(id, content.size(), replace) : Optional.empty();
            if (begun.isEmpty()) {
                store.store(key(id), content, options(replace));
                return true;
            }
            try (ObjectParts parts = begun.get()) {
                PartLayout layout = parts.layout();
                for (int part = 1; part <= layout.partCount(); part++) {
                    parts.send(part, content.slice(layout.offset(part), layout.length(part)));
                }
                return parts.complete();
            }
        } catch (BlobAlreadyExistsException e) {
            return false;
        }
    }

    private static StoreOptions options(boolean replace) {
        return replace
                ? StoreOptions.DEFAULT
                : StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
    }

    /** Copies the object onto itself, inside the store. */
    @Override
    public void renew(ObjectId id) throws IOException {
        try {
            store.copy(key(id), key(id));
        } catch (BlobNotFoundException e) {
            // deleted meanwhile: the caller looks for it
        }
    }

    /** Begins a multipart upload, for objects of more than 16 MiB. */
    @Override
    public Optional<ObjectParts> beginParts(ObjectId id, long size, boolean replace) throws IOException {
        Objects.requireNonNull(id, "id");
        StoreCapabilities limits = store.capabilities();
        if (size <= PART_SIZE || !limits.multipart()) {
            return Optional.empty();
        }
        PartLayout layout = PartLayout.plan(size, PART_SIZE, limits);
        return layout.partCount() == 1
                ? Optional.empty()
                : Optional.of(new UploadedObject(store.createMultipartUpload(key(id), layout, options(replace))));
    }

    /** An object as the parts of a multipart upload. */
    private record UploadedObject(MultipartUpload upload) implements ObjectParts {
        @Override
        public PartLayout layout() {
            return upload.layout();
        }

        @Override
        public void send(int part, BlobSource content) throws IOException {
            upload.uploadPart(part, content);
        }

        @Override
        public boolean complete() throws IOException {
            try {
                upload.complete(upload.layout().checksum(upload.parts()));
                return true;
            } catch (BlobAlreadyExistsException e) {
                return false;
            }
        }

        @Override
        public void close() throws IOException {
            upload.close();
        }
    }

    @Override
    public void read(ObjectId id, ByteRange range, BlobTarget.Window target) throws IOException {
        try {
            requireNotEncoded(
                    store.read(key(id), range, target, ReadOptions.DEFAULT).blob());
            target.flush();
        } catch (BlobNotFoundException e) {
            throw new MissingObjectException(id, e);
        }
    }

    @Override
    public void forEachObject(ObjectVisitor visitor) throws IOException {
        Objects.requireNonNull(visitor, "visitor");
        try (BlobListing listing = store.list(ListOptions.prefix(RepositoryPaths.OBJECTS))) {
            while (listing.hasNext()) {
                if (listing.next() instanceof BlobListing.Blob blob) {
                    Optional<ObjectId> id = RepositoryPaths.objectAt(hash, blob.name());
                    if (id.isPresent()) {
                        visitor.object(new StoredObject(
                                id.get(), blob.size(), blob.lastModified().orElse(Instant.MAX)));
                    } else {
                        visitor.foreign(blob.name());
                    }
                }
            }
        }
    }

    private static BlobKey key(ObjectId id) {
        return BlobKey.of(RepositoryPaths.object(id));
    }

    // ---- links

    @Override
    public Optional<String> link(String name) throws IOException {
        Optional<String> text;
        try {
            text = text(name, RepositoryPaths.MAX_TEXT);
        } catch (RangeNotSatisfiableException e) {
            throw new DamagedLinkException(name, "is no link: it is too large", e);
        }
        return text.isPresent() ? Optional.of(RepositoryPaths.resolve(name, text.get())) : Optional.empty();
    }

    /** Returns the content of a small blob; empty if there is none. */
    Optional<String> text(String name, int limit) throws IOException {
        return text(name, ByteRange.all(), limit);
    }

    /** Returns the first bytes of a large blob, as many as it has; empty if there is none. */
    Optional<String> firstBytes(String name, int limit) throws IOException {
        try {
            int size = (int) Math.min(limit, store.head(BlobKey.of(name)).size());
            return text(name, ByteRange.atMost(0, size), size);
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
    }

    private Optional<String> text(String name, ByteRange range, int limit) throws IOException {
        try {
            ByteBuffer content = ByteBuffer.allocate(limit);
            store.read(BlobKey.of(name), range, content);
            return Optional.of(StandardCharsets.UTF_8.decode(content.flip()).toString());
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
    }

    @Override
    public void setLink(String name, String target) throws IOException {
        String text = RepositoryPaths.text(name, target);
        store.store(BlobKey.of(name), BlobSource.of(StandardCharsets.UTF_8.encode(text)), LINK);
    }

    @Override
    public void deleteLink(String name) throws IOException {
        store.delete(BlobKey.of(name));
    }

    @Override
    public List<String> links(String prefix) throws IOException {
        List<String> names = new ArrayList<>();
        try (BlobListing listing = store.list(ListOptions.prefix(prefix))) {
            while (listing.hasNext()) {
                names.add(listing.next().name());
            }
        }
        return names;
    }

    // ---- writers and the garbage collection

    @Override
    public Session beginSession(UUID id) throws IOException {
        Objects.requireNonNull(id, "id");
        return BucketSession.begin(store, id, grace);
    }

    /**
     * Begins a collection. Nothing excludes writers, or another collection: an object is deleted only if nothing
     * referred to it in this collection and in the one before, and it was stored before the oldest writer's session
     * began, and before this collection began, by the grace period or more.
     */
    @Override
    public Sweep beginSweep(Duration wait, Duration grace) throws IOException {
        Objects.requireNonNull(wait, "wait");
        return BucketSweep.begin(this, store, grace.compareTo(this.grace) > 0 ? grace : this.grace);
    }

    /** Does nothing: the caller owns the store. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "BlobStoreObjects[" + store + ", " + hash.label() + "]";
    }
}
