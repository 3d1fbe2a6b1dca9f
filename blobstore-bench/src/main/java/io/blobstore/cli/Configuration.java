package io.blobstore.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The configuration file of the command: names of stores.
 *
 * <pre>
 * # the store of commands without --store and BLOBSTORE_STORE
 * default = images
 * store.images = s3://images?region=eu-central-1
 * store.backup = file:/var/backup
 * </pre>
 *
 * <p>It contains no credentials, which store URIs must not carry.
 */
final class Configuration {
    /** The environment variable that names the file. */
    static final String FILE_VARIABLE = "BLOBSTORE_CONFIG";

    private static final Pattern SETTING = Pattern.compile("\\s*([^\\s=]+)\\s*=\\s*(.*?)\\s*");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
    private static final String STORE = "store.";
    private static final String DEFAULT = "default";

    /**
     * A value in the file.
     *
     * @param text the value, not empty
     * @param line the number of its line, from 1
     */
    record Setting(String text, int line) {}

    private final Path file;
    private final Map<String, Setting> stores = new TreeMap<>();
    private Optional<Setting> defaultStore = Optional.empty();

    private Configuration(Path file) {
        this.file = file;
    }

    /**
     * Returns whether a text can be the name of a store: it has no colon, unlike a URI, and no slash, unlike a path.
     */
    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /**
     * Returns the file: that of {@value #FILE_VARIABLE}, or {@code blobstore/config} in {@code $XDG_CONFIG_HOME}, which
     * is {@code ~/.config} by default.
     */
    static Path file(Map<String, String> environment) {
        String named = environment.getOrDefault(FILE_VARIABLE, "");
        if (!named.isEmpty()) {
            return Path.of(named);
        }
        String directory = environment.getOrDefault("XDG_CONFIG_HOME", "");
        Path parent = directory.isEmpty()
                ? Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".config")
                : Path.of(directory);
        return parent.resolve("blobstore").resolve("config");
    }

    /**
     * Reads the file. One that is missing is empty, unless {@value #FILE_VARIABLE} names it.
     *
     * @throws IllegalArgumentException if a line is wrong; the message has the file and the number of the line
     * @throws IOException if the file cannot be read
     */
    static Configuration read(Map<String, String> environment) throws IOException {
        Configuration configuration = new Configuration(file(environment));
        List<String> lines;
        try {
            lines = Files.readAllLines(configuration.file);
        } catch (NoSuchFileException e) {
            if (environment.getOrDefault(FILE_VARIABLE, "").isEmpty()) {
                return configuration;
            }
            throw new IllegalArgumentException(
                    "there is no file '" + configuration.file + "', which " + FILE_VARIABLE + " names", e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(configuration.file + ": the file is not UTF-8 text", e);
        }
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                configuration.add(line, i + 1);
            }
        }
        return configuration;
    }

    private void add(String line, int number) {
        Matcher setting = SETTING.matcher(line);
        if (!setting.matches() || setting.group(2).isEmpty()) {
            throw wrong(number, "write 'store.NAME = URI', 'default = NAME', or a comment after '#'");
        }
        String name = setting.group(1);
        Setting value = new Setting(setting.group(2), number);
        if (name.equals(DEFAULT)) {
            if (defaultStore.isPresent()) {
                throw wrong(
                        number, "'default' is set in line " + defaultStore.get().line() + " already");
            }
            defaultStore = Optional.of(value);
        } else if (name.startsWith(STORE)) {
            addStore(name.substring(STORE.length()), value);
        } else {
            throw wrong(number, "there is no setting '" + name + "'; there are 'default' and 'store.NAME'");
        }
    }

    private void addStore(String name, Setting uri) {
        if (!isName(name)) {
            throw wrong(
                    uri.line(),
                    "'" + name
                            + "' is no name of a store: use letters, digits, '-', '_' and '.', a letter or digit"
                            + " first");
        }
        if (uri.text().indexOf(':') < 0) {
            throw wrong(uri.line(), "'" + uri.text() + "' is no URI, as file:/var/blobs or s3://bucket is");
        }
        Setting earlier = stores.putIfAbsent(name, uri);
        if (earlier != null) {
            throw wrong(uri.line(), "the store '" + name + "' is in line " + earlier.line() + " already");
        }
    }

    private IllegalArgumentException wrong(int line, String problem) {
        return new IllegalArgumentException(file + ":" + line + ": " + problem);
    }

    /** Returns the path of the file. */
    Path file() {
        return file;
    }

    /** Returns the default store, a name or a URI; empty if there is none. */
    Optional<Setting> defaultStore() {
        return defaultStore;
    }

    /** Returns the URIs of the stores, by their names in order; unmodifiable. */
    Map<String, Setting> stores() {
        return Map.copyOf(stores);
    }
}
