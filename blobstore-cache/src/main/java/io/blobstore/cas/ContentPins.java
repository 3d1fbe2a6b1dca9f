package io.blobstore.cas;

import io.blobstore.Sha256;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.Index;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files that pin content: as long as {@code pending/OWNER/SEQUENCE-SHA256-SIZE.pending} exists in the state directory
 * of a cache, the content of that digest is neither evicted nor removed, unless it is found to be damaged. The names
 * are read when the cache is opened, before anything can be evicted, so that content is pinned whoever opens the cache,
 * and whether or not the owner of the file runs. What is in the files is up to their owner.
 *
 * <p>Thread-safe.
 */
public final class ContentPins {
    private static final String SUFFIX = ".pending";
    private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})-([0-9a-f]{64})-([0-9]{1,19})\\.pending");

    private final Path directory;
    private final Index index;
    /** Whether anything may be pinned: a read-only cache evicts nothing. */
    private final boolean writable;

    private final Map<Path, EntryKey> pinned = new ConcurrentHashMap<>();

    private ContentPins(Path directory, Index index, boolean writable) {
        this.directory = directory;
        this.index = index;
        this.writable = writable;
    }

    /**
     * Pins what the files of a cache name. Nothing may have been evicted from the index before.
     *
     * @throws CacheDirectoryException if the files cannot be listed, or the name of one does not tell what it pins
     */
    static ContentPins load(Path stateDirectory, Index index, AccessMode mode) throws CacheDirectoryException {
        Path directory = stateDirectory.resolve("pending");
        ContentPins pins = new ContentPins(directory, index, mode != AccessMode.READ_ONLY);
        if (pins.writable) {
            try {
                pins.list();
            } catch (IOException e) {
                throw new CacheDirectoryException(
                        directory + " cannot be listed, so that content which waits to be uploaded could be evicted: "
                                + e.getMessage(),
                        e);
            }
        }
        return pins;
    }

    private void list() throws IOException {
        try (DirectoryStream<Path> owners = Files.newDirectoryStream(directory, Files::isDirectory)) {
            for (Path owner : owners) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(owner, "*" + SUFFIX)) {
                    for (Path file : files) {
                        add(file);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            if (Files.exists(directory)) {
                throw e; // something in it vanished, or is a link to nothing
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** Returns the directory whose directories, one for each owner, have the files. It may be missing. */
    public Path directory() {
        return directory;
    }

    /**
     * Returns the name of a file that pins content.
     *
     * @param sequence what the owner orders its files by, 0 or more
     */
    public static String fileName(long sequence, Digest content) {
        return String.format("%016x-%s-%d%s", sequence, content.sha256().hex(), content.size(), SUFFIX);
    }

    /** Returns the content that a file pins; empty if its name is not one of {@link #fileName}. */
    public static Optional<Digest> content(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        try {
            return name.matches()
                    ? Optional.of(new Digest(
                            Sha256.ofBytes(HexFormat.of().parseHex(name.group(2))), Long.parseLong(name.group(3))))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Pins the content that the name of a file tells. To be called before the file is created. The content need not be
     * there. Has no effect if the file pins it already.
     *
     * @throws CacheDirectoryException if the name is not one of {@link #fileName}
     * @throws IllegalStateException if the cache is open read-only
     */
    public void add(Path file) throws CacheDirectoryException {
        if (!writable) {
            throw new IllegalStateException("the cache is open read-only; open it with another AccessMode to pin");
        }
        Digest content = content(file)
                .orElseThrow(() -> new CacheDirectoryException(
                        "The name of " + file + " does not tell which content waits to be uploaded, so that it could be"
                                + " evicted: give the file its name back, or move it out of the directory",
                        null));
        pinned.computeIfAbsent(file, added -> {
            EntryKey key = ContentReads.key(content);
            index.pin(key);
            return key;
        });
    }

    /** Ends what {@link #add} began. To be called after the file was deleted or renamed. Idempotent. */
    public void remove(Path file) {
        pinned.computeIfPresent(file, (removed, key) -> {
            index.unpin(key);
            return null;
        });
    }
}
