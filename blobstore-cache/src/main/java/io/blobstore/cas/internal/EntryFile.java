package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import java.util.Optional;

/**
 * The file of an entry, as its name describes it. Immutable; each file that is written has an object and a name of its
 * own, so that removing a file never removes its successor.
 *
 * @param key the entry's key
 * @param format how the content is stored
 * @param contentSize the size of the content in bytes; -1 if the name does not contain it
 * @param suffix makes the name unique: 9 digits in names that this library creates, letters and digits in others
 */
public record EntryFile(EntryKey key, Format format, long contentSize, String suffix) {
    /** How the content of a file is stored. */
    public enum Format {
        /** {@code hash-size-suffix}: a casblob. */
        CASBLOB,
        /** {@code hash-suffix.v1} of a CAS, {@code hash-suffix} of other keyspaces: the content as it is. */
        PLAIN
    }

    /** Returns the name of the file. */
    public String name() {
        String hash = key.hash().hex();
        if (format == Format.CASBLOB) {
            return hash + "-" + contentSize + "-" + suffix;
        }
        return hash + "-" + suffix + (key.keyspace() == Keyspace.CAS ? EntryName.PLAIN_CAS : "");
    }

    /**
     * Parses a file's name.
     *
     * @return the file; empty if the name is not one of an entry of the keyspace
     */
    public static Optional<EntryFile> parse(Keyspace keyspace, String name) {
        EntryName parser = new EntryName();
        return parser.parse(keyspace, name) ? Optional.of(parser.file()) : Optional.empty();
    }
}
