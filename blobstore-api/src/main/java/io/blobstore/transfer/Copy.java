package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a blob to another store. Each worker takes the next part until none is left, reads it from the one store into
 * memory of the pool, and sends it to the other.
 *
 * <p>All parts are of the version that the first response names. The copy becomes visible after the checksum of what
 * was read was compared with that of the blob.
 *
 * <p>A part keeps its memory between its requests, so it takes the manager's budget before the first one, and releases
 * it after the last one, also while it waits for a store that throttles.
 */
final class Copy extends ParallelTransfer<StoredBlob> {
    private static final Logger LOG = LoggerFactory.getLogger(Copy.class);

    private final BlobStore source;
    private final BlobKey from;
    private final BlobStore target;
    private final BlobKey to;
    private final UploadOptions options;
    private final AtomicInteger nextPart = new AtomicInteger(1);

    // Written by the first worker before it starts others, read by them and by the last one.
    private volatile @Nullable Plan plan;
    private volatile @Nullable StoredBlob stored;

    /** The parts to copy, and those that the target has accepted. */
    private record Plan(
            BlobMetadata blob,
            PartLayout layout,
            UploadRequests requests,
            MultipartUpload upload,
            AtomicReferenceArray<UploadedPart> parts) {

        List<UploadedPart> accepted() {
            return IntStream.range(0, parts.length()).mapToObj(parts::get).toList();
        }
    }

    Copy(BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options, Environment environment) {
        super(
                environment,
                "copy of '" + from + "' to '" + to + "' in another store",
                options.retry(),
                environment.throttle(options.retry(), options.concurrency()),
                options.listener());
        if (options.resumable().isPresent()) {
            throw new IllegalArgumentException("a copy cannot be resumed; download the blob, and upload the file");
        }
        this.source = source;
        this.from = from;
        this.target = target;
        this.to = to;
        this.options = options;
    }

    // ---- workers

    @Override
    void begin() throws IOException, InterruptedException {
        BlobMetadata blob = retrying("head", () -> source.head(from));
        if (options.ifChanged() && isStored(blob)) {
            return;
        }
        StoreOptions metadata = metadata(blob);
        Optional<PartLayout> layout = layout(blob);
        tracker().planned(blob.size(), layout.map(PartLayout::partCount).orElse(1));
        if (layout.isEmpty()) {
            withinBudget(blob.size(), () -> storeWhole(blob, metadata));
            return;
        }
        Plan made = create(blob, layout.get(), metadata);
        plan = made;
        call(Math.min(options.concurrency(), layout.get().partCount()) - 1, () -> copyParts(made));
        copyParts(made);
    }

    /** Returns whether the target has the content already; if so, it is the result. */
    private boolean isStored(BlobMetadata blob) throws IOException, InterruptedException {
        Optional<BlobMetadata> found = retrying("head", () -> UploadPrecheck.find(target, to));
        if (found.isEmpty()
                || blob.checksum().isEmpty()
                || found.get().size() != blob.size()
                || !found.get().checksum().equals(blob.checksum())) {
            return false;
        }
        tracker().planned(blob.size(), 1);
        tracker().moved(blob.size());
        stored = StoredBlob.unchanged(found.get());
        return true;
    }

    /** Returns the options with the metadata of the blob, except for what the options have themselves. */
    private StoreOptions metadata(BlobMetadata blob) throws BlobStoreException {
        StoreOptions own = options.store();
        StoreOptions.Builder all = StoreOptions.builder()
                .metadataOf(blob)
                .userMetadata(own.userMetadata())
                .precondition(own.precondition());
        own.contentType().ifPresent(all::contentType);
        own.contentEncoding().ifPresent(all::contentEncoding);
        own.contentLanguage().ifPresent(all::contentLanguage);
        own.contentDisposition().ifPresent(all::contentDisposition);
        own.cacheControl().ifPresent(all::cacheControl);
        try {
            return all.build();
        } catch (IllegalArgumentException e) {
            throw new BlobStoreException(
                    Operation.HEAD,
                    from,
                    "its metadata cannot be stored in another store: " + e.getMessage(),
                    e,
                    false);
        }
    }

    /** Returns how the blob is divided; empty if it is stored with one request. */
    private Optional<PartLayout> layout(BlobMetadata blob) {
        StoreCapabilities limits = target.capabilities();
        if (blob.size() > limits.maxBlobSize() || (!limits.multipart() && blob.size() > options.partSize())) {
            throw new IllegalArgumentException("a blob of " + blob.size() + " bytes is larger than the target stores: "
                    + (blob.size() > limits.maxBlobSize()
                            ? limits.maxBlobSize() + " bytes"
                            : options.partSize() + " bytes, the size of a part, as it has no multipart uploads"));
        }
        if (blob.size() == 0 || !limits.multipart()) {
            return Optional.empty();
        }
        return Optional.of(PartLayout.plan(blob.size(), options.partSize(), limits))
                .filter(layout -> layout.partCount() > 1);
    }

    /** Copies a blob of one part, within the budget. */
    private boolean storeWhole(BlobMetadata blob, StoreOptions metadata) throws IOException, InterruptedException {
        try (PartMemory memory = PartMemory.take(blob.size())) {
            requireSource(blob, read(blob, "the blob", 0, blob.size(), memory));
            stored = retrying("store", () -> target.store(to, memory.content(), metadata));
        }
        tracker().moved(blob.size());
        return true;
    }

    private Plan create(BlobMetadata blob, PartLayout layout, StoreOptions metadata)
            throws IOException, InterruptedException {
        UploadRequests requests = new UploadRequests(this, target, to, metadata);
        MultipartUpload upload = requests.create(layout);
        return new Plan(blob, layout, requests, upload, new AtomicReferenceArray<>(layout.partCount()));
    }

    private void copyParts(Plan made) throws IOException, InterruptedException {
        int count = made.layout.partCount();
        for (int part = nextPart.getAndIncrement(); part <= count && !isStopped(); part = nextPart.getAndIncrement()) {
            int number = part;
            long length = made.layout.length(number);
            UploadedPart accepted = withinBudget(length, () -> copyPart(made, number, length));
            made.parts.set(number - 1, accepted);
            tracker().moved(length);
        }
    }

    private UploadedPart copyPart(Plan made, int number, long length) throws IOException, InterruptedException {
        String part = "part " + number;
        try (PartMemory memory = PartMemory.take(length)) {
            read(made.blob, part, made.layout.offset(number), length, memory);
            return retrying(part, () -> made.upload.uploadPart(number, memory.content()));
        }
    }

    /** Reads a range of the blob into memory; returns its checksum. */
    private Crc32c read(BlobMetadata blob, String what, long offset, long length, PartMemory memory)
            throws IOException, InterruptedException {
        ResumableRangeRead read =
                new ResumableRangeRead(source, from, ReadOptions.ifMatch(blob.version()), memory, offset, 0);
        return retrying("read of " + what, () -> {
            read.finish(length);
            read.requireSizeOf(blob);
            return read.checksum();
        });
    }

    // ---- completion

    /**
     * Checks that what was read is the blob. If the store keeps no checksum, requests the version again: a server that
     * checks it before it opens the content may have sent newer content.
     */
    private void requireSource(BlobMetadata blob, Crc32c read) throws IOException, InterruptedException {
        if (blob.checksum().isEmpty() && blob.size() > 0) {
            try {
                retrying("head", () -> MetadataRequest.send(source, from, Optional.of(blob.version())));
            } catch (PreconditionFailedException e) {
                throw new PreconditionFailedException(Operation.READ, from, "it was replaced while it was read", e);
            }
        }
        if (!blob.checksum().orElse(read).equals(read)) {
            throw new IntegrityException(
                    Operation.READ,
                    from,
                    "the store reports " + blob.checksum().get() + ", but " + read
                            + " was read; nothing was stored: copy again",
                    null);
        }
    }

    /** Returns the blob if a single request succeeded before a cancellation reached it. */
    @Override
    @Nullable StoredBlob finished() {
        return stored;
    }

    @Override
    StoredBlob complete() throws IOException, InterruptedException {
        Plan made = plan;
        if (made == null) {
            throw new IllegalStateException("the copy was not begun");
        }
        Crc32c copied = made.layout.checksum(made.accepted());
        requireSource(made.blob, copied);
        return made.requests.complete(made.upload, copied);
    }

    @Override
    void release(@Nullable Throwable problem) {
        Plan made = plan;
        if (made == null) {
            return;
        }
        try {
            made.upload.close();
        } catch (IOException | RuntimeException e) {
            if (problem != null && problem != e) {
                problem.addSuppressed(e);
            }
            LOG.warn("The unfinished upload of '{}' could not be aborted; the store may keep its parts", to, e);
        }
    }
}
