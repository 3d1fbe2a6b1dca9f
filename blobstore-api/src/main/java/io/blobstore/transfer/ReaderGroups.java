package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.internal.prefetch.PrefetchMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The readers of each blob that are open at the same time: which of them share blocks, and where they began to read.
 * Thread-safe.
 */
final class ReaderGroups {
    /** The maximum number of beginnings that are remembered of a blob. */
    private static final int MOST_BEGINNINGS = 1024;

    private final PrefetchMemory memory;
    private final TransferClock clock;
    // Guarded by this:
    private final Map<Name, Group> groups = new HashMap<>();
    private final Map<BlobStore, ConnectionRate.OfStore> rates = new WeakHashMap<>();

    private record Name(BlobStore store, BlobKey key, Optional<BlobVersion> wanted) {}

    /** Its fields are guarded by the groups. */
    private static final class Group {
        final Name name;
        int readers;
        int sharing;
        /** The blocks of those that share; null if there are none. */
        @Nullable BlobBlocks shared;
        /** The positions at which readers began to read in sequence, also those that were closed since. */
        final NavigableMap<Long, Member> beginnings = new TreeMap<>();

        Group(Name name) {
            this.name = name;
        }
    }

    /** One reader's membership. Thread-safe. */
    final class Member {
        private final BlobBlocks blocks;
        private final Group group;
        // Guarded by the groups:
        private boolean left;
        private long beginning = -1;
        private long border = Long.MAX_VALUE;
        private boolean crossed;

        private Member(BlobBlocks blocks, Group group) {
            this.blocks = blocks;
            this.group = group;
        }

        BlobBlocks blocks() {
            return blocks;
        }

        /**
         * Returns where this reader's sequential reads probably end: where another reader began to read. A program that
         * divides a blob among readers lets each begin where the one before ends. If this reader goes on there, it is
         * not restrained any more.
         *
         * @param from the position at which its sequential reads began
         * @param end the end of its current read
         * @return a position that is not before {@code end}; {@link Long#MAX_VALUE} if nothing is known
         */
        long border(long from, long end) {
            synchronized (ReaderGroups.this) {
                if (from != beginning) {
                    beginning = from;
                    crossed = false;
                    border = Long.MAX_VALUE;
                    if (group.beginnings.size() < MOST_BEGINNINGS) {
                        group.beginnings.putIfAbsent(from, this);
                    }
                }
                crossed |= end > border;
                border = crossed || blocks.isShared() ? Long.MAX_VALUE : nextBeginning(end);
                return border;
            }
        }

        /** Requires the lock of the groups. */
        private long nextBeginning(long from) {
            for (Map.Entry<Long, Member> begun : group.beginnings.tailMap(from).entrySet()) {
                if (begun.getValue() != this) {
                    return begun.getKey();
                }
            }
            return Long.MAX_VALUE;
        }

        /** Leaves the group; the last one that uses blocks releases them. Its reads must have ended. Idempotent. */
        void leave() {
            synchronized (ReaderGroups.this) {
                if (left) {
                    return;
                }
                left = true;
                group.readers--;
                if (group.readers == 0) {
                    groups.remove(group.name);
                }
                if (blocks.isShared()) {
                    group.sharing--;
                    if (group.sharing > 0) {
                        return;
                    }
                    group.shared = null;
                }
            }
            blocks.close();
        }
    }

    /**
     * Creates an instance without groups.
     *
     * @param memory for the blocks
     */
    ReaderGroups(PrefetchMemory memory, TransferClock clock) {
        this.memory = memory;
        this.clock = clock;
    }

    /** Joins the readers of a blob, with their shared blocks if the options say so, otherwise with its own. */
    synchronized Member join(BlobStore store, BlobKey key, ReaderOptions options) {
        Group group = groups.computeIfAbsent(new Name(store, key, options.read().ifMatch()), Group::new);
        BlobBlocks blocks = group.shared;
        if (blocks == null || !options.shared()) {
            blocks = new BlobBlocks(
                    store,
                    key,
                    options.shared(),
                    options.maxReadAhead() > 0,
                    memory.join(),
                    new ConnectionRate(
                            clock::nanoTime, rates.computeIfAbsent(store, first -> new ConnectionRate.OfStore())));
        }
        if (options.shared()) {
            group.shared = blocks;
            group.sharing++;
        }
        group.readers++;
        return new Member(blocks, group);
    }
}
