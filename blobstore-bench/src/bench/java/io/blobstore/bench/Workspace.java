package io.blobstore.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** A temporary directory of a benchmark; deleted with its content on close, or at the end of the JVM. */
final class Workspace implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Path directory;

    private Workspace(Path directory) {
        this.directory = directory;
    }

    /**
     * Creates a workspace in a directory.
     *
     * @throws BenchmarkException if the directory does not exist or is not writable
     */
    static Workspace in(Path parent) throws IOException {
        if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
            throw new BenchmarkException(
                    "the content cannot be stored in '" + parent + "': create that directory, or choose another one");
        }
        Workspace created = new Workspace(Files.createTempDirectory(parent, "blobstore-benchmark"));
        Runtime.getRuntime().addShutdownHook(new Thread(created::close)); // it may hold gigabytes of memory
        return created;
    }

    /** Returns the directory for a workspace: in memory, if there is room for the given number of bytes. */
    static Path parent(Optional<Path> preferred, long bytes) throws IOException {
        if (preferred.isPresent()) {
            return preferred.get();
        }
        Path shared = Path.of("/dev/shm");
        boolean hasRoom = Files.isWritable(shared) && Files.getFileStore(shared).getUsableSpace() > bytes;
        return hasRoom ? shared : Path.of(System.getProperty("java.io.tmpdir"));
    }

    Path directory() {
        return directory;
    }

    /** Returns the file with a name; creates it with random content if it does not exist. */
    Path content(String name, long size) throws IOException {
        Path file = directory.resolve(name);
        if (Files.notExists(file)) {
            fill(file, size);
        }
        return file;
    }

    /**
     * Writes as many bytes, and deletes them. The host of a virtual machine gives it memory when that is first used,
     * which takes several times as long as writing; afterwards, files are created in memory that was used before.
     */
    void touch(long bytes) throws IOException {
        Path file = directory.resolve("touched");
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        try (FileChannel output = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
            for (long at = 0; at < bytes; at += CHUNK) {
                output.write(chunk.clear(), at);
            }
        }
    }

    private static void fill(Path file, long size) throws IOException {
        byte[] chunk = new byte[CHUNK];
        Random random = new Random(file.hashCode());
        try (OutputStream output = Files.newOutputStream(file)) {
            for (long at = 0; at < size; at += CHUNK) {
                random.nextBytes(chunk);
                output.write(chunk, 0, (int) Math.min(CHUNK, size - at));
            }
        }
    }

    /** Deletes the directory. Idempotent. */
    @Override
    public synchronized void close() {
        try {
            delete(directory);
        } catch (IOException e) {
            System.err.println("benchmark: " + directory + " could not be deleted: " + e);
        }
    }

    /** Deletes a directory with its content, if there is one. */
    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
