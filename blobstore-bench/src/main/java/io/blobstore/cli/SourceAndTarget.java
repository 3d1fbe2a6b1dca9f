package io.blobstore.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The parameters SOURCE and TARGET, and the options that name their stores. Picocli nests no mixins. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class SourceAndTarget extends EndpointOption {
    @Parameters(index = "0", paramLabel = "SOURCE", description = "What to read.")
    String source;

    @Parameters(index = "1", paramLabel = "TARGET", description = "Where to write it.")
    String target;

    @Option(
            names = "--target-store",
            paramLabel = "URI",
            description = "The store of a TARGET that begins with ':', by URI or name. Default: that of --store.")
    @Nullable String targetStore;

    /**
     * Parses SOURCE.
     *
     * @throws picocli.CommandLine.ParameterException if it is wrong, or names a store that is not given
     * @throws IOException if the configuration file cannot be read
     */
    Endpoint from() throws IOException {
        return parse(source);
    }

    /** Parses TARGET, as {@link #from} does. */
    Endpoint to() throws IOException {
        if (targetStore == null) {
            return parse(target);
        }
        if (!target.startsWith(":")) {
            throw wrongUsage("--target-store is the store of a TARGET that begins with ':'; got " + target);
        }
        return parse(target, targetStore, "--target-store");
    }
}
