package io.blobstore.cache;

import java.util.concurrent.atomic.LongAdder;

/** What a cached store has done since it was opened. Thread-safe. */
final class Counters {
    final LongAdder hits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder fills = new LongAdder();
    final LongAdder coalesced = new LongAdder();
    final LongAdder failedFills = new LongAdder();
    final LongAdder fallbacks = new LongAdder();
    final LongAdder passed = new LongAdder();
    final LongAdder damaged = new LongAdder();
    final LongAdder cacheFailures = new LongAdder();
    final LongAdder cachedWrites = new LongAdder();
}
