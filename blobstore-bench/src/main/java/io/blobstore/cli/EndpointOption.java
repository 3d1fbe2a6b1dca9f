package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --store} of commands whose parameters are {@link Endpoint}s. */
sealed class EndpointOption permits SourceAndTarget {
    /** A name in the configuration file, and a name in that store; URIs as {@code s3://bucket} are none. */
    private static final Pattern NAMED = Pattern.compile("([^:/]+):((?!/).*)", Pattern.DOTALL);

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec command;

    @Option(
            names = "--store",
            paramLabel = "URI",
            description = "The store of names that begin with ':', for example file:/var/blobs; or its name in the"
                    + " configuration file. Default: that of BLOBSTORE_STORE, or of the configuration file.")
    @Nullable String store;

    /**
     * Parses a parameter.
     *
     * @throws ParameterException if it is wrong, or names a store that is not given
     * @throws IOException if the configuration file cannot be read
     */
    Endpoint parse(String text) throws IOException {
        return parse(text, store, "--store");
    }

    /**
     * Parses a parameter whose store is that of another option.
     *
     * @param storeOption the value of the option; null for the default store
     */
    Endpoint parse(String text, @Nullable String storeOption, String optionName) throws IOException {
        Matcher named = NAMED.matcher(text);
        try {
            if (text.startsWith(":")) {
                return Endpoint.parse(
                        text,
                        Optional.of(StoreAddress.find(storeOption, optionName, environment())
                                .uri()));
            }
            if (!named.matches()) {
                return Endpoint.parse(text, Optional.empty());
            }
            Optional<StoreAddress> store = StoreAddress.named(named.group(1), environment());
            return store.isPresent()
                    ? new Endpoint.InStore(store.get().uri(), named.group(2))
                    : withoutName(text, named.group(1));
        } catch (IllegalArgumentException e) {
            throw wrongUsage(String.valueOf(e.getMessage()));
        }
    }

    /** Parses a parameter that begins like STORE:name, but not with the name of a store. */
    private Endpoint withoutName(String text, String name) throws IOException {
        Endpoint endpoint = Endpoint.parse(text, Optional.empty());
        if (BlobStores.schemes().contains(name) || endpoint instanceof Endpoint.Local) {
            return endpoint;
        }
        Configuration configuration = Configuration.read(environment());
        throw new IllegalArgumentException("there is no store '" + name + "' in " + configuration.file()
                + ", and no such scheme"
                + Suggestions.question(name, configuration.stores().keySet()) + "; a file is written ./" + text);
    }

    private Map<String, String> environment() {
        return Main.of(command).environment();
    }

    /**
     * Opens the store of an endpoint.
     *
     * @throws ParameterException if its URI is wrong
     * @throws IOException if it cannot be opened
     */
    BlobStore open(Endpoint.InStore endpoint) throws IOException {
        try {
            return BlobStores.open(endpoint.store());
        } catch (IllegalArgumentException e) {
            throw wrongUsage(e.getMessage() + " (of the store's URI)");
        }
    }

    /**
     * Returns a key.
     *
     * @throws ParameterException if the name is none
     */
    BlobKey key(String name) {
        try {
            return BlobKey.of(name);
        } catch (IllegalArgumentException e) {
            throw wrongUsage(String.valueOf(e.getMessage()));
        }
    }

    ParameterException wrongUsage(String problem) {
        return new ParameterException(command.commandLine(), problem);
    }
}
