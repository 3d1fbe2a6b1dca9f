package io.blobstore;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The components of a store's URI: {@code scheme:place?name=value&name=value}. Spaces may be written as they are, other
 * characters that a URI must not contain are percent-encoded. Immutable.
 *
 * <p>The parameter {@code of} is the URI of another store, and takes the rest of the text as it is, with all of its
 * parameters: {@code cache:/dir?max=1GiB&of=s3://bucket?region=eu-central-1&prefix=a/}. If its {@code ':'} is
 * percent-encoded, it ends with the parameter instead, and is decoded like any other.
 *
 * <p>URIs end up in logs, process lists and shell histories, so a URI that carries a credential is refused, and the
 * exception does not repeat it.
 */
public final class StoreUri {
    private static final List<String> SECRETS =
            List.of("password", "passwd", "secret", "token", "credential", "accesskey", "apikey", "signature");
    /** The schemes whose path may begin without a '/': a name, or a relative path. */
    private static final Set<String> ROOTLESS = Set.of("mem", "file", "cache");
    /** The only one of them whose path may be empty. */
    private static final String MEMORY = "mem";

    /** The parameter whose value is the URI of another store. */
    private static final String INNER = "of";

    private static final Pattern INNER_TO_END = Pattern.compile(INNER + "=([A-Za-z][A-Za-z0-9+.-]*:.*)");

    private final String scheme;
    private final Optional<String> authority;
    private final String path;
    private final Map<String, String> parameters;

    private StoreUri(String scheme, Optional<String> authority, String path, Map<String, String> parameters) {
        this.scheme = scheme;
        this.authority = authority;
        this.path = path;
        this.parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
    }

    /**
     * Parses a URI.
     *
     * @throws IllegalArgumentException if it is malformed, has a parameter twice, or carries a credential
     */
    public static StoreUri parse(String text) {
        Objects.requireNonNull(text, "text");
        int colon = text.indexOf(':');
        boolean rootless = isRootless(text, colon);
        String spaceless = text.replace(" ", "%20");
        URI uri;
        try {
            uri = new URI(
                    rootless ? spaceless.substring(0, colon + 1) + "/" + spaceless.substring(colon + 1) : spaceless);
        } catch (URISyntaxException e) {
            // Not e.getMessage(): it repeats the text, which may contain a secret.
            throw new IllegalArgumentException("malformed store URI: " + e.getReason() + " at position " + e.getIndex()
                    + "; expected scheme:place?name=value, with other characters percent-encoded");
        }
        if (uri.getScheme() == null) {
            // Does not repeat the text, which may contain a secret here as well, as in //user:password@host.
            throw new IllegalArgumentException("a store URI begins with a scheme, as in file:/dir or s3://bucket");
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (uri.isOpaque()) {
            throw new IllegalArgumentException("a '/' must follow '" + scheme + ":', as in file:/absolute/dir");
        }
        String authority = uri.getRawAuthority();
        // Refuses ':' as well: with a '/' in the secret, the '@' would be in the path.
        if (authority != null && (authority.contains("@") || authority.contains(":"))) {
            throw new IllegalArgumentException(
                    "a store URI must not carry credentials ('user:password@'); configure them"
                            + " in the environment, as the backend's documentation says");
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "a store URI has no fragment ('#…'); percent-encode the character as %23");
        }
        String path = rootless ? uri.getPath().substring(1) : uri.getPath();
        if (rootless && path.isEmpty() && !scheme.equals(MEMORY)) {
            throw new IllegalArgumentException(
                    "a directory must follow '" + scheme + ":', as in " + scheme + ":/dir or " + scheme + ":dir");
        }
        return new StoreUri(scheme, Optional.ofNullable(authority), path, parameters(uri.getRawQuery()));
    }

    /** Returns the scheme in lower case. */
    public String scheme() {
        return scheme;
    }

    /** Returns the text that follows {@code //}, such as a bucket; empty if the URI has none. */
    public Optional<String> authority() {
        return authority;
    }

    /** Returns the decoded path; may be empty. Relative in {@code mem:name}, {@code file:dir} and {@code cache:dir}. */
    public String path() {
        return path;
    }

    /** Returns the decoded parameters, sorted by name; unmodifiable. */
    public Map<String, String> parameters() {
        return parameters;
    }

    /**
     * Returns the parameters, after checking that the scheme knows all of them.
     *
     * @throws IllegalArgumentException if the URI has a parameter that is not among {@code known}
     */
    public Map<String, String> parameters(String... known) {
        Objects.requireNonNull(known, "known");
        Set<String> unknown = new TreeSet<>(parameters.keySet());
        unknown.removeAll(Arrays.asList(known));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("unknown parameter " + unknown + " in a store URI of scheme '" + scheme
                    + ":'; known are " + new TreeSet<>(Arrays.asList(known)));
        }
        return parameters;
    }

    private static Map<String, String> parameters(@Nullable String query) {
        Map<String, String> parameters = new TreeMap<>();
        if (query == null || query.isEmpty()) {
            return parameters;
        }
        for (int start = 0, end; start <= query.length(); start = end + 1) {
            Matcher inner = INNER_TO_END.matcher(query.substring(start));
            if (inner.matches()) {
                put(parameters, INNER, inner.group(1));
                break;
            }
            end = query.indexOf('&', start) < 0 ? query.length() : query.indexOf('&', start);
            String parameter = query.substring(start, end);
            int equals = parameter.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("a parameter of a store URI is written name=value");
            }
            String name = decode(parameter.substring(0, equals));
            put(parameters, name, decode(parameter.substring(equals + 1)));
        }
        return parameters;
    }

    private static void put(Map<String, String> parameters, String name, String value) {
        requireNoSecret(name);
        if (name.equals(INNER)) {
            parse(value); // refuses credentials in there
        }
        if (parameters.put(name, value) != null) {
            throw new IllegalArgumentException("parameter '" + name + "' occurs twice in the store URI");
        }
    }

    private static void requireNoSecret(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
        if (SECRETS.stream().anyMatch(plain::contains)) {
            throw new IllegalArgumentException("a store URI must not carry credentials (parameter '" + name
                    + "'); configure them in the environment, as the backend's documentation says");
        }
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static boolean isRootless(String text, int colon) {
        return colon > 0
                && ROOTLESS.contains(text.substring(0, colon).toLowerCase(Locale.ROOT))
                && !text.startsWith("/", colon + 1);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoreUri that
                && scheme.equals(that.scheme)
                && authority.equals(that.authority)
                && path.equals(that.path)
                && parameters.equals(that.parameters);
    }

    @Override
    public int hashCode() {
        return Objects.hash(scheme, authority, path, parameters);
    }

    @Override
    public String toString() {
        return "StoreUri[scheme=" + scheme + ", authority=" + authority + ", path=" + path + ", parameters="
                + parameters + "]";
    }
}
