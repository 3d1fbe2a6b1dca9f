package io.blobstore.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** A directory of a benchmark's own. It goes with all that is in it when it is closed, or else with the JVM. */
public final class Workspace implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Path directory;

    private Workspace(Path directory) {
        this.directory = directory;
    }

    /**
     * Makes one in some directory.
     *
     * @throws BenchmarkException if that is not there, or must not be written to
     */
    public static Workspace in(Path parent) throws IOException {
        if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
            throw new BenchmarkException(
                    "the content cannot be put into '" + parent + "': make that directory, or choose another one");
        }
        Workspace made = new Workspace(Files.createTempDirectory(parent, "blobstore-benchmark"));
        Runtime.getRuntime().addShutdownHook(new Thread(made::close)); // gigabytes, perhaps of memory
        return made;
    }

    /** Where to make one: in memory, if there is room for so many bytes. */
    public static Path parent(Optional<Path> wished, long bytes) throws IOException {
        if (wished.isPresent()) {
            return wished.get();
        }
        Path shared = Path.of("/dev/shm");
        boolean hasRoom = Files.isWritable(shared) && Files.getFileStore(shared).getUsableSpace() > bytes;
        return hasRoom ? shared : Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** Where it is. */
    public Path directory() {
        return directory;
    }

    /** The file of some name; filled with random bytes, if it is not there yet. */
    public Path content(String name, long size) throws IOException {
        Path file = directory.resolve(name);
        if (Files.notExists(file)) {
            fill(file, size);
        }
        return file;
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

    /** Deletes it. Idempotent. */
    @Override
    public synchronized void close() {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            System.err.println("benchmark: " + directory + " could not be deleted: " + e);
        }
    }
}
