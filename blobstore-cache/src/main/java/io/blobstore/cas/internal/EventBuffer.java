package io.blobstore.cas.internal;

import java.util.ArrayList;
import java.util.List;

/**
 * Events of an index that are not in the journal's file yet. Grows by chunks, so that adding never copies. Not
 * thread-safe.
 */
final class EventBuffer {
    private static final int CHUNK = 1024;

    private static final class Chunk {
        private final Entry[] entries = new Entry[CHUNK];
        private final byte[] operations = new byte[CHUNK];
        private final long[] ticks = new long[CHUNK];
    }

    /** Receives events. */
    @FunctionalInterface
    interface Consumer {
        /** Receives an event. */
        void accept(Entry entry, int operation, long tick);
    }

    private final List<Chunk> chunks = new ArrayList<>();
    private int size;

    int size() {
        return size;
    }

    /** Adds an event. */
    void add(Entry entry, int operation, long tick) {
        if (size == chunks.size() * CHUNK) {
            chunks.add(new Chunk());
        }
        Chunk chunk = chunks.get(size / CHUNK);
        chunk.entries[size % CHUNK] = entry;
        chunk.operations[size % CHUNK] = (byte) operation;
        chunk.ticks[size % CHUNK] = tick;
        size++;
    }

    /** Passes all events to a consumer, in their order. */
    void forEach(Consumer consumer) {
        for (int i = 0; i < size; i++) {
            Chunk chunk = chunks.get(i / CHUNK);
            consumer.accept(chunk.entries[i % CHUNK], chunk.operations[i % CHUNK], chunk.ticks[i % CHUNK]);
        }
    }
}
