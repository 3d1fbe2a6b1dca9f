package io.blobstore.cli;

import io.blobstore.cache.CachedBlobStore;
import io.blobstore.cache.PendingUploads;
import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** {@code blobstore cache stat}. */
@Command(
        name = "stat",
        description =
                "Prints the number of entries, their sizes, and what waits to be uploaded. Another process may use the"
                        + " cache.")
final class CacheStatCommand implements Callable<Integer> {
    @Mixin
    final CacheDirectoryOption directory = new CacheDirectoryOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (ContentCache cache = directory.openReadOnly()) {
            List<CacheEntry> entries = cache.entries();
            long stored = cache.stats().storedBytes();
            long content = entries.stream().mapToLong(CacheEntry::contentSize).sum();
            Report report = new Report().add("directory", directory.directory.toString());
            report.add("entries", entries.size());
            for (Keyspace keyspace : Keyspace.values()) {
                report.value(keyspace.name().toLowerCase(Locale.ROOT), count(entries, keyspace));
            }
            report.add("contentBytes", content, "content", ByteSize.exactText(content));
            report.add("storedBytes", stored, "stored", ByteSize.exactText(stored));
            if (stored > 0) {
                report.add(
                        "ratio",
                        (double) content / stored,
                        "ratio",
                        String.format(Locale.ROOT, "%.2f", (double) content / stored));
            }
            addPending(report, CachedBlobStore.pendingUploads(cache));
            output.print(report);
        }
        return ExitCode.OK;
    }

    /** Adds the blobs that wait to be uploaded, for each store: their content is not evicted. */
    private static void addPending(Report report, List<PendingUploads> stores) {
        List<Map<String, Object>> pending = new ArrayList<>();
        for (PendingUploads store : stores) {
            report.line(
                    "waiting",
                    String.format(
                            Locale.ROOT,
                            "%d blobs to be uploaded to %s, %s%s",
                            store.blobs(),
                            store.storeId(),
                            ByteSize.exactText(store.bytes()),
                            store.lost() == 0 ? "" : ", and " + store.lost() + " whose content was lost"));
            pending.add(Map.of(
                    "store", store.storeId(),
                    "blobs", store.blobs(),
                    "bytes", store.bytes(),
                    "lost", store.lost()));
        }
        report.value("pending", pending);
    }

    private static long count(List<CacheEntry> entries, Keyspace keyspace) {
        return entries.stream().filter(entry -> entry.keyspace() == keyspace).count();
    }
}
