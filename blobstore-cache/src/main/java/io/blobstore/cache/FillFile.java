package io.blobstore.cache;

import io.blobstore.internal.file.AtomicFile;
import io.blobstore.memory.MappedFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a fill: mapped under a temporary name, and moved to its path when it is complete. Publishing and
 * discarding must be done by one thread, while nobody writes.
 */
final class FillFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(FillFile.class);

    private final Path place;
    private final AtomicFile content;
    private final MappedFile mapped;

    private FillFile(Path place, AtomicFile content, MappedFile mapped) {
        this.place = place;
        this.content = content;
        this.mapped = mapped;
    }

    /**
     * Creates a sparse file beside a path, and maps it.
     *
     * @throws FileSystemException if the path cannot be that of a new file, or the disk has no room for it
     */
    static FillFile create(Path path, long size) throws IOException {
        requireWritable(path);
        Path place = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath(); // a symbolic link stays
        AtomicFile content = AtomicFile.createBeside(place);
        try {
            content.requireRoom(size);
            content.extend(size);
            // For writing only in that leases then accept a file that changes: the mapping itself is never written to.
            MappedFile mapped = MappedFile.open(content.temporary(), MappedFile.Access.READ_WRITE);
            return new FillFile(place, content, mapped);
        } catch (IOException | RuntimeException | Error e) {
            content.close();
            throw e;
        }
    }

    private static void requireWritable(Path path) throws IOException {
        if (Files.isRegularFile(path)) {
            return;
        }
        if (Files.exists(path) || Files.isSymbolicLink(path)) {
            throw new FileSystemException(
                    path.toString(), null, "is not a regular file, and would be replaced; name another file");
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory == null || !Files.exists(directory)) {
            throw new NoSuchFileException(String.valueOf(directory));
        }
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
    }

    Path path() {
        return place;
    }

    AtomicFile content() {
        return content;
    }

    MappedFile mapped() {
        return mapped;
    }

    /** Makes the complete file visible at its path. */
    void publish() throws IOException {
        mapped.moveTo(place);
    }

    /** Removes the temporary file; a published one stays. */
    void discard(@Nullable Throwable problem) {
        try {
            content.close();
        } catch (IOException e) {
            if (problem != null) {
                problem.addSuppressed(e);
            }
            LOG.warn("The incomplete file {} could not be removed", content.temporary(), e);
        }
    }

    /** Maps the published file for reading. */
    MappedFile open() throws IOException {
        MappedFile opened = MappedFile.open(place);
        try {
            mapped.region().checkUnchanged(); // it is still the published one that is at the path
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /** Unmaps the memory as soon as no lease is open. */
    @Override
    public void close() {
        mapped.close();
    }
}
