package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.Keyspace;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests opening a cache of many entries, by their names and by the journal. */
@ExtendWith(LeakCheck.class)
class LargeStartTest {
    @TempDir
    Path parent;

    @Test
    void someThousandEntriesKeepTheirOrder() throws IOException {
        check(2000);
    }

    @Test
    @Campaign(representedBy = LargeStartTest.class)
    void twoHundredThousandEntriesKeepTheirOrder() throws IOException {
        check(CampaignScale.of(200_000));
    }

    private void check(int entries) throws IOException {
        Path directory = parent.resolve("cache");
        Layout layout = new Layout(directory);
        for (int i = 0; i < Layout.SHARDS; i++) {
            Files.createDirectories(layout.shard(Keyspace.CAS, i));
        }
        for (int i = 0; i < entries; i++) {
            String suffix = Integer.toString(100_000_000 + i);
            Files.createFile(layout.path(new EntryFile(OpenedCache.key(i), EntryFile.Format.CASBLOB, 1 + i, suffix)));
        }
        List<EntryKey> order;
        long start = System.nanoTime();
        try (OpenedCache cache = OpenedCache.open(directory)) {
            Duration byNames = Duration.ofNanos(System.nanoTime() - start);
            assertThat(byNames).as("start by names").isLessThan(Duration.ofMinutes(5));
            assertThat(cache.index.totals().entries()).isEqualTo(entries);
            Random random = new Random(entries);
            for (int i = 0; i < entries; i++) {
                cache.use(OpenedCache.key(random.nextInt(entries)));
            }
            order = cache.keys();
        }
        start = System.nanoTime();
        try (OpenedCache cache = OpenedCache.open(directory)) {
            Duration byJournal = Duration.ofNanos(System.nanoTime() - start);
            assertThat(byJournal).as("start by the journal").isLessThan(Duration.ofMinutes(5));
            assertThat(cache.keys()).isEqualTo(order); // Kendall's tau is 1
        }
    }
}
