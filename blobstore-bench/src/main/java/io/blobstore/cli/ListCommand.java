package io.blobstore.cli;

import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.ListOptions;
import io.blobstore.directory.Glob;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
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
    @Nullable String delimiter;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Optional<Glob> pattern = pattern();
        ListOptions options = options(pattern.map(Glob::literalPrefix).orElse(prefix));
        try (BlobStore source = store.open();
                BlobListing listing = MatchingListing.of(source.list(options), pattern)) {
            print(listing);
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

    private void print(BlobListing entries) throws IOException {
        Listing listing = output.listing();
        while (listing.isOpen() && entries.hasNext()) {
            BlobListing.Entry entry = entries.next();
            if (entry instanceof BlobListing.Blob blob) {
                String time = blob.lastModified()
                        .map(stored -> stored.truncatedTo(ChronoUnit.SECONDS).toString())
                        .orElse("-");
                listing.print(String.format("%15d  %-20s  %s", blob.size(), time, blob.name()), values(blob));
            } else {
                listing.print(String.format("%15s  %-20s  %s", "-", "-", entry.name()), Map.of("prefix", entry.name()));
            }
        }
        if (entries.skipped() > 0) {
            output.warn(entries.skipped() + " entries were left out: they cannot be blobs, as their names are no keys");
        }
    }

    private static Map<String, Object> values(BlobListing.Blob blob) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("key", blob.name());
        values.put("bytes", blob.size());
        blob.version().ifPresent(version -> values.put("version", version.value()));
        blob.lastModified().ifPresent(time -> values.put("lastModified", time.toString()));
        return values;
    }
}
