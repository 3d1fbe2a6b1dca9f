package io.blobstore.cas.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries that a journal knows: the result of its records. 64 bytes for each entry, and a table of 16 to 32 bytes;
 * no object.
 *
 * <p>Each record has a tick, and is of one file. So the additions and removals of a file may be applied in any order,
 * as they come from the logs of several processes, and more than once. Only if several processes have replaced the file
 * of a key, the result may be the wrong one; then it is not found when the directory is listed.
 *
 * <p>Not thread-safe; {@link #find} may be called by several threads while nothing changes.
 */
final class JournalState {
    private static final int CHUNK = 4096;
    private static final int PRESENT = JournalRecord.ADDED;

    private final List<long[]> chunks = new ArrayList<>();
    private int size;
    /**
     * Open addressing with linear probing: 1 + the index of a record in the lower half, and a part of the hash in the
     * upper one, so that a search rarely reads the record of another key; 0 if free.
     */
    private long[] table = new long[1024];

    private long maxTick;

    /** Returns the number of records, those of removed entries included. */
    int size() {
        return size;
    }

    /** Returns the highest tick of all records that were applied; 0 if there was none. */
    long maxTick() {
        return maxTick;
    }

    /** Returns the words of a record, which begin at {@link #at}. */
    long[] words(int index) {
        return chunks.get(index / CHUNK);
    }

    /** Returns where the words of a record begin. */
    int at(int index) {
        return index % CHUNK * JournalRecord.WORDS;
    }

    /** Returns the tick of a record. */
    long tick(int index) {
        return words(index)[at(index) + JournalRecord.TICK];
    }

    /** Returns whether a record is that of an entry that was not removed. */
    boolean isPresent(int index) {
        return (words(index)[at(index)] >>> 24 & 0xff) == PRESENT;
    }

    /** Removes the entry of a record, as it was not found. */
    void remove(int index) {
        setOperation(words(index), at(index), JournalRecord.REMOVED);
    }

    private static void setOperation(long[] words, int at, int operation) {
        words[at] = (words[at] & ~(0xffL << 24)) | ((long) operation << 24);
    }

    /**
     * Finds the record of a key.
     *
     * @param keyspace its code
     * @return the record's index; -1 if there is none
     */
    int find(int keyspace, long hash0, long hash1, long hash2, long hash3) {
        long[] slots = table;
        for (int i = slot(hash0, keyspace, slots.length); slots[i] != 0; i = i + 1 & slots.length - 1) {
            if ((int) (slots[i] >>> 32) != (int) hash0) {
                continue;
            }
            int index = (int) slots[i] - 1;
            long[] words = words(index);
            int at = at(index);
            if (words[at + 1] == hash0
                    && words[at + 2] == hash1
                    && words[at + 3] == hash2
                    && words[at + 4] == hash3
                    && keyspaceOf(words[at]) == keyspace) {
                return index;
            }
        }
        return -1;
    }

    private static int keyspaceOf(long word) {
        return JournalRecord.kind(word) >>> 8;
    }

    /** SHA-256 is uniform: its first bits are as good as a hash of it. Records of other keyspaces may share a key. */
    private static int slot(long hash0, int keyspace, int slots) {
        return (int) (hash0 >>> 32) + keyspace * 7919 & slots - 1;
    }

    /** Applies a record. */
    void apply(long[] record) {
        long tick = record[JournalRecord.TICK];
        maxTick = Math.max(maxTick, tick);
        int operation = JournalRecord.operation(record);
        int index = find(keyspaceOf(record[0]), record[1], record[2], record[3], record[4]);
        if (index < 0) {
            if (operation != JournalRecord.USED) {
                add(record); // a removal is kept, as the addition may follow, from the journal of another process
            }
            return;
        }
        long[] words = words(index);
        int at = at(index);
        boolean sameFile = JournalRecord.suffixCode(words, at) == JournalRecord.suffixCode(record, 0)
                && JournalRecord.kind(words[at]) == JournalRecord.kind(record[0]);
        boolean later = tick >= words[at + JournalRecord.TICK];
        switch (operation) {
            case JournalRecord.ADDED -> {
                if (sameFile ? isPresent(index) && later : later || !isPresent(index)) {
                    System.arraycopy(record, 0, words, at, JournalRecord.WORDS);
                }
            }
            case JournalRecord.REMOVED -> {
                if (sameFile) {
                    setOperation(words, at, JournalRecord.REMOVED);
                }
            }
            default -> {
                if (sameFile && later) {
                    words[at + JournalRecord.TICK] = tick;
                }
            }
        }
    }

    /** Sets the record of an entry, whatever is known of it. */
    void put(long[] record) {
        int index = find(keyspaceOf(record[0]), record[1], record[2], record[3], record[4]);
        if (index < 0) {
            add(record);
        } else {
            System.arraycopy(record, 0, words(index), at(index), JournalRecord.WORDS);
        }
    }

    /** Adds the record of an entry that is not known, and returns its index. */
    private int add(long[] record) {
        if (size == chunks.size() * CHUNK) {
            chunks.add(new long[CHUNK * JournalRecord.WORDS]);
        }
        int index = size++;
        System.arraycopy(record, 0, words(index), at(index), JournalRecord.WORDS);
        if (size * 2 > table.length) {
            long[] larger = new long[table.length * 2];
            for (int i = 0; i < size; i++) {
                insert(larger, i);
            }
            table = larger;
        } else {
            insert(table, index);
        }
        return index;
    }

    private void insert(long[] slots, int index) {
        long[] words = words(index);
        int at = at(index);
        int i = slot(words[at + 1], keyspaceOf(words[at]), slots.length);
        while (slots[i] != 0) {
            i = i + 1 & slots.length - 1;
        }
        slots[i] = words[at + 1] << 32 | index + 1;
    }

    /** Returns the indices of the entries that are present, in ascending order of their ticks. */
    int[] inOrder() {
        long[] ticks = new long[size];
        int[] indices = new int[size];
        int present = 0;
        boolean ascending = true;
        for (int i = 0; i < size; i++) {
            if (isPresent(i)) {
                ascending &= present == 0 || ticks[present - 1] <= tick(i);
                indices[present] = i;
                ticks[present++] = tick(i);
            }
        }
        if (ascending) { // as in a snapshot
            return Arrays.copyOf(indices, present);
        }
        long[] sorted = Arrays.copyOf(ticks, present);
        Arrays.sort(sorted);
        int[] order = new int[present];
        Arrays.fill(order, -1);
        for (int i = 0; i < size; i++) {
            if (isPresent(i)) {
                int at = Arrays.binarySearch(sorted, tick(i));
                while (at > 0 && sorted[at - 1] == sorted[at]) {
                    at--; // to the first of those with the same tick
                }
                while (order[at] >= 0) {
                    at++;
                }
                order[at] = i;
            }
        }
        return order;
    }
}
