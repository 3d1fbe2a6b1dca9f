package io.blobstore.cas.internal;

/** Records the changes of an index. Called under the index's lock: must not block, and must not throw. */
public interface IndexLog {
    /** An entry was added, as the one used last. */
    void added(Entry entry);

    /** An entry was removed. */
    void removed(Entry entry);

    /** An entry was used: it is now the one used last. */
    void used(Entry entry);
}
