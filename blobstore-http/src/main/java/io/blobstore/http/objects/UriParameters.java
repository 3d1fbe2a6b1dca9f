package io.blobstore.http.objects;

import io.blobstore.StoreUri;
import io.blobstore.http.HttpClient;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the parameters of a store's URI by their types. An {@link IllegalArgumentException} for an invalid value names
 * the valid ones.
 */
public final class UriParameters {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final Map<String, ChronoUnit> UNITS =
            Map.of("ms", ChronoUnit.MILLIS, "s", ChronoUnit.SECONDS, "m", ChronoUnit.MINUTES, "h", ChronoUnit.HOURS);

    private final Map<String, String> values;

    private UriParameters(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Returns the bucket that a URI names.
     *
     * @throws IllegalArgumentException if it names no bucket, or has a path
     */
    public static String bucket(StoreUri uri) {
        String form = uri.scheme() + "://";
        String bucket = uri.authority()
                .filter(name -> !name.isEmpty())
                .orElseThrow(() -> new IllegalArgumentException(
                        "a URI of scheme '" + uri.scheme() + ":' names a bucket: " + form + "bucket"));
        if (!uri.path().isEmpty() && !uri.path().equals("/")) {
            throw new IllegalArgumentException("a URI of scheme '" + uri.scheme() + ":' has no path; write " + form
                    + bucket + "?prefix=" + uri.path().substring(1));
        }
        return bucket;
    }

    /**
     * Returns the parameters of a URI.
     *
     * @param known the names of the store's parameters
     * @throws IllegalArgumentException if a parameter is not among the known ones
     */
    public static UriParameters of(StoreUri uri, List<String> known) {
        return new UriParameters(uri.parameters(known.toArray(new String[0])));
    }

    /** Passes the parameters that all stores in a bucket have in common to a builder. */
    public void applyTo(BucketStoreBuilder<?> builder) {
        endpoint("endpoint", builder::endpoint);
        text("prefix", builder::prefix);
        text("storageClass", builder::storageClass);
        count("maxConnections", builder::maxConnections);
        count("maxAttempts", builder::maxAttempts);
        duration("connectTimeout", builder::connectTimeout);
        duration("stallTimeout", builder::stallTimeout);
        duration("answerTimeout", builder::answerTimeout);
        flag("nativeConditions", builder::nativeConditions);
    }

    /** Passes a text to a consumer, if the parameter is present. */
    public void text(String name, Consumer<String> use) {
        String value = values.get(name);
        if (value != null) {
            use.accept(value);
        }
    }

    /** Passes "true" or "false" to a consumer, if the parameter is present. */
    public void flag(String name, Consumer<Boolean> use) {
        text(name, value -> {
            if (!value.equals("true") && !value.equals("false")) {
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is 'true' or 'false'; got '" + value + "'");
            }
            use.accept(value.equals("true"));
        });
    }

    /** Passes an integer of at least 1 to a consumer, if the parameter is present. */
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

    /**
     * Passes a time to a consumer, if the parameter is present: a whole number and a unit, {@code ms}, {@code s},
     * {@code m} or {@code h}, from 1 ms to 24 h.
     */
    public void duration(String name, Consumer<Duration> use) {
        text(name, value -> {
            Matcher matcher = DURATION.matcher(value);
            Duration time = matcher.matches()
                    ? Duration.of(Long.parseLong(matcher.group(1)), UNITS.get(matcher.group(2)))
                    : Duration.ZERO;
            if (time.isZero() || time.compareTo(HttpClient.MAX_TIME_LIMIT) > 0) {
                throw new IllegalArgumentException("parameter '" + name
                        + "' is a whole number and a unit, ms, s, m or h, from 1ms to 24h; got '" + value + "'");
            }
            use.accept(time);
        });
    }

    /** Passes the constant whose name in lower case is the value to a consumer, if the parameter is present. */
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

    /** Passes a URI to a consumer, if the parameter is present. */
    public void endpoint(String name, Consumer<URI> use) {
        text(name, value -> {
            URI uri;
            try {
                uri = new URI(value);
            } catch (URISyntaxException e) {
                // The message of the URISyntaxException repeats the text, which may contain a secret.
                throw new IllegalArgumentException(
                        "parameter '" + name + "' is written http://host:port or https://host:port");
            }
            use.accept(uri);
        });
    }

    /**
     * Checks the URI of a server, and returns it.
     *
     * @throws IllegalArgumentException if it does not have the form {@code http://host:port} or
     *     {@code https://host:port}, optionally with a path
     */
    public static URI requireEndpoint(URI endpoint) {
        String scheme = String.valueOf(endpoint.getScheme()).toLowerCase(Locale.ROOT);
        if (endpoint.getHost() == null
                || !(scheme.equals("http") || scheme.equals("https"))
                || endpoint.getRawUserInfo() != null
                || endpoint.getRawQuery() != null
                || endpoint.getRawFragment() != null) {
            // The message does not repeat the URI, which may contain a secret.
            throw new IllegalArgumentException("an endpoint is written http://host:port or https://host:port");
        }
        return endpoint;
    }
}
