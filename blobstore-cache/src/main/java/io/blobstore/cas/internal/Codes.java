package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;

/**
 * The numbers of keyspaces and formats in the journal's files. They never change, whatever becomes of the enums: a
 * journal may be of another version of this library.
 */
final class Codes {
    /** The number of keyspaces: their codes are 0 up to this. */
    static final int KEYSPACES = 3;

    /** The number of formats: their codes are 0 up to this. */
    static final int FORMATS = 2;

    private Codes() {}

    /** Returns the code of a keyspace. */
    static int of(Keyspace keyspace) {
        return switch (keyspace) {
            case CAS -> 0;
            case AC -> 1;
            case RAW -> 2;
        };
    }

    /** Returns the code of a format. */
    static int of(EntryFile.Format format) {
        return switch (format) {
            case CASBLOB -> 0;
            case PLAIN -> 1;
        };
    }

    /**
     * Returns the keyspace of a code.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Keyspace keyspace(int code) {
        return switch (code) {
            case 0 -> Keyspace.CAS;
            case 1 -> Keyspace.AC;
            case 2 -> Keyspace.RAW;
            default -> throw new IllegalArgumentException("no keyspace has the code " + code);
        };
    }
}
