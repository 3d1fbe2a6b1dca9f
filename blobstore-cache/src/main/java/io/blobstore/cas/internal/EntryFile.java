package io.blobstore.cas.internal;

/**
 * The file of an entry, as its name describes it. Immutable; a new one for each file that is written.
 *
 * @param key the entry's key
 * @param format how the content is stored
 * @param contentSize the size of the content in bytes; -1 if the name does not say
 * @param suffix what makes the name unique: 9 digits where this library wrote it
 */
public record EntryFile(EntryKey key, Format format, long contentSize, String suffix) {
    /** How the content of a file is stored. */
    public enum Format {
        /** {@code hash-size-suffix}: a casblob. */
        CASBLOB,
        /** {@code hash-suffix.v1} of a CAS, {@code hash-suffix} of other keyspaces: the content as it is. */
        PLAIN
    }
}
