package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PreconditionFailedException;
import io.blobstore.Sha256;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreOptions;
import io.blobstore.internal.file.JournalFile;
import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of a resumable upload. It names the multipart upload and what is being stored; which parts have arrived
 * is for the store to say, so it is written once, before the first part is sent.
 *
 * <p>An upload is kept after a failure, unless it could only fail again: if the source has changed, the precondition
 * does not hold, or the store has other content than was sent. Used by one thread at a time.
 */
final class UploadResumption implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(UploadResumption.class);
    private static final String STORE = "store";
    private static final String KEY = "key";
    private static final String ID = "upload";

    private final BlobStore store;
    private final BlobKey key;
    private final JournalFile journal;
    /** What the upload is of: the fields of the journal, without the id. */
    private final Map<String, String> call;

    private UploadResumption(BlobStore store, BlobKey key, JournalFile journal, Map<String, String> call) {
        this.store = store;
        this.key = key;
        this.journal = journal;
        this.call = call;
    }

    /** Returns the text that identifies a source. */
    static String identity(BlobSource source) {
        return source.identity()
                .orElseThrow(() -> new IllegalArgumentException("a resumable upload needs a source over a file, such as"
                        + " BlobSource.ofPath or a MappedFile that is mapped read-only; got " + source));
    }

    /**
     * Opens the journal, which is locked until this is closed.
     *
     * @throws IllegalArgumentException if it is that of another key or store
     */
    static UploadResumption open(
            Path path, BlobStore store, BlobKey key, BlobSource source, PartLayout layout, StoreOptions options)
            throws IOException {
        Map<String, String> call = new LinkedHashMap<>();
        call.put(STORE, store.toString());
        call.put(KEY, key.toString());
        call.put("source", identity(source));
        call.put("part-size", Long.toString(layout.partSize()));
        call.put("options", digest(options));
        JournalFile journal = JournalFile.open(path);
        Map<String, String> saved = journal.fields();
        if (!saved.isEmpty()
                && !(call.get(STORE).equals(saved.get(STORE)) && call.get(KEY).equals(saved.get(KEY)))) {
            journal.close();
            throw new IllegalArgumentException(path + " is the journal of another upload, of '" + saved.get(KEY)
                    + "' to " + saved.get(STORE) + "; use another path, or delete it");
        }
        return new UploadResumption(store, key, journal, call);
    }

    private static String digest(StoreOptions options) {
        String text =
                options.contentHeaders() + " " + new TreeMap<>(options.userMetadata()) + " " + options.precondition();
        return Sha256.ofBytes(Sha256.newMessageDigest().digest(text.getBytes(StandardCharsets.UTF_8)))
                .hex();
    }

    /** Returns the id of the upload to go on with; empty if there is none. */
    Optional<String> unfinished() {
        return isOfThisCall() ? Optional.ofNullable(journal.fields().get(ID)) : Optional.empty();
    }

    private boolean isOfThisCall() {
        Map<String, String> saved = new LinkedHashMap<>(journal.fields());
        saved.remove(ID);
        return saved.equals(call);
    }

    /** Aborts the upload of another source or with other options that the journal names, and deletes the journal. */
    void discardUnfinished() throws IOException {
        String id = journal.fields().get(ID);
        if (id != null) {
            try {
                store.abortUpload(key, id);
            } catch (IOException e) {
                LOG.warn("The former upload {} of '{}' could not be aborted; the store may keep its parts", id, key, e);
            }
        }
        journal.delete();
    }

    /** Keeps a new upload, and records it. */
    void begin(MultipartUpload upload) throws IOException {
        upload.keep();
        Map<String, String> fields = new LinkedHashMap<>(call);
        fields.put(ID, upload.id());
        journal.begin(fields);
    }

    /**
     * Ends an upload that was not completed: keeps it at the store, or aborts it, and deletes the journal, if it cannot
     * be resumed.
     */
    void end(MultipartUpload upload, Throwable problem) throws IOException {
        boolean recorded = upload.id().equals(journal.fields().get(ID));
        if (recorded && isResumable(problem)) {
            upload.close();
            LOG.debug("The upload of '{}' can be resumed with the journal {}", key, journal);
            return;
        }
        upload.abort();
        journal.delete();
    }

    private static boolean isResumable(@Nullable Throwable problem) {
        return !(problem instanceof SourceChangedException
                || problem instanceof PreconditionFailedException
                || problem instanceof IntegrityException);
    }

    /** Deletes the journal of an upload that is completed. */
    void completed() {
        try {
            journal.delete();
        } catch (IOException e) {
            LOG.warn("'{}' is stored, but its journal could not be deleted", key, e);
        }
    }

    /** Unlocks the journal. Idempotent. */
    @Override
    public void close() throws IOException {
        journal.close();
    }
}
