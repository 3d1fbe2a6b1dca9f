package io.blobstore.cas;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.contract.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Contents, and what the tests of the cache do again and again. */
final class CacheFixture {
    static final int KIB = 1 << 10;
    static final int MIB = 1 << 20;
    private static final byte[] MESSAGE = " INFO cache entry was stored.\n".getBytes(StandardCharsets.US_ASCII);
    private static final int LINE = 32 + MESSAGE.length;

    static final Duration PATIENCE = Duration.ofMinutes(1);

    private CacheFixture() {}

    /** Content in direct memory, from position 0 to the limit, and its digest. */
    record Content(ByteBuffer bytes, Digest digest) {
        BlobSource source() {
            return BlobSource.of(bytes);
        }

        int size() {
            return bytes.limit();
        }
    }

    /** Returns lines of a log, which compress to about a third. */
    static Content text(int seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer text = ByteBuffer.allocate(size + LINE);
        while (text.position() < size) {
            for (int i = 0; i < 2; i++) {
                text.put(HexFormat.of().toHexDigits(random.nextLong()).getBytes(StandardCharsets.US_ASCII));
            }
            text.put(MESSAGE);
        }
        return content(Arrays.copyOf(text.array(), size));
    }

    /** Returns content that does not compress. */
    static Content random(int seed, int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return content(bytes);
    }

    static Content content(byte[] bytes) {
        ByteBuffer direct =
                ByteBuffer.allocateDirect(bytes.length).put(bytes).flip().asReadOnlyBuffer();
        return new Content(direct, new Digest(Sha256.of(direct), bytes.length));
    }

    /** Opens a cache, and waits until all of its entries are listed. */
    static ContentCache open(Path directory, CacheOptions options) throws IOException {
        ContentCache cache = ContentCache.open(directory, options);
        await(() -> !cache.stats().loading());
        return cache;
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Requires that content is there, as a whole. */
    static void requireHit(ContentCache cache, Content content) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(content.size());
        assertThat(cache.get(content.digest(), ByteRange.all(), target)).hasValue(content.size());
        assertThat(target.flip()).isEqualTo(content.bytes());
    }

    /** Requires that content is a miss, and that the target is as it was. */
    static void requireMiss(ContentCache cache, Digest digest) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect((int) digest.size());
        assertThat(cache.get(digest, ByteRange.all(), target)).isEqualTo(OptionalLong.empty());
        assertThat(target.position()).isZero();
        assertThat(cache.contains(digest)).isFalse();
    }

    /** Returns the files of the entries. */
    static List<Path> files(Path directory) throws IOException {
        return FileTree.files(directory).stream()
                .filter(file -> Stream.of(Keyspace.values())
                        .anyMatch(keyspace -> file.startsWith(directory.resolve(keyspace.directory()))))
                .toList();
    }

    /** Requires that there are no unfinished files, as soon as the journal has no more of its own. */
    static void requireNoTemporaries(ContentCache cache) {
        await(() -> temporaries(cache.stateDirectory()).isEmpty());
    }

    /** Returns the unfinished files of this process and of others. */
    static List<Path> temporaries(Path stateDirectory) {
        Path sessions = stateDirectory.resolve("tmp");
        if (!Files.exists(sessions)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(sessions)) {
            return all.filter(file -> !Files.isDirectory(file))
                    .filter(file -> !file.toString().endsWith(".lock"))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(stateDirectory); // one vanished meanwhile
        }
    }

    /** Returns what files take, each rounded up to 4 KiB. */
    static long blocks(List<Path> files) throws IOException {
        long sum = 0;
        for (Path file : files) {
            sum += (Files.size(file) + 4095) / 4096 * 4096;
        }
        return sum;
    }
}
