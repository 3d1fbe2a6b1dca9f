package io.blobstore.cli;

import io.blobstore.cas.CacheStats;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blobstore cache evict}. */
@Command(
        name = "evict",
        description =
                "Evicts entries, those that were not used for the longest time first, until the cache takes no more"
                        + " than the given size. Content that waits to be uploaded is kept. No other process may use the"
                        + " cache.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CacheEvictCommand implements Callable<Integer> {
    @Mixin
    final CacheDirectoryOption directory = new CacheDirectoryOption();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The most bytes to keep, for example 10GiB; 0 for none.")
    ByteSize target;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (ContentCache cache = directory.openExclusively()) {
            int before = cache.entries().size();
            long freed = cache.evictTo(target.bytes());
            CacheStats after = cache.stats();
            output.print(new Report()
                    .add("evicted", before - after.entries())
                    .add("freedBytes", freed, "freed", ByteSize.exactText(freed))
                    .add("entries", after.entries())
                    .add("storedBytes", after.storedBytes(), "stored", ByteSize.exactText(after.storedBytes()))
                    .add(
                            "pendingBytes",
                            after.pinnedBytes(),
                            "waiting to be uploaded",
                            ByteSize.exactText(after.pinnedBytes())));
        }
        return ExitCode.OK;
    }
}
