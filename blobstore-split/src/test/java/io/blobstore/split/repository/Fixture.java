package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdInputStream;
import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** What the tests of repositories share. */
final class Fixture {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private Fixture() {}

    /** Opens a repository on disk, with the locks of composefs where that is possible. */
    static ComposefsDirectory open(Path root) throws IOException {
        return ComposefsDirectory.open(
                root,
                ComposefsDirectory.supportsComposefsLocks()
                        ? ComposefsDirectory.Locking.COMPOSEFS
                        : ComposefsDirectory.Locking.JAVA_ONLY,
                ComposefsDirectory.Durability.NONE);
    }

    /** Splits content, and waits. */
    static SplitResult split(TransferManager transfers, Repository repository, String name, ByteBuffer content)
            throws IOException, InterruptedException {
        return SplitEngine.of(transfers)
                .split(repository, name, BlobSource.of(content), SplitOptions.DEFAULT)
                .join();
    }

    /** Collects, and waits. */
    static CollectReport collect(Repository repository, CollectOptions options) throws IOException {
        try (TransferManager transfers = TransferManager.create()) {
            return SplitEngine.of(transfers).collect(repository, options).join(LIMIT);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** Merges a stream into memory. */
    static ByteBuffer merge(TransferManager transfers, Repository repository, String name, int size)
            throws IOException, InterruptedException {
        ByteBuffer merged = ByteBuffer.allocate(size);
        SplitEngine.of(transfers).merge(repository, name, BlobTarget.of(merged)).join();
        return merged.flip();
    }

    /** Returns all objects of a store. */
    static List<ObjectId> objects(ObjectStore store) throws IOException {
        List<ObjectId> ids = new ArrayList<>();
        store.forEachObject(object -> ids.add(object.id()));
        return ids;
    }

    /** Returns the temporary files of a repository on disk, of all processes. */
    static List<Path> temporaries(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve(".blobstore/tmp"))) {
            return files.filter(
                            file -> !Files.isDirectory(file) && !file.toString().endsWith(".lock"))
                    .toList();
        }
    }

    /** Returns a tar archive of files, with names 0, 1, and so on. */
    static ByteBuffer tar(List<byte[]> files) {
        int size = 1024;
        for (byte[] file : files) {
            size += 512 + (file.length + 511) / 512 * 512;
        }
        ByteBuffer tar = ByteBuffer.allocate(size);
        for (int i = 0; i < files.size(); i++) {
            int start = tar.position();
            put(tar, start, String.valueOf(i));
            put(tar, start + 100, "0000644\0" + "0000000\0" + "0000000\0");
            put(tar, start + 124, String.format("%011o", files.get(i).length) + "\0" + "00000000000\0" + "        0");
            put(tar, start + 257, "ustar\00000");
            int sum = 0;
            for (int at = start; at < start + 512; at++) {
                sum += tar.get(at) & 0xff;
            }
            put(tar, start + 148, String.format("%06o", sum) + "\0 ");
            tar.put(start + 512, files.get(i));
            tar.position(start + 512 + (files.get(i).length + 511) / 512 * 512);
        }
        return tar.clear();
    }

    private static void put(ByteBuffer target, int at, String text) {
        target.put(at, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Returns files of random content. */
    static List<byte[]> files(long seed, int count, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] file = new byte[size];
            random.nextBytes(file);
            files.add(file);
        }
        return files;
    }

    /** Unpacks a repository of the vectors. */
    static Path unpack(String vector, Path directory) throws IOException {
        ByteBuffer tar;
        try (InputStream content = new ZstdInputStream(Files.newInputStream(Vectors.path(vector)))) {
            tar = ByteBuffer.wrap(content.readAllBytes());
        }
        String longName = null;
        String longLink = null;
        while (tar.remaining() >= 512 && tar.get(tar.position()) != 0) {
            int start = tar.position();
            int size = Integer.parseInt(text(tar, start + 124, 11).strip(), 8);
            char type = (char) tar.get(start + 156);
            String prefix = text(tar, start + 345, 155);
            String name = longName != null
                    ? longName
                    : (prefix.isEmpty() || text(tar, start + 257, 6).equals("ustar ") ? "" : prefix + "/")
                            + text(tar, start, 100);
            String link = longLink != null ? longLink : text(tar, start + 157, 100);
            Path path = directory.resolve(name).normalize();
            longName = type == 'L' ? text(tar, start + 512, size) : type == 'K' ? longName : null;
            longLink = type == 'K' ? text(tar, start + 512, size) : type == 'L' ? longLink : null;
            switch (type) {
                case '5' -> Files.createDirectories(path);
                case '2' -> Files.createSymbolicLink(path, Path.of(link));
                case '0' -> {
                    byte[] content = new byte[size];
                    tar.get(start + 512, content);
                    Files.write(path, content);
                }
                case 'L', 'K' -> {}
                default -> throw new AssertionError("type " + type);
            }
            tar.position(start + 512 + (size + 511) / 512 * 512);
        }
        return directory;
    }

    private static String text(ByteBuffer tar, int at, int length) {
        byte[] bytes = new byte[length];
        tar.get(at, bytes);
        int end = 0;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /** Fails unless two contents are equal. */
    static void assertSame(ByteBuffer actual, ByteBuffer expected) {
        assertThat(actual.remaining()).isEqualTo(expected.remaining());
        assertThat(actual.mismatch(expected)).isEqualTo(-1);
    }
}
