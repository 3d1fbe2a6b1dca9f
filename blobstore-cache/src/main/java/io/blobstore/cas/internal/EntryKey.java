package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The key of an entry.
 *
 * @param keyspace the keyspace
 * @param hash the key in the keyspace
 */
public record EntryKey(Keyspace keyspace, Sha256 hash) {
    /** Creates a key. */
    public EntryKey {
        Objects.requireNonNull(keyspace, "keyspace");
        Objects.requireNonNull(hash, "hash");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof EntryKey that && keyspace == that.keyspace && hash.equals(that.hash));
    }

    @Override
    public int hashCode() {
        return hash.hashCode(); // one hash in two keyspaces is rare
    }
}
