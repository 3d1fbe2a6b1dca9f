package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.AllocatedBytes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests what entries and hits cost on the heap. */
@Tag("jdk")
class IndexCostTest {
    @Test
    void aHitAllocatesNothingButItsResult() throws Exception {
        try (Index index = new Index(1 << 30, new ReaperTest.NoLog(), entry -> {})) {
            List<EntryKey> keys =
                    IntStream.range(0, 100).mapToObj(IndexFixture::key).toList();
            for (int i = 0; i < keys.size(); i++) {
                index.load(IndexFixture.file(keys.get(i), i), 1, i);
            }
            AllocatedBytes.Work hits = () -> {
                for (int round = 0; round < 1000; round++) {
                    for (int i = 0; i < keys.size(); i++) {
                        index.release(index.acquire(keys.get(i)).orElseThrow());
                        index.contains(keys.get(i));
                    }
                }
            };
            hits.run();
            assertThat(AllocatedBytes.of(hits) / (1000.0 * keys.size()))
                    .as("bytes per acquire, release and contains: an Optional at most")
                    .isLessThanOrEqualTo(17);
        }
    }

    @Test
    void anEntryTakesLessThan250BytesInAll() throws Exception {
        int count = 100_000;
        try (Index index = new Index(1L << 40, new ReaperTest.NoLog(), entry -> {})) {
            long before = usedHeap();
            ByteBuffer number = ByteBuffer.allocate(Sha256.BYTES);
            for (int i = 0; i < count; i++) {
                EntryKey key = new EntryKey(
                        Keyspace.CAS, Sha256.ofBytes(number.putInt(0, i).array()));
                String suffix = Integer.toString(100_000_000 + i); // an object of its own, as in a parsed name
                index.load(new EntryFile(key, EntryFile.Format.CASBLOB, 1L << 30, suffix), 1, i);
            }
            assertThat((usedHeap() - before) / count).isBetween(100L, 249L);
            assertThat(index.totals().entries()).isEqualTo(count);
        }
    }

    /** Returns the heap that is in use after a collection. */
    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }
}
