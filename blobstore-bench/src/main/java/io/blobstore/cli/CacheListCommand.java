package io.blobstore.cli;

import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.io.PrintWriter;
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
        PrintWriter out = output.out();
        try (ContentCache cache = directory.openReadOnly()) {
            for (CacheEntry entry : cache.entries()) {
                if (output.json) {
                    report(entry).printJson(out); // a line for each, as there may be millions
                } else {
                    out.printf(
                            "%-3s  %s  %12d  %12d%n",
                            entry.keyspace(), entry.hash().hex(), entry.contentSize(), entry.storedSize());
                }
            }
        }
        return ExitCode.OK;
    }

    private static Report report(CacheEntry entry) {
        return new Report()
                .value("keyspace", entry.keyspace().toString())
                .value("sha256", entry.hash().hex())
                .value("contentBytes", entry.contentSize())
                .value("storedBytes", entry.storedSize());
    }
}
