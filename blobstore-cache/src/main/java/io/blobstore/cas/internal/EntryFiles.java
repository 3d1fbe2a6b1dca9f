package io.blobstore.cas.internal;

import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** Opens the files of entries. Tests replace it to inject failures. Thread-safe. */
public interface EntryFiles {
    /** The files of the operating system. */
    EntryFiles SYSTEM = new EntryFiles() {
        private static final Set<StandardOpenOption> CREATE =
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);

        @Override
        public FileChannel create(Path temporary) throws IOException {
            return FileChannel.open(temporary, CREATE);
        }

        @Override
        public FileChannel open(Path file) throws IOException {
            return FileChannel.open(file, READ);
        }
    };

    /** Creates a file that must not exist, for writing. */
    FileChannel create(Path temporary) throws IOException;

    /** Opens a file for reading. */
    FileChannel open(Path file) throws IOException;

    /** Forces a directory to the device: which names it has. */
    default void forceDirectory(Path directory) throws IOException {
        AtomicFile.forceDirectory(directory);
    }
}
