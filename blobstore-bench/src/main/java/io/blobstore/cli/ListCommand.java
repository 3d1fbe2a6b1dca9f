package io.blobstore.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.ListOptions;
import io.blobstore.directory.Glob;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blobstore list}. Prints entries as they arrive: a listing may not fit in memory. */
@Command(name = "list", description = "Lists blobs sorted by name: size in bytes, time stored, name.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ListCommand implements Callable<Integer> {
    /** Lines between checks whether the output is still open; each check flushes. */
    private static final int CHECK_EVERY = 1000;

    @Spec
    CommandSpec command;

    @Parameters(
            paramLabel = "PREFIX",
            arity = "0..1",
            defaultValue = "",
            description = "The prefix of the names to list, or a quoted pattern that they match, such as 'logs/*.gz'."
                    + " Default: all blobs.")
    String prefix;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--delimiter",
            paramLabel = "TEXT",
            description = "Group names up to this text after the prefix: '/' lists one level of a tree.")
    @Nullable
    String delimiter;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Optional<Glob> pattern = pattern();
        ListOptions options = options(pattern.map(Glob::literalPrefix).orElse(prefix));
        try (BlobStore source = store.open();
                BlobListing listing = MatchingListing.of(source.list(options), pattern)) {
            if (output.json) {
                printJson(listing);
            } else {
                printText(listing);
            }
        }
        return ExitCode.OK;
    }

    private Optional<Glob> pattern() {
        try {
            return Glob.isPattern(prefix) ? Optional.of(Glob.of(prefix)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private ListOptions options(String prefix) {
        ListOptions all = ListOptions.prefix(prefix);
        try {
            return delimiter == null
                    ? all
                    : all.toBuilder().delimiter(delimiter).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--delimiter: " + e.getMessage(), e);
        }
    }

    private void printText(BlobListing listing) throws IOException {
        PrintWriter out = output.out();
        for (long n = 1; listing.hasNext() && !isClosed(out, n); n++) {
            BlobListing.Entry entry = listing.next();
            String name = ErrorLine.printable(entry.name());
            if (entry instanceof BlobListing.Blob blob) {
                String time = blob.lastModified()
                        .map(stored -> stored.truncatedTo(ChronoUnit.SECONDS).toString())
                        .orElse("-");
                out.printf("%15d  %-20s  %s%n", blob.size(), time, name);
            } else {
                out.printf("%15s  %-20s  %s%n", "-", "-", name);
            }
        }
    }

    /**
     * Prints one object. Blobs are printed as they arrive; prefixes, which arrive in between, are collected until the
     * end, as there are only as many as the tree has branches at this level.
     */
    private void printJson(BlobListing listing) throws IOException {
        PrintWriter out = output.out();
        List<String> prefixes = new ArrayList<>();
        JsonGenerator json = JSON.std.getStreamingFactory().createGenerator(out);
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartObject();
        json.writeArrayFieldStart("blobs");
        for (long n = 1; listing.hasNext() && !isClosed(out, n); n++) {
            BlobListing.Entry entry = listing.next();
            if (entry instanceof BlobListing.Blob blob) {
                json.writeStartObject();
                json.writeStringField("key", blob.name());
                json.writeNumberField("bytes", blob.size());
                if (blob.version().isPresent()) {
                    json.writeStringField("version", blob.version().get().value());
                }
                if (blob.lastModified().isPresent()) {
                    json.writeStringField(
                            "lastModified", blob.lastModified().get().toString());
                }
                json.writeEndObject();
            } else {
                prefixes.add(entry.name());
            }
        }
        json.writeEndArray();
        json.writeArrayFieldStart("prefixes");
        for (String name : prefixes) {
            json.writeString(name);
        }
        json.writeEndArray();
        if (listing.skipped() > 0) {
            json.writeNumberField("skipped", listing.skipped());
        }
        json.writeEndObject();
        json.flush(); // not closed after a failure: that would complete the object as if it were whole
        out.println();
    }

    private static boolean isClosed(PrintWriter out, long line) {
        return line % CHECK_EVERY == 0 && out.checkError();
    }
}
