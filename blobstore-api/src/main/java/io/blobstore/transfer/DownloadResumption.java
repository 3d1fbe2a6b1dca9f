package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.internal.file.JournalFile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The journal of a resumable download: which version is read, and the checksum of each part that was written. A part is
 * believed only if what is in the file has this checksum, so neither the journal nor the file need to be forced to the
 * device. Thread-safe.
 */
final class DownloadResumption {
    private static final Pattern PART = Pattern.compile("([0-9]{1,9}) ([0-9a-f]{8})");

    private final BlobStore store;
    private final BlobTarget.ResumableWriter target;
    private final JournalFile journal;
    private final Map<Integer, Crc32c> parts = new ConcurrentHashMap<>();

    private DownloadResumption(BlobStore store, BlobTarget.ResumableWriter target, JournalFile journal) {
        this.store = store;
        this.target = target;
        this.journal = journal;
    }

    /** Opens the journal of a target, which is locked until {@link #end}. */
    static DownloadResumption open(BlobStore store, BlobTarget.ResumableWriter target) throws IOException {
        return new DownloadResumption(store, target, JournalFile.open(target.journal()));
    }

    /** Goes on with what was read of this version before, or begins anew if that was something else. */
    void begin(BlobKey key, BlobMetadata blob, long partSize) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("store", store.toString());
        fields.put("key", key.toString());
        fields.put("version", blob.version().value());
        fields.put("size", Long.toString(blob.size()));
        fields.put("part-size", Long.toString(partSize));
        if (!journal.fields().equals(fields)) {
            target.clear();
            journal.begin(fields);
            return;
        }
        for (String entry : journal.entries()) {
            Matcher part = PART.matcher(entry);
            if (part.matches()) {
                parts.put(Integer.valueOf(part.group(1)), new Crc32c(Integer.parseUnsignedInt(part.group(2), 16)));
            }
        }
    }

    /**
     * Returns the checksum of a part that is in the target; empty if it has to be read.
     *
     * @param part the part's number, from 0
     */
    Optional<Crc32c> received(int part, long offset, long length) throws IOException {
        Crc32c recorded = parts.remove(part);
        return recorded == null
                ? Optional.empty()
                : target.checksum(offset, length).filter(recorded::equals);
    }

    /** Records that a part is in the target. */
    void arrived(int part, Crc32c checksum) throws IOException {
        journal.append(part + " " + String.format("%08x", checksum.value()));
    }

    /** Keeps the content and the journal for another attempt, unless they are complete, or not what the store has. */
    void end(@Nullable Throwable problem) throws IOException {
        try (JournalFile open = journal) {
            if (problem instanceof IntegrityException) {
                target.clear();
            }
            if (problem == null || problem instanceof IntegrityException) {
                open.delete();
            }
        }
    }
}
