package io.blobstore.cas.internal;

/**
 * Room on the disk that several processes share. Thread-safe; the methods may be called under the index's lock: they
 * neither block nor throw.
 */
public interface SharedRoom {
    /** The room of a cache that one process has for itself: the bound of its index is the only one. */
    SharedRoom PRIVATE = new SharedRoom() {
        @Override
        public boolean take(long bytes) {
            return true;
        }

        @Override
        public void give(long bytes) {}

        @Override
        public boolean evicts() {
            return true;
        }
    };

    /**
     * Takes room for bytes that are going to be written.
     *
     * @return false if there is not enough in all processes together; nothing was taken
     */
    boolean take(long bytes);

    /** Returns room that was taken and is not needed. */
    void give(long bytes);

    /** Returns whether this process evicts entries. */
    boolean evicts();
}
