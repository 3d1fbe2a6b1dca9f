package io.blobstore.split;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Signals that an input is not a well-formed tar archive, or has an entry that cannot be split. Not retryable. */
public class TarFormatException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String entry;
    private final long offset;

    /**
     * Creates an exception.
     *
     * @param entry the name of the entry, as far as it is known
     * @param offset the offset in the input, in bytes, of the header of that entry
     * @param problem the problem
     */
    public TarFormatException(@Nullable String entry, long offset, String problem) {
        super(
                Operation.READ_SOURCE,
                null,
                "not a tar archive that can be split: at byte " + offset
                        + (entry == null ? "" : ", entry '" + entry + "'") + ": " + problem,
                null,
                false);
        this.entry = entry;
        this.offset = offset;
    }

    /** Returns the name of the entry; empty if the archive ends, or is damaged, before the name. */
    public Optional<String> entry() {
        return Optional.ofNullable(entry);
    }

    /** Returns the offset in the input, in bytes, of the header of the entry. */
    public long offset() {
        return offset;
    }
}
