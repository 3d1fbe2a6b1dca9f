package io.blobstore.directory;

import java.util.List;

/**
 * The files that {@link DirectoryOptions} include. Thread-safe if the caller's filter is.
 *
 * <p>A pattern without '/' matches the name of a file or directory at any depth; with one, also at its beginning, it
 * matches the whole relative path.
 */
final class Selection {
    private final List<Glob> includes;
    private final List<Glob> excludes;
    private final DirectoryOptions options;

    Selection(DirectoryOptions options) {
        this.options = options;
        includes = options.includes().stream().map(Selection::relative).toList();
        excludes = options.excludes().stream().map(Selection::relative).toList();
    }

    /** Returns a pattern of relative paths for a pattern of the options. */
    static Glob relative(String pattern) {
        String name = pattern.endsWith("/") ? pattern.substring(0, pattern.length() - 1) : pattern;
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a pattern must not be empty");
        }
        if (!name.contains("/")) {
            return Glob.of("**/" + name);
        }
        return Glob.of(name.startsWith("/") ? name.substring(1) : name);
    }

    boolean contains(DirectoryEntry entry) {
        String path = entry.path();
        return (includes.isEmpty() || includes.stream().anyMatch(glob -> glob.matches(path)))
                && !isExcluded(path)
                && options.filter().test(entry);
    }

    private boolean isExcluded(String path) {
        if (excludes.isEmpty()) {
            return false;
        }
        for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
            if (excludes(path.substring(0, end))) {
                return true;
            }
        }
        return excludes(path);
    }

    /** Returns whether no file below this directory is wanted, given that its parents are. */
    boolean excludes(String directory) {
        return excludes.stream().anyMatch(glob -> glob.matches(directory));
    }
}
