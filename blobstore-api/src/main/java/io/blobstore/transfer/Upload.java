package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.RetainedSource;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload: plans it, sends its parts, and completes or aborts it. Each worker takes the next part until none is
 * left; the first worker creates the multipart upload, or resumes it, before it starts the others.
 */
final class Upload extends ParallelTransfer<StoredBlob> {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

    private static final int VISIT = 1 << 20;

    private final BlobStore store;
    private final BlobKey key;
    private final RetainedSource source;
    private final UploadOptions options;
    private final UploadRequests requests;
    /** Empty for an upload with a single request. */
    private final Optional<PartLayout> layout;

    private final int partCount;
    private final AtomicInteger nextPart = new AtomicInteger(1);
    private final AtomicReferenceArray<UploadedPart> parts;

    // Written by the first worker before it starts others, read by them and by the last one.
    private volatile @Nullable MultipartUpload multipart;
    private volatile @Nullable StoredBlob stored;
    private volatile @Nullable UploadResumption resumption;

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
        this.requests = new UploadRequests(this, store, key, options.store());
        this.layout = plan(store, source, options);
        this.partCount = layout.map(PartLayout::partCount).orElse(1);
        this.parts = new AtomicReferenceArray<>(partCount);
        if (options.resumable().isPresent()) {
            UploadResumption.identity(source);
        }
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
        Optional<Path> journal = layout.isPresent() ? options.resumable() : Optional.empty();
        if (journal.isPresent()) {
            resumption = UploadResumption.open(journal.get(), store, key, source, layout.get(), options.store());
        }
        if (options.ifChanged() && isStored()) {
            discardUnfinished();
            return;
        }
        if (layout.isEmpty()) {
            takePart();
            stored = requests.store(source);
            tracker().moved(source.size());
            return;
        }
        multipart = resumed().orElse(null);
        if (stored != null) {
            return;
        }
        if (multipart == null) {
            create(layout.get());
        }
        call(Math.min(options.concurrency(), partCount) - 1, this::sendParts);
        sendParts();
    }

    /** Returns whether the key's blob has the content already; if so, it is the result. */
    private boolean isStored() throws IOException, InterruptedException {
        Optional<BlobMetadata> found = retrying("head", () -> UploadPrecheck.find(store, key));
        if (found.isEmpty()
                || found.get().size() != source.size()
                || found.get().checksum().isEmpty()) {
            return false;
        }
        CRC32C crc = new CRC32C();
        source.forEachBuffer(VISIT, buffer -> {
            if (isStopped()) {
                throw new InterruptedIOException("the transfer was stopped while the source was compared");
            }
            crc.update(buffer);
        });
        if (!found.get().checksum().get().equals(new Crc32c((int) crc.getValue()))) {
            return false;
        }
        tracker().moved(source.size());
        stored = StoredBlob.unchanged(found.get());
        return true;
    }

    private void create(PartLayout plan) throws IOException, InterruptedException {
        MultipartUpload upload = requests.create(plan);
        multipart = upload;
        UploadResumption journal = resumption;
        if (journal != null) {
            journal.begin(upload);
        }
    }

    /**
     * Returns the upload that the journal names. If that is gone because it was completed before the journal was
     * deleted, the blob is the result.
     */
    private Optional<MultipartUpload> resumed() throws IOException, InterruptedException {
        UploadResumption journal = resumption;
        if (journal == null) {
            return Optional.empty();
        }
        Optional<String> id = journal.unfinished();
        if (id.isPresent()) {
            Optional<MultipartUpload> upload = retrying(
                    "resume the upload",
                    () -> store.resumeMultipartUpload(key, id.get(), layout.orElseThrow(), options.store()));
            if (upload.isPresent() || isStored()) {
                return upload;
            }
        }
        discardUnfinished();
        return Optional.empty();
    }

    private void discardUnfinished() throws IOException {
        UploadResumption journal = resumption;
        if (journal != null) {
            journal.discardUnfinished();
        }
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
        UploadedPart part = requests.uploadPart(upload, number, content);
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
        return requests.complete(upload, sent);
    }

    @Override
    void release(@Nullable Throwable problem) {
        UploadResumption journal = resumption;
        try {
            closeUpload(journal, problem);
            if (journal != null) {
                journal.close();
            }
        } catch (IOException e) {
            LOG.warn("The journal of the upload of '{}' could not be closed", key, e);
        } finally {
            source.close();
        }
    }

    /** Ends the upload unless it was completed; a failure to do so is suppressed in the original problem. */
    private void closeUpload(@Nullable UploadResumption journal, @Nullable Throwable problem) {
        MultipartUpload upload = multipart;
        try {
            if (journal != null && problem == null) {
                journal.completed();
            }
            if (upload == null) {
                return;
            }
            if (journal != null && problem != null) {
                journal.end(upload, problem);
            } else {
                upload.close();
            }
        } catch (Throwable e) {
            if (problem != null && problem != e) {
                problem.addSuppressed(e);
            }
            LOG.warn("The unfinished upload of '{}' could not be aborted; the store may keep its parts", key, e);
        }
    }
}
