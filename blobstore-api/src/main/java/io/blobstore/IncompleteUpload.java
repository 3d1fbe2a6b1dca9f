package io.blobstore;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An upload that is neither completed nor aborted: one in progress, or one whose process died. Its parts take space in
 * the store until it is {@linkplain BlobStore#abortUpload aborted}. Immutable.
 */
public final class IncompleteUpload {
    private final BlobKey key;
    private final String id;
    private final Optional<Instant> initiated;

    private IncompleteUpload(BlobKey key, String id, Optional<Instant> initiated) {
        this.key = key;
        this.id = id;
        this.initiated = initiated;
    }

    /** Returns an upload with these values, for implementations of stores. */
    public static IncompleteUpload of(BlobKey key, String id, Optional<Instant> initiated) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(initiated, "initiated");
        return new IncompleteUpload(key, id, initiated);
    }

    /** Returns the key of the blob that the upload would store. */
    public BlobKey key() {
        return key;
    }

    /** Returns the text that identifies the upload together with its key, as {@link MultipartUpload#id()} does. */
    public String id() {
        return id;
    }

    /** Returns when the upload was created, by the clock of the store; empty if the store reports no valid time. */
    public Optional<Instant> initiated() {
        return initiated;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IncompleteUpload that
                && key.equals(that.key)
                && id.equals(that.id)
                && initiated.equals(that.initiated);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, id, initiated);
    }

    @Override
    public String toString() {
        return "IncompleteUpload[key=" + key + ", id=" + id + ", initiated=" + initiated + "]";
    }
}
