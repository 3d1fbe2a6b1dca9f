package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.internal.prefetch.PrefetchMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The groups of readers that share blocks: those of one store, blob and wanted version that are open at the same time.
 * Thread-safe.
 */
final class ReaderGroups {
    private final PrefetchMemory memory;
    private final TransferClock clock;
    /** Guarded by this. */
    private final Map<Name, Group> groups = new HashMap<>();

    private record Name(BlobStore store, BlobKey key, Optional<BlobVersion> wanted) {}

    private static final class Group {
        final Name name;
        final BlobBlocks blocks;
        int readers;

        Group(Name name, BlobBlocks blocks) {
            this.name = name;
            this.blocks = blocks;
        }
    }

    /** One reader's membership. Thread-safe. */
    final class Member {
        private final BlobBlocks blocks;
        private final Optional<Group> group;
        /** Guarded by the groups. */
        private boolean left;

        private Member(BlobBlocks blocks, Optional<Group> group) {
            this.blocks = blocks;
            this.group = group;
        }

        BlobBlocks blocks() {
            return blocks;
        }

        /** Leaves the group; the last one releases its memory. The member's reads must have ended. Idempotent. */
        void leave() {
            synchronized (ReaderGroups.this) {
                if (left) {
                    return;
                }
                left = true;
                if (group.isPresent()) {
                    Group joined = group.get();
                    joined.readers--;
                    if (joined.readers > 0) {
                        return;
                    }
                    groups.remove(joined.name);
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

    /** Joins the group of a blob's readers, if the options say so; otherwise, creates a reader's own blocks. */
    synchronized Member join(BlobStore store, BlobKey key, ReaderOptions options) {
        if (!options.shared()) {
            return new Member(create(store, key, options), Optional.empty());
        }
        Name name = new Name(store, key, options.read().ifMatch());
        Group group = groups.computeIfAbsent(name, absent -> new Group(absent, create(store, key, options)));
        group.readers++;
        return new Member(group.blocks, Optional.of(group));
    }

    private BlobBlocks create(BlobStore store, BlobKey key, ReaderOptions options) {
        return new BlobBlocks(
                store,
                key,
                options.shared(),
                options.maxReadAhead() > 0,
                memory.join(),
                new ConnectionRate(clock::nanoTime));
    }
}
