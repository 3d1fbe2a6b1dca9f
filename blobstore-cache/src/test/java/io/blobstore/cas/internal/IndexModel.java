package io.blobstore.cas.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What an index does, in the simplest way: all steps search everything, and deleting takes no time. For one thread. */
final class IndexModel {
    private static final long BLOCK = 4096;

    /** An entry of the model. */
    static final class Item {
        final EntryKey key;
        final EntryFile file;
        final long bytes;
        int leases;
        boolean parked;

        Item(EntryFile file, long size) {
            key = file.key();
            this.file = file;
            bytes = FakeDisk.blocks(size);
        }
    }

    /** A reservation of the model. */
    static final class Claim {
        final long declared;
        long granted;

        Claim(long declared) {
            this.declared = FakeDisk.blocks(declared);
        }
    }

    private final long limit;
    private final long slack;
    private final long step;

    /** Oldest first. */
    final List<Item> order = new ArrayList<>();

    /** Removed, but leased. */
    final List<Item> doomed = new ArrayList<>();

    final List<Claim> claims = new ArrayList<>();
    private final Map<EntryKey, Item> present = new HashMap<>();
    private final Set<EntryKey> pins = new HashSet<>();
    long evictions;

    IndexModel(long max) {
        limit = max / BLOCK * BLOCK;
        slack = limit / 50 / BLOCK * BLOCK;
        step = Math.max(BLOCK, Math.min(4 << 20, limit / 64 / BLOCK * BLOCK));
    }

    long presentBytes() {
        return order.stream().mapToLong(item -> item.bytes).sum();
    }

    long doomedBytes() {
        return doomed.stream().mapToLong(item -> item.bytes).sum();
    }

    long reservedBytes() {
        return claims.stream().mapToLong(claim -> claim.granted).sum();
    }

    private long leasedBytes() {
        return order.stream()
                .filter(item -> item.leases > 0)
                .mapToLong(item -> item.bytes)
                .sum();
    }

    /** Returns the keys in the order of their use: first those that were set aside. */
    List<EntryKey> keys() {
        List<EntryKey> keys = new ArrayList<>();
        order.stream().filter(item -> item.parked).forEach(item -> keys.add(item.key));
        order.stream().filter(item -> !item.parked).forEach(item -> keys.add(item.key));
        return keys;
    }

    Item find(EntryKey key) {
        return present.get(key);
    }

    void use(Item item) {
        item.parked = false;
        order.remove(item);
        order.add(item);
    }

    void acquire(Item item) {
        item.leases++;
        use(item);
    }

    void release(Item item) {
        if (--item.leases == 0) {
            if (present.get(item.key) != item) {
                doomed.remove(item);
            } else if (item.parked) {
                use(item);
            }
        }
        shrink(0); // also if leases are left: what is wanted may set entries aside
    }

    boolean isPinned(EntryKey key) {
        return pins.contains(key);
    }

    void pin(EntryKey key) {
        pins.add(key);
        if (present.containsKey(key)) {
            present.get(key).leases++;
        }
    }

    void unpin(EntryKey key) {
        pins.remove(key);
        if (present.containsKey(key)) {
            release(present.get(key));
        }
    }

    long pinnedBytes() {
        return order.stream()
                .filter(item -> pins.contains(item.key))
                .mapToLong(item -> item.bytes)
                .sum();
    }

    void remove(Item item) {
        order.remove(item);
        present.remove(item.key);
        item.leases -= isPinned(item.key) ? 1 : 0;
        if (item.leases > 0) {
            doomed.add(item);
        }
    }

    /** Returns whether there is room. */
    boolean grow(Claim claim, long bytes) {
        long minimum = FakeDisk.blocks(bytes) - claim.granted;
        if (minimum <= 0) {
            return true;
        }
        long preferred = Math.max(minimum, Math.min(claim.declared - claim.granted, step));
        long available = limit - presentBytes() - doomedBytes() - reservedBytes();
        long reachable = limit - reservedBytes() - leasedBytes() - doomedBytes();
        if (reachable < minimum) {
            shrink(0);
            return false;
        }
        long granted = preferred;
        if (reachable < preferred) {
            granted = available >= minimum ? available : reachable;
        }
        if (available < granted) {
            shrink(granted);
        }
        claim.granted += granted;
        shrink(0);
        return true;
    }

    Claim reserve(long declared) {
        Claim claim = new Claim(declared);
        claims.add(claim);
        if (!grow(claim, Math.min(claim.declared, BLOCK))) {
            claims.remove(claim);
            return null;
        }
        return claim;
    }

    void close(Claim claim) {
        claims.remove(claim);
        shrink(0);
    }

    Item commit(Claim claim, EntryFile file, long size) {
        Item old = present.get(file.key());
        if (old != null) {
            remove(old);
        }
        claims.remove(claim);
        Item item = new Item(file, size);
        item.leases += isPinned(item.key) ? 1 : 0;
        present.put(item.key, item);
        order.add(item);
        shrink(0);
        return item;
    }

    /** Evicts until an amount more is free besides what is always left free, or nothing can be evicted. */
    private void shrink(long wanted) {
        while (presentBytes() + doomedBytes() + reservedBytes() + wanted > limit - slack && evictOldest()) {
            // goes on
        }
    }

    private boolean evictOldest() {
        for (Item item : order) {
            if (item.parked) {
                continue;
            }
            if (item.leases == 0) {
                remove(item);
                evictions++;
                return true;
            }
            item.parked = true;
        }
        return false;
    }

    void evictTo(long bytes) {
        while (presentBytes() > bytes && evictOldest()) {
            // goes on
        }
    }
}
