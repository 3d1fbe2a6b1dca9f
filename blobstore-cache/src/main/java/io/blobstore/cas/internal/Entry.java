package io.blobstore.cas.internal;

/** An entry that is present, or was. Created by {@link Index}; each file has an object of its own. */
public final class Entry {
    Entry() {}

    /** Returns the file. */
    public EntryFile file() {
        throw new UnsupportedOperationException();
    }

    /** Returns the length of the file in bytes. */
    public long storedSize() {
        throw new UnsupportedOperationException();
    }

    /** Returns what users of this entry share, such as its table of frames; null if nothing yet. */
    public @org.jspecify.annotations.Nullable Object attachment() {
        throw new UnsupportedOperationException();
    }

    /** Sets what users of this entry share. */
    public void attach(Object attachment) {
        throw new UnsupportedOperationException();
    }
}
