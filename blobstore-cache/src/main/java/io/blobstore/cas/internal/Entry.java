package io.blobstore.cas.internal;

import org.jspecify.annotations.Nullable;

/**
 * An entry that is present, or was. Created by {@link Index}; each file has an object of its own, so that a reference
 * to an entry never means the file that replaced it. Thread-safe.
 *
 * <p>There may be millions: what the file's name says is kept in primitives, about 200 bytes in all with the key and
 * the index's hash table.
 */
public final class Entry {
    /** Where an entry is, and what becomes of it. Guarded by the index's lock. */
    enum State {
        /** Present, and not used since it was loaded. */
        LOADED,
        /** Present. */
        USED,
        /** Present, and leased when it was the least recently used one: set aside until it is released. */
        PARKED,
        /** Chosen to make room: no longer found, and deleted as soon as no lease is open. */
        EVICTED,
        /** Removed or replaced: no longer found, and deleted as soon as no lease is open. */
        REMOVED,
        /** Deleted. */
        GONE
    }

    private static final int MAX_DIGITS = 18;

    final EntryKey key;
    private final EntryFile.Format format;
    private final long contentSize;
    private final long storedSize;

    /** The suffix's digits with a 1 before them, which keeps leading zeros; 0 if the suffix has anything else. */
    private final long digits;

    private final @Nullable String otherSuffix;

    // All guarded by the index's lock.
    State state = State.LOADED;
    int leases;

    /** When the entry was used last, in units of {@link AgeClock}. */
    int lastUseTime;

    /** The number of the last use. Written under the lock. */
    volatile long tick;

    /** The journal's: in which of its files the last use was recorded. */
    int journalEpoch;

    @Nullable Entry older;

    @Nullable Entry newer;

    private volatile @Nullable Object attachment;

    Entry(EntryFile file, long storedSize) {
        if (storedSize < 0) {
            throw new IllegalArgumentException("a file has 0 bytes or more; got " + storedSize);
        }
        key = file.key();
        format = file.format();
        contentSize = file.contentSize();
        digits = digits(file.suffix());
        otherSuffix = digits == 0 ? file.suffix() : null;
        this.storedSize = storedSize;
    }

    private static long digits(String suffix) {
        if (suffix.isEmpty() || suffix.length() > MAX_DIGITS) {
            return 0;
        }
        long digits = 1;
        for (int i = 0; i < suffix.length(); i++) {
            int digit = suffix.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            digits = digits * 10 + digit;
        }
        return digits;
    }

    /** Returns the key. */
    public EntryKey key() {
        return key;
    }

    /** Returns a description of the file, which is created by each call. */
    public EntryFile file() {
        String suffix =
                otherSuffix != null ? otherSuffix : Long.toString(digits).substring(1);
        return new EntryFile(key, format, contentSize, suffix);
    }

    /** Returns how the content is stored. */
    public EntryFile.Format format() {
        return format;
    }

    /** Returns the length of the file in bytes. */
    public long storedSize() {
        return storedSize;
    }

    /** Returns the size of the content in bytes, as far as it is known: otherwise that of the file. */
    public long contentSize() {
        return contentSize >= 0 ? contentSize : storedSize;
    }

    /** Returns what the file takes on the disk in bytes. */
    long bytes() {
        return Budget.blocks(storedSize);
    }

    /**
     * Returns the number of the last use. Uses are numbered in their order, from 1 or from the highest number of a
     * loaded entry on, whichever is higher.
     */
    public long tick() {
        return tick;
    }

    /** Returns what users of this entry share, such as its table of frames; null if nothing yet. */
    public @Nullable Object attachment() {
        return attachment;
    }

    /** Sets what users of this entry share. */
    public void attach(@Nullable Object attachment) {
        this.attachment = attachment;
    }

    @Override
    public String toString() {
        return file() + " " + state;
    }
}
