package io.blobstore.spi;

import io.blobstore.StoreUri;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The parameters of a store's URI, by their kinds. A value that does not fit is refused with
 * {@link IllegalArgumentException}, which says what does.
 */
public final class UriParameters {
    private final Map<String, String> values;

    private UriParameters(Map<String, String> values) {
        this.values = values;
    }

    /** Those of a URI, which must be among the known ones. */
    public static UriParameters of(StoreUri uri, List<String> known) {
        return new UriParameters(uri.parameters(known.toArray(new String[0])));
    }

    /** Any text. */
    public void text(String name, Consumer<String> use) {
        String value = values.get(name);
        if (value != null) {
            use.accept(value);
        }
    }

    /** "true" or "false". */
    public void flag(String name, Consumer<Boolean> use) {
        text(name, value -> {
            if (!value.equals("true") && !value.equals("false")) {
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is 'true' or 'false'; got '" + value + "'");
            }
            use.accept(value.equals("true"));
        });
    }

    /** A whole number from 1. */
    public void count(String name, IntConsumer use) {
        text(name, value -> {
            int number;
            try {
                number = Integer.parseInt(value);
            } catch (NumberFormatException e) {
                number = 0;
            }
            if (number < 1) {
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is a whole number from 1; got '" + value + "'");
            }
            use.accept(number);
        });
    }

    /** The name of a constant, in lower case. */
    public <E extends Enum<E>> void choice(String name, E[] choices, Consumer<E> use) {
        text(
                name,
                value -> use.accept(Arrays.stream(choices)
                        .filter(choice -> lower(choice).equals(value))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("parameter '" + name + "' is one of "
                                + Arrays.stream(choices)
                                        .map(UriParameters::lower)
                                        .toList()
                                + "; got '" + value + "'"))));
    }

    private static String lower(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }

    /** A server's URI: see {@link #requireEndpoint}. */
    public void endpoint(String name, Consumer<URI> use) {
        text(name, value -> {
            URI uri;
            try {
                uri = new URI(value);
            } catch (URISyntaxException e) {
                // Its message repeats the text, which may hold a secret.
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is written http://host:port or https://host:port");
            }
            use.accept(uri);
        });
    }

    /**
     * Refuses what is not of the form {@code http://host:port} or {@code https://host:port}, with or without a path.
     */
    public static URI requireEndpoint(URI endpoint) {
        String scheme = String.valueOf(endpoint.getScheme()).toLowerCase(Locale.ROOT);
        if (endpoint.getHost() == null
                || !(scheme.equals("http") || scheme.equals("https"))
                || endpoint.getRawUserInfo() != null
                || endpoint.getRawQuery() != null
                || endpoint.getRawFragment() != null) {
            // Not repeated: there may be a secret in it.
            throw new IllegalArgumentException("an endpoint is written http://host:port or https://host:port");
        }
        return endpoint;
    }
}
