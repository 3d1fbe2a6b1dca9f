package io.blobstore.cli;

import io.blobstore.directory.Glob;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A source or a target of {@code cp}, {@code sync} and {@code rm}: a local path, or a name in a store. Immutable. */
sealed interface Endpoint {
    /** How endpoints are written, for help texts. */
    String SYNTAX = "a local path; s3://bucket/name or gs://bucket/name, with parameters of the store as in"
            + " s3://bucket/name?region=eu-central-1; :name in the store of --store; STORE:name, where STORE is a name"
            + " in the configuration file; or the URI of another store.";

    /** {@code scheme://bucket/name?parameter=value}; the name is not decoded. */
    Pattern BUCKET = Pattern.compile(
            "([A-Za-z][A-Za-z0-9+.-]+://[^/?]+)(?:/(.*?))?(\\?[A-Za-z][A-Za-z0-9]*=.*)?", Pattern.DOTALL);

    /** The URI of a store whose scheme has two characters or more, unlike a drive of Windows. */
    Pattern STORE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*", Pattern.DOTALL);

    /**
     * Parses an endpoint.
     *
     * @param store the URI of the store of names that begin with ':'
     * @throws IllegalArgumentException if such a name is given without a store, or a path is malformed
     */
    static Endpoint parse(String text, Optional<String> store) {
        if (text.startsWith(":")) {
            return new InStore(
                    store.orElseThrow(() -> new IllegalArgumentException(
                            "'" + text + "' is a name in the store of --store, which is missing; write ./" + text
                                    + " for a file")),
                    text.substring(1));
        }
        Matcher bucket = BUCKET.matcher(text);
        if (bucket.matches()) {
            String parameters = Optional.ofNullable(bucket.group(3)).orElse("");
            return new InStore(
                    bucket.group(1) + parameters,
                    Optional.ofNullable(bucket.group(2)).orElse(""));
        }
        if (STORE.matcher(text).matches()) {
            return new InStore(text, "");
        }
        try {
            return new Local(text, Path.of(text));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + text + "' is no path: " + e.getReason());
        }
    }

    /** Returns the text after the store, or the path, as it was given. */
    String name();

    /** Returns an endpoint of the same kind with another name. */
    Endpoint withName(String name);

    /** Returns whether the name ends with '/', or is empty in a store. */
    boolean isDirectoryName();

    /** Returns the last name of the path or key. */
    default String lastName() {
        String name = name();
        return name.substring(name.lastIndexOf('/') + 1);
    }

    /** A pattern: the directory with which every match begins, and the pattern relative to it. */
    record Matches(Endpoint directory, String pattern) {}

    /** Returns the pattern that the name is; empty if it has no special characters. */
    default Optional<Matches> pattern() {
        String name = name();
        if (!Glob.isPattern(name)) {
            return Optional.empty();
        }
        int special = 0;
        while (!Glob.isPattern(name.substring(special, special + 1))) {
            special += name.charAt(special) == '\\' ? 2 : 1; // the character after it has no meaning
            if (special >= name.length()) {
                return Optional.empty();
            }
        }
        int end = name.lastIndexOf('/', special) + 1;
        String directory = Glob.of(name.substring(0, end)).literalPrefix();
        return Optional.of(new Matches(withName(directory), "/" + name.substring(end)));
    }

    /** A file or directory. */
    record Local(String name, Path path) implements Endpoint {
        @Override
        public Local withName(String name) {
            return new Local(name, Path.of(name));
        }

        @Override
        public boolean isDirectoryName() {
            return name.endsWith("/");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * A blob, or the blobs below a prefix.
     *
     * @param store the store's URI
     */
    record InStore(String store, String name) implements Endpoint {
        @Override
        public InStore withName(String name) {
            return new InStore(store, name);
        }

        @Override
        public boolean isDirectoryName() {
            return name.isEmpty() || name.endsWith("/");
        }

        @Override
        public String toString() {
            return "'" + name + "' in " + store;
        }
    }
}
