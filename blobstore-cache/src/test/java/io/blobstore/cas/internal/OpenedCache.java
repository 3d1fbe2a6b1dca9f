package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Keyspace;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A directory and its index, wired as the cache does it, without the content of files. */
final class OpenedCache implements Closeable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    final CacheDirectory directory;
    final Index index;

    private OpenedCache(CacheDirectory directory, Index index) {
        this.directory = directory;
        this.index = index;
    }

    /** Opens a cache of 1 TiB, and waits until it is loaded. */
    static OpenedCache open(Path path) throws IOException {
        return open(path, AccessMode.EXCLUSIVE).awaitLoaded();
    }

    static OpenedCache open(Path path, AccessMode mode) throws IOException {
        return open(
                path, CacheOptions.builder().maxBytes(1L << 40).accessMode(mode).build());
    }

    /** Opens a cache without waiting. */
    static OpenedCache open(Path path, CacheOptions options) throws IOException {
        CacheDirectory directory = CacheDirectory.open(path, options);
        boolean readOnly = options.accessMode() == AccessMode.READ_ONLY;
        Index index = new Index(
                readOnly ? Long.MAX_VALUE : options.maxBytes(),
                directory.journal(),
                entry -> directory.delete(entry.file()),
                directory.room(),
                CacheListener.NONE);
        directory.load(index);
        return new OpenedCache(directory, index);
    }

    OpenedCache awaitLoaded() {
        await(() -> !directory.isLoading());
        return this;
    }

    /** Waits for a condition. */
    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for too long").isLessThan(end);
            LockSupport.parkNanos(200_000);
        }
    }

    /** Returns a key of a number. */
    static EntryKey key(Keyspace keyspace, int number) {
        return new EntryKey(keyspace, Sha256.of(ByteBuffer.allocate(4).putInt(0, number)));
    }

    static EntryKey key(int number) {
        return key(Keyspace.CAS, number);
    }

    /** Puts a file of zeros. */
    Entry put(EntryKey key, int size) throws IOException {
        boolean cas = key.keyspace() == Keyspace.CAS;
        EntryFile file =
                directory.newFile(key, cas ? EntryFile.Format.CASBLOB : EntryFile.Format.PLAIN, cas ? size : -1);
        try (Reservation reservation = index.reserve(size)) {
            reservation.require(size);
            Path temporary = directory.temporary();
            Files.write(temporary, new byte[size]);
            directory.publish(temporary, file);
            return index.commit(reservation, file, size);
        }
    }

    /** Uses an entry, which exists. */
    void use(EntryKey key) {
        assertThat(index.contains(key)).as("%s", key).isTrue();
    }

    /** Returns whether there is an entry whose file exists; looks for it if the index does not know it. */
    boolean find(EntryKey key) throws IOException {
        Optional<Entry> entry = index.acquire(key);
        if (entry.isEmpty() && directory.probe(key).isPresent()) {
            entry = index.acquire(key);
        }
        if (entry.isEmpty()) {
            return false;
        }
        boolean exists = Files.exists(directory.path(entry.get().file()));
        index.release(entry.get());
        if (!exists) {
            index.remove(entry.get());
        }
        return exists;
    }

    /** Returns the names of all entries, the least recently used first. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        index.snapshot().forEach(entry -> names.add(entry.file().name()));
        return names;
    }

    /** Returns the keys of all entries, the least recently used first. */
    List<EntryKey> keys() {
        return index.snapshot().stream().map(Entry::key).toList();
    }

    /** Writes the journal. */
    void flush() {
        IndexLog log = directory.journal();
        (log instanceof WriterState.SharedLog shared ? shared.journal() : (Journal) log).flush();
    }

    @Override
    public void close() throws IOException {
        index.close();
        directory.close();
    }

    /** Copies a tree. */
    static Path copy(Path source, Path target) throws IOException {
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Path copied = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copied);
                } else {
                    Files.copy(file, copied);
                }
            }
        }
        return target;
    }

    static void setAccessTime(Path file, long epochSecond) throws IOException {
        Files.getFileAttributeView(file, BasicFileAttributeView.class)
                .setTimes(null, FileTime.fromMillis(epochSecond * 1000), null);
    }

    /** Lists all files of a tree, relative to its root, sorted. */
    static List<String> tree(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
