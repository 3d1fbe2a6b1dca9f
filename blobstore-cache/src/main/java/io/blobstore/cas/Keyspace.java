package io.blobstore.cas;

/** What the key of an entry means. Each keyspace has a directory of its own, with bazel-remote's name. */
public enum Keyspace {
    /** Content, whose key is its SHA-256. It is verified when it is put. */
    CAS("cas.v2"),
    /** Results of actions of the Remote Execution API, by the digest of the action. */
    AC("ac.v2"),
    /** Any small records, by a key that is a SHA-256 of whatever the user chooses. */
    RAW("raw.v2");

    private final String directory;

    Keyspace(String directory) {
        this.directory = directory;
    }

    /** Returns the name of the directory that holds the entries. */
    public String directory() {
        return directory;
    }
}
