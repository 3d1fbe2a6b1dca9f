package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Sha256;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.zstd.GoldenContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Reads files that bazel-remote wrote, and damaged ones, through the cache, as their tables say (fault F5). */
@ExtendWith(LeakCheck.class)
class CacheVectorsTest {
    private static final CacheOptions OPTIONS = CacheOptions.ofMaxBytes(64L << 20);

    /** The header is right, but frames are damaged. */
    private static final Map<String, Set<Integer>> DAMAGED_FRAMES =
            Map.of("bad/flip-chunk1", Set.of(1), "bad/checksum-chunk2", Set.of(2), "bad/offset1+3", Set.of(0, 1));

    @TempDir
    Path directory;

    private final AtomicInteger number = new AtomicInteger();

    /** Returns the directory of a new cache with one file. */
    private Path cacheWith(String vector, String hash, String name) throws IOException {
        Path cache = directory.resolve("cache" + number.incrementAndGet());
        Vectors.copy(
                vector, cache.resolve("cas.v2").resolve(hash.substring(0, 2)).resolve(name));
        return cache;
    }

    @TestFactory
    Stream<DynamicTest> everyFileReadsAsItsTableSays() throws IOException {
        List<Map<String, String>> rows = Vectors.table("blobs.tsv").stream()
                .filter(row -> Vectors.exists(row.get("stored_as")))
                .toList();
        assertThat(rows).hasSizeGreaterThan(20);
        return rows.stream().map(row -> DynamicTest.dynamicTest(row.get("stored_as"), () -> readsAsItsRowSays(row)));
    }

    private void readsAsItsRowSays(Map<String, String> row) throws IOException {
        int size = Integer.parseInt(row.get("size"));
        byte[] content = GoldenContent.of(row.get("kind"), Long.parseLong(row.get("seed")), size);
        Digest digest = new Digest(Sha256.parse(row.get("sha256_of_content")), size);
        Path path = cacheWith(row.get("stored_as"), digest.sha256().hex(), row.get("peer_file_name"));
        try (ContentCache cache = CacheFixture.open(path, OPTIONS)) {
            assertThat(cache.contains(digest)).isTrue();
            assertThat(cache.stats().entries()).isEqualTo(1);
            assertThat(cache.stats().storedBytes()).isEqualTo((Long.parseLong(row.get("size_on_disk")) + 4095) & -4096);
            for (int edge : List.of(0, 1, 42, 1023, 1024, 1025, 2048, 2303, MIB - 1, MIB, MIB + 1, 2 * MIB + 7)) {
                for (int length : List.of(0, 1, 100, MIB, MIB + 2, size)) {
                    int from = Math.min(edge, size);
                    int to = (int) Math.min((long) from + length, size);
                    for (ByteBuffer target :
                            List.of(ByteBuffer.allocateDirect(to - from), ByteBuffer.allocate(to - from))) {
                        assertThat(cache.get(digest, ByteRange.of(from, to - from), target))
                                .hasValue(to - from);
                        assertThat(target.hasRemaining()).isFalse();
                        assertThat(target.flip())
                                .as("range of %s bytes at %s", to - from, from)
                                .isEqualTo(ByteBuffer.wrap(content, from, to - from));
                    }
                }
            }
            CacheFixture.requireMiss(cache, new Digest(digest.sha256(), size + 1));
            assertThat(cache.contains(digest)).as("still there").isTrue();
            assertThat(cache.stats().corrupt()).isZero();
        }
    }

    @Test
    void everyEntryOfAnotherProgramsCacheIsRead() throws IOException {
        List<Map<String, String>> rows = Vectors.table("cachedir.tsv");
        Path path = directory.resolve("peer");
        for (Map<String, String> row : rows) {
            Vectors.copy("cachedir/" + row.get("path"), path.resolve(row.get("path")));
        }
        try (ContentCache cache = CacheFixture.open(path, OPTIONS)) {
            assertThat(cache.stats().entries()).isEqualTo(12);
            assertThat(cache.stats().storedBytes()).isEqualTo(73728);
            for (Map<String, String> row : rows) {
                Sha256 hash = Sha256.parse(row.get("hash"));
                int size = Integer.parseInt(row.get("logical_size"));
                ByteBuffer found;
                if (row.get("keyspace").equals("cas")) {
                    found = ByteBuffer.allocateDirect(size);
                    assertThat(cache.get(new Digest(hash, size), ByteRange.all(), found))
                            .hasValue(size);
                    assertThat(Sha256.of(found.flip())).isEqualTo(hash);
                } else {
                    Keyspace keyspace = row.get("keyspace").equals("ac") ? Keyspace.AC : Keyspace.RAW;
                    found = cache.getRecord(keyspace, hash).orElseThrow();
                    assertThat(found.remaining()).isEqualTo(size);
                }
            }
            assertThat(cache.stats().corrupt()).isZero();
        }
    }

    /** Collects the causes of damage. */
    private static final class Causes implements CacheListener {
        private final List<String> all = new ArrayList<>();

        @Override
        public void corrupt(Keyspace keyspace, String cause) {
            assertThat(keyspace).isEqualTo(Keyspace.CAS);
            all.add(cause);
        }
    }

    @TestFactory
    Stream<DynamicTest> everyDamagedFileGetsItsVerdict() throws IOException {
        List<Map<String, String>> rows = Vectors.table("bad.tsv").stream()
                .filter(row -> Vectors.exists(row.get("file")))
                .toList();
        assertThat(rows).hasSizeGreaterThan(20);
        return rows.stream().map(row -> DynamicTest.dynamicTest(row.get("file"), () -> getsItsVerdict(row)));
    }

    private Path cacheWithDamaged(Map<String, String> row) throws IOException {
        return cacheWith(row.get("file"), row.get("hash"), nameOfDamaged(row));
    }

    private static String nameOfDamaged(Map<String, String> row) {
        return row.get("hash") + "-" + row.get("logical_size") + "-123456789";
    }

    private void getsItsVerdict(Map<String, String> row) throws IOException {
        Digest digest = new Digest(Sha256.parse(row.get("hash")), Long.parseLong(row.get("logical_size")));
        Causes causes = new Causes();
        CacheOptions options = CacheOptions.builder()
                .maxBytes(OPTIONS.maxBytes())
                .listener(causes)
                .build();
        Path path = cacheWithDamaged(row);
        try (ContentCache cache = CacheFixture.open(path, options)) {
            if (row.get("file").equals("bad/good")) {
                ByteBuffer target = ByteBuffer.allocateDirect((int) digest.size());
                assertThat(cache.get(digest, ByteRange.all(), target)).hasValue(digest.size());
                assertThat(target.flip()).isEqualTo(ByteBuffer.allocate((int) digest.size()));
                assertThat(causes.all).isEmpty();
                return;
            }
            ByteBuffer zeros = ByteBuffer.allocateDirect((int) digest.size());
            OptionalLong[] result = new OptionalLong[1];
            assertThat(AllocatedBytes.of(() -> result[0] = cache.get(digest, ByteRange.all(), zeros)))
                    .as("heap")
                    .isLessThan(MIB);
            assertThat(result[0]).isEmpty();
            assertThat(zeros.position()).isZero();
            assertThat(cache.contains(digest)).isFalse();
            assertThat(causes.all).hasSize(1);
            assertThat(cache.stats().corrupt()).isEqualTo(1);
            assertThat(cache.stats().misses()).isEqualTo(1);
            Path file = path.resolve("cas.v2/" + row.get("hash").substring(0, 2) + "/" + nameOfDamaged(row));
            CacheFixture.await(() -> !Files.exists(file)); // one of no bytes does not count as being deleted
            zeros.put(ByteBuffer.allocate(zeros.capacity())).clear();
            assertThat(cache.put(digest, BlobSource.of(zeros))).isTrue();
            assertThat(cache.get(digest, ByteRange.all(), zeros)).hasValue(digest.size());
        }
    }

    @TestFactory
    Stream<DynamicTest> theFramesThatAreNotDamagedAreRead() throws IOException {
        return Vectors.table("bad.tsv").stream()
                .filter(row -> DAMAGED_FRAMES.containsKey(row.get("file")))
                .map(row -> DynamicTest.dynamicTest(row.get("file"), () -> readsTheOtherFrames(row)));
    }

    private void readsTheOtherFrames(Map<String, String> row) throws IOException {
        Digest digest = new Digest(Sha256.parse(row.get("hash")), Long.parseLong(row.get("logical_size")));
        for (int frame = 0; frame < 3; frame++) {
            ByteRange range = ByteRange.atMost((long) frame * MIB, MIB);
            ByteBuffer target = ByteBuffer.allocateDirect(MIB);
            boolean damaged = DAMAGED_FRAMES.get(row.get("file")).contains(frame);
            try (ContentCache cache = CacheFixture.open(cacheWithDamaged(row), OPTIONS);
                    CachedContent content = cache.open(digest).orElseThrow()) {
                if (damaged) {
                    assertThatThrownBy(() -> content.read(range, target)).isInstanceOf(IntegrityException.class);
                    assertThat(target.position()).isZero();
                } else {
                    long length = content.read(range, target);
                    assertThat(length).isEqualTo(Math.min(MIB, digest.size() - range.offset()));
                    assertThat(target.flip()).isEqualTo(ByteBuffer.allocate((int) length));
                }
                assertThat(cache.contains(digest)).isEqualTo(!damaged);
            }
        }
    }
}
