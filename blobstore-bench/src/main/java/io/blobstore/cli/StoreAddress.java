package io.blobstore.cli;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which store a command works on.
 *
 * @param uri its URI
 * @param origin where the URI is from, for messages: an option, a variable, or a line of the configuration file
 */
record StoreAddress(String uri, String origin) {
    /** The environment variable with the store of commands without {@code --store}. */
    static final String VARIABLE = "BLOBSTORE_STORE";

    /**
     * Returns the store of the option, or of the environment variable, or the default of the configuration file; each
     * is a URI, or a name in that file.
     *
     * @throws IllegalArgumentException if there is none, the name is unknown, or the configuration file is wrong
     * @throws IOException if the configuration file cannot be read
     */
    static StoreAddress find(@Nullable String option, Map<String, String> environment) throws IOException {
        return find(option, "--store", environment);
    }

    /**
     * Returns the store of an option with another name, as {@link #find(String, Map)} does.
     *
     * @param option its value; null for the default store
     */
    static StoreAddress find(@Nullable String option, String optionName, Map<String, String> environment)
            throws IOException {
        if (option != null) {
            return resolve(new StoreAddress(option, optionName), environment);
        }
        String variable = environment.getOrDefault(VARIABLE, "");
        if (!variable.isEmpty()) {
            return resolve(new StoreAddress(variable, VARIABLE), environment);
        }
        Configuration configuration = Configuration.read(environment);
        Optional<StoreAddress> address = configuration
                .defaultStore()
                .map(setting -> new StoreAddress(setting.text(), configuration.file() + ":" + setting.line()));
        if (address.isEmpty()) {
            throw new IllegalArgumentException("no store is given: use '--store=URI', set " + VARIABLE
                    + ", or write 'default = URI' to " + configuration.file());
        }
        return named(address.get(), configuration);
    }

    /**
     * Returns the store with a name in the configuration file; empty if there is none.
     *
     * @throws IllegalArgumentException if the configuration file is wrong
     * @throws IOException if it cannot be read
     */
    static Optional<StoreAddress> named(String name, Map<String, String> environment) throws IOException {
        Configuration configuration = Configuration.read(environment);
        return Optional.ofNullable(configuration.stores().get(name))
                .map(uri -> new StoreAddress(uri.text(), configuration.file() + ":" + uri.line()));
    }

    /** Returns this address with one more parameter of its URI. */
    StoreAddress with(String parameter) {
        return new StoreAddress(uri + (uri.contains("?") ? '&' : '?') + parameter, origin);
    }

    private static StoreAddress resolve(StoreAddress address, Map<String, String> environment) throws IOException {
        return Configuration.isName(address.uri) ? named(address, Configuration.read(environment)) : address;
    }

    private static StoreAddress named(StoreAddress address, Configuration configuration) {
        if (!Configuration.isName(address.uri)) {
            return address;
        }
        Map<String, Configuration.Setting> stores = configuration.stores();
        Configuration.Setting uri = stores.get(address.uri);
        if (uri == null) {
            String question = Suggestions.question(address.uri, new TreeSet<>(stores.keySet()));
            throw new IllegalArgumentException(address.origin + ": '" + address.uri + "' is neither a URI, which begins"
                    + " with a scheme as in file:/var/blobs, nor the name of a store in " + configuration.file()
                    + question);
        }
        return new StoreAddress(uri.text(), configuration.file() + ":" + uri.line());
    }
}
