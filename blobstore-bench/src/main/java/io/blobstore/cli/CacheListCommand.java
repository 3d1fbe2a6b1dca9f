package io.blobstore.cli;

import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** {@code blobstore cache list}. */
@Command(
        name = "list",
        description = "Lists the entries, those that were not used for the longest time first: keyspace, hash, size of"
                + " the content, size on the disk. Another process may use the cache.")
final class CacheListCommand implements Callable<Integer> {
    @Mixin
    final CacheDirectoryOption directory = new CacheDirectoryOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (ContentCache cache = directory.openReadOnly()) {
            Listing listing = output.listing();
            for (CacheEntry entry : cache.entries()) {
                if (!listing.isOpen()) {
                    break;
                }
                listing.print(text(entry), values(entry));
            }
        }
        return ExitCode.OK;
    }

    private static String text(CacheEntry entry) {
        return String.format(
                "%-3s  %s  %12d  %12d", entry.keyspace(), entry.hash().hex(), entry.contentSize(), entry.storedSize());
    }

    private static Map<String, Object> values(CacheEntry entry) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("keyspace", entry.keyspace().toString());
        values.put("sha256", entry.hash().hex());
        values.put("contentBytes", entry.contentSize());
        values.put("storedBytes", entry.storedSize());
        return values;
    }
}
