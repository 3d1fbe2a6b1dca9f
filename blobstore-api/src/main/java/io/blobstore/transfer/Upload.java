package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.RetainedSource;
import io.blobstore.StoreCapabilities;
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
 * One upload: plans it, sends its parts, and completes or aborts it. Each worker takes the next part until none is
 * left; the first worker creates the multipart upload before it starts the others.
 */
final class Upload extends ParallelTransfer<StoredBlob> {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

    private final BlobStore store;
    private final BlobKey key;
    private final RetainedSource source;
    private final UploadOptions options;
    /** Empty for an upload with a single request. */
    private final Optional<PartLayout> layout;

    private final int partCount;
    private final AtomicInteger nextPart = new AtomicInteger(1);
    private final AtomicReferenceArray<UploadedPart> parts;

    // Written by the first worker before it starts others, read by them and by the last one.
    private volatile @Nullable MultipartUpload multipart;
    private volatile @Nullable StoredBlob stored;

    /** Plans the upload and retains its source. */
    Upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options, Environment environment) {
        super(
                environment,
                "upload of '" + key + "'",
                options.retry(),
                environment.throttle(options.retry(), options.concurrency()),
                options.listener());
        this.store = store;
        this.key = key;
        this.options = options;
        this.layout = plan(store, source, options);
        this.partCount = layout.map(PartLayout::partCount).orElse(1);
        this.parts = new AtomicReferenceArray<>(partCount);
        this.source = source.retain();
        tracker().planned(source.size(), partCount);
    }

    private static Optional<PartLayout> plan(BlobStore store, BlobSource source, UploadOptions options) {
        StoreCapabilities limits = store.capabilities();
        if (source.size() > limits.maxBlobSize()) {
            throw new IllegalArgumentException("a blob of " + source.size() + " bytes is larger than the store allows: "
                    + limits.maxBlobSize() + " bytes");
        }
        if (source.size() == 0 || !limits.multipart()) {
            return Optional.empty();
        }
        PartLayout plan = PartLayout.plan(source.size(), options.partSize(), limits);
        return plan.partCount() == 1 ? Optional.empty() : Optional.of(plan);
    }

    // ---- workers

    @Override
    void begin() throws IOException, InterruptedException {
        if (layout.isEmpty()) {
            takePart();
            stored = retrying(
                    "store", () -> withinBudget(source.size(), () -> store.store(key, source, options.store())));
            tracker().moved(source.size());
            return;
        }
        multipart =
                retrying("create the upload", () -> store.createMultipartUpload(key, layout.get(), options.store()));
        call(Math.min(options.concurrency(), partCount) - 1, this::sendParts);
        sendParts();
    }

    private void sendParts() throws IOException, InterruptedException {
        for (int part = takePart(); part != 0; part = takePart()) {
            sendPart(part);
        }
    }

    /** Returns the next part's number; 0 if none is left. */
    private int takePart() {
        if (isStopped()) {
            return 0;
        }
        int part = nextPart.getAndIncrement();
        return part <= partCount ? part : 0;
    }

    private void sendPart(int number) throws IOException, InterruptedException {
        PartLayout plan = layout.orElseThrow();
        MultipartUpload upload = created();
        BlobSource content = source.slice(plan.offset(number), plan.length(number));
        UploadedPart part = retrying(
                "part " + number, () -> withinBudget(content.size(), () -> upload.uploadPart(number, content)));
        parts.set(number - 1, part);
        tracker().moved(part.size());
    }

    private MultipartUpload created() {
        MultipartUpload upload = multipart;
        if (upload == null) {
            throw new IllegalStateException("no part can be sent before the upload was created");
        }
        return upload;
    }

    // ---- completion

    /** Returns the blob if a single request succeeded before a cancellation reached it. */
    @Override
    @Nullable StoredBlob finished() {
        return stored;
    }

    @Override
    StoredBlob complete() throws IOException, InterruptedException {
        MultipartUpload upload = created();
        List<UploadedPart> accepted =
                IntStream.range(0, partCount).mapToObj(parts::get).toList();
        Crc32c sent = layout.orElseThrow().checksum(accepted);
        StoredBlob result = retrying("complete the upload", () -> upload.complete(sent));
        if (result.checksum().isPresent() && !result.checksum().get().equals(sent)) {
            throw new IntegrityException(
                    Operation.STORE,
                    key,
                    "the store reports " + result.checksum().get() + ", but " + sent
                            + " was sent; the blob must not be used",
                    null);
        }
        return result;
    }

    @Override
    void release(@Nullable Throwable problem) {
        try {
            closeUpload(problem);
        } finally {
            source.close();
        }
    }

    /** Aborts the upload unless it was completed; a failure to abort is suppressed in the original problem. */
    private void closeUpload(@Nullable Throwable problem) {
        MultipartUpload upload = multipart;
        if (upload == null) {
            return;
        }
        try {
            upload.close();
        } catch (Throwable e) {
            if (problem != null && problem != e) {
                problem.addSuppressed(e);
            }
            LOG.warn("The unfinished upload of '{}' could not be aborted; the store may keep its parts", key, e);
        }
    }
}
