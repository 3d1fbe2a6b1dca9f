package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the files of bazel-remote's older layouts to their places in the current one, by renames only, which keep the
 * times of access. Interrupted at any point, it goes on when it is run again.
 *
 * <pre>
 * version 0   cas/HASH      ──► cas.v2/xx/HASH-222444666.v1      ac, raw: without .v1
 * version 1   cas/xx/HASH   ──► cas.v2/xx/HASH-556677.v1         ac, raw: HASH-112233
 * </pre>
 *
 * Only files with such names are moved, and only directories that are empty then are removed: whatever else is there,
 * remains.
 */
final class Migration {
    private static final Logger LOG = LoggerFactory.getLogger(Migration.class);
    private static final String VERSION_0 = "222444666";
    private static final String VERSION_1_CAS = "556677";
    private static final String VERSION_1 = "112233";

    private final Layout layout;
    private long moved;
    private long remaining;

    private Migration(Layout layout) {
        this.layout = layout;
    }

    /**
     * Migrates whatever there is of older layouts. The directories of the current one exist.
     *
     * @return the number of files that were moved
     */
    static long run(Layout layout) throws IOException {
        Migration migration = new Migration(layout);
        for (Keyspace keyspace : Keyspace.values()) {
            migration.migrate(keyspace);
        }
        if (migration.moved > 0) {
            LOG.info("{}: moved {} files of an older layout", layout.directory(), migration.moved);
        }
        return migration.moved;
    }

    private void migrate(Keyspace keyspace) throws IOException {
        Path old = layout.directory().resolve(Layout.olderDirectory(keyspace));
        if (!Files.isDirectory(old, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean cas = keyspace == Keyspace.CAS;
        remaining = 0;
        for (String name : names(old)) {
            Path path = old.resolve(name);
            if (name.length() == 2 && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                for (String inShard : names(path)) {
                    if (!inShard.startsWith(name)
                            || !move(keyspace, path.resolve(inShard), cas ? VERSION_1_CAS : VERSION_1)) {
                        remaining++;
                    }
                }
                removeIfEmpty(path);
            } else if (!move(keyspace, path, VERSION_0)) {
                remaining++;
            }
        }
        removeIfEmpty(old);
        if (remaining > 0) {
            LOG.warn(
                    "{} contains {} file(s) that are not of an older cache, or exist in the current layout; they remain",
                    old,
                    remaining);
        }
    }

    private static List<String> names(Path directory) throws IOException {
        List<String> names = Layout.names(directory);
        return names == null ? List.of() : names; // another process has migrated it meanwhile
    }

    /** Moves a file; returns false if it is not one of an older layout. */
    private boolean move(Keyspace keyspace, Path file, String suffix) throws IOException {
        String name = file.getFileName() + "-" + suffix + (keyspace == Keyspace.CAS ? EntryName.PLAIN_CAS : "");
        EntryName parser = new EntryName();
        if (!parser.parse(keyspace, name) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Path target = layout.path(parser.file());
        if (Files.exists(target)) {
            return false; // a rename would replace it
        }
        try {
            layout.move(file, parser.file());
            moved++;
        } catch (NoSuchFileException e) {
            LOG.debug("Another process moved {}", file, e);
        } catch (AtomicMoveNotSupportedException e) {
            LOG.warn("{} cannot be moved to {}, which is on another file system", file, target, e);
            return false;
        }
        return true;
    }

    private static void removeIfEmpty(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            LOG.debug("{} is not empty", directory, e);
        }
    }
}
