package io.blobstore.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
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
            if (output.json) {
                printJson(cache.entries());
            } else {
                printText(cache.entries());
            }
        }
        return ExitCode.OK;
    }

    private void printText(List<CacheEntry> entries) {
        for (CacheEntry entry : entries) {
            output.out()
                    .printf(
                            "%-3s  %s  %12d  %12d%n",
                            entry.keyspace(), entry.hash().hex(), entry.contentSize(), entry.storedSize());
        }
    }

    private void printJson(List<CacheEntry> entries) throws IOException {
        PrintWriter out = output.out();
        JsonGenerator json = JSON.std.getStreamingFactory().createGenerator(out); // there may be millions of entries
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartObject();
        json.writeArrayFieldStart("entries");
        for (CacheEntry entry : entries) {
            json.writeStartObject();
            json.writeStringField("keyspace", entry.keyspace().toString());
            json.writeStringField("sha256", entry.hash().hex());
            json.writeNumberField("contentBytes", entry.contentSize());
            json.writeNumberField("storedBytes", entry.storedSize());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
        json.flush();
        out.println();
    }
}
