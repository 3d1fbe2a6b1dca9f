package io.blobstore.cli;

import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** {@code blobstore cache verify}. */
@Command(
        name = "verify",
        description = {
            "Reads every entry, compares content with its SHA-256, and removes damaged entries.",
            "No other process may use the cache. Exits with 1 if an entry was damaged."
        })
final class CacheVerifyCommand implements Callable<Integer> {
    @Mixin
    final CacheDirectoryOption directory = new CacheDirectoryOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (ContentCache cache = directory.openExclusively()) {
            List<CacheEntry> entries = cache.entries();
            int damaged = 0;
            long bytes = 0;
            for (CacheEntry entry : entries) {
                bytes += entry.storedSize();
                if (!cache.verify(entry)) {
                    damaged++;
                    output.failed("damaged, removed: " + entry.keyspace() + " "
                            + entry.hash().hex());
                }
            }
            output.print(new Report()
                    .add("entries", entries.size())
                    .add("bytes", bytes, "read", ByteSize.exactText(bytes))
                    .add("damaged", damaged));
            return damaged == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }
}
