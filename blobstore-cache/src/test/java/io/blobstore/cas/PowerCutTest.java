package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A power failure, as the loss of what was not forced to the device (fault F3): which operations force what, and in
 * which order; and what is found afterwards in a directory whose unforced files are short, zeroed or missing.
 */
@ExtendWith(LeakCheck.class)
class PowerCutTest {
    private static final int BLOCK = 4 * KIB;

    /** One frame, many frames, content that is stored as it is, and some of a block or less. */
    private static final List<Content> CONTENTS = List.of(
            CacheFixture.text(1, 100 * KIB),
            CacheFixture.text(2, 2 * MIB + 77),
            CacheFixture.random(3, 50 * KIB),
            CacheFixture.random(4, MIB + 5000),
            CacheFixture.text(5, 600));

    private static final Content RECORD = CacheFixture.random(6, 3 * BLOCK - 5);
    private static final Sha256 KEY = CacheFixture.text(7, 10).digest().sha256();

    @TempDir
    Path temporary;

    private static CacheOptions options(StorageMode mode, Durability durability) {
        return CacheOptions.builder()
                .maxBytes(64L << 20)
                .storageMode(mode)
                .durability(durability)
                .build();
    }

    // ---- order of operations

    private interface Work {
        void run(ContentCache cache) throws IOException;
    }

    /** Puts, writes and records: a small and a large content each way, as files number 0 to 4. */
    private static final List<Work> WORKS = List.of(
            cache -> cache.put(CONTENTS.get(0).digest(), CONTENTS.get(0).source()),
            cache -> cache.put(CONTENTS.get(1).digest(), CONTENTS.get(1).source()),
            cache -> write(cache, CONTENTS.get(2), true),
            cache -> write(cache, CONTENTS.get(3), true),
            cache -> cache.putRecord(Keyspace.AC, KEY, RECORD.source()));

    private static void write(ContentCache cache, Content content, boolean commit) throws IOException {
        try (ContentWriter writer = cache.write(content.digest())) {
            writer.write(content.bytes().duplicate());
            if (commit) {
                writer.commit();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noneForcesNothing(StorageMode mode) throws IOException {
        Path directory = temporary.resolve("cache");
        RecordedFiles files = new RecordedFiles(directory);
        try (ContentCache cache = ContentCache.open(directory, options(mode, Durability.NONE), files)) {
            for (Work work : WORKS) {
                work.run(cache);
                assertThat(files.take()).isNotEmpty().noneMatch(operation -> operation.startsWith("force"));
            }
        }
        assertThat(files.take()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void fileForcesTheWholeContentBeforeItIsPublished(StorageMode mode) throws IOException {
        Path directory = temporary.resolve("cache");
        RecordedFiles files = new RecordedFiles(directory);
        try (ContentCache cache = ContentCache.open(directory, options(mode, Durability.FILE), files)) {
            for (int published = 0; published < WORKS.size(); published++) {
                WORKS.get(published).run(cache);
                assertThat(CacheFixture.files(directory)).hasSize(published + 1);
                assertThat(files.take())
                        .containsExactly("write " + published, "force content " + published, "close " + published);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void fullAlsoForcesTheDirectoryAfterThatAndBeforeThePutReturns(StorageMode mode) throws IOException {
        Path directory = temporary.resolve("cache");
        RecordedFiles files = new RecordedFiles(directory);
        Set<String> forced = new HashSet<>();
        try (ContentCache cache = ContentCache.open(directory, options(mode, Durability.FULL), files)) {
            for (int published = 0; published < WORKS.size(); published++) {
                Set<Path> before = new HashSet<>(CacheFixture.files(directory));
                WORKS.get(published).run(cache);
                List<Path> added = new ArrayList<>(CacheFixture.files(directory));
                added.removeAll(before);
                assertThat(added).hasSize(1);
                Path shard = added.get(0).getParent();
                List<String> expected = new ArrayList<>(
                        List.of("write " + published, "force content " + published, "close " + published));
                int after = published + 1;
                expected.add("force " + directory.relativize(shard) + " " + after);
                // The directories above may be as new: once each.
                for (Path created = shard;
                        created.startsWith(directory) && forced.add(created.toString());
                        created = created.getParent()) {
                    expected.add("force " + directory.relativize(created.getParent()) + " " + after);
                }
                assertThat(files.take()).isEqualTo(expected);
            }
        }
        assertThat(forced)
                .contains(directory.toString(), directory.resolve("ac.v2").toString());
    }

    @Test
    void aDirectoryThatCannotBeForcedFailsThePut() throws IOException {
        Path directory = temporary.resolve("cache");
        RecordedFiles files = new RecordedFiles(directory);
        Content content = CONTENTS.get(0);
        try (ContentCache cache = ContentCache.open(directory, options(StorageMode.HYBRID, Durability.FULL), files)) {
            files.failDirectories(true);
            assertThatThrownBy(() -> cache.put(content.digest(), content.source()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Input/output error");
            assertThat(CacheFixture.files(directory)).isEmpty();
            assertThat(cache.stats().reservedBytes()).isZero();
            CacheFixture.requireMiss(cache, content.digest());
            files.failDirectories(false);
            assertThat(cache.put(content.digest(), content.source())).isTrue();
            assertThat(files.take()).as("not forced before").contains("force cas.v2 1", "force  1");
        }
    }

    // ---- damage

    /** A cache, and what is in it, as it is on the disk; to be damaged in copies. */
    private record Template(Path root, StorageMode mode) {}

    /** Fills a cache; what is copied is its closed directory, or the open one, with an unfinished file and the logs. */
    private Template template(StorageMode mode, Durability durability, boolean closed) throws IOException {
        Path original = temporary.resolve("original-" + mode + durability + closed);
        Path copy = temporary.resolve("template-" + mode + durability + closed);
        try (ContentCache cache = CacheFixture.open(original.resolve("cache"), options(mode, durability))) {
            for (Content content : CONTENTS) {
                cache.put(content.digest(), content.source());
            }
            cache.putRecord(Keyspace.AC, KEY, RECORD.source());
            CacheFixture.requireHit(cache, CONTENTS.get(0));
            if (!closed) {
                Content unfinished = CacheFixture.random(8, 2 * MIB);
                try (ContentWriter writer = cache.write(unfinished.digest())) {
                    writer.write(unfinished.bytes().slice(0, MIB + 1));
                    copy(original, copy);
                    assertThat(CacheFixture.temporaries(copy.resolve(".cache.blobstore-cas")))
                            .isNotEmpty();
                }
            }
        }
        if (closed) {
            copy(original, copy);
        }
        // Of another process, which has died: this one does not delete what bears its own name.
        Path sessions = copy.resolve(".cache.blobstore-cas/tmp");
        try (Stream<Path> all = Files.list(sessions)) {
            for (Path session : all.toList()) {
                Files.move(session, sessions.resolve("dead-" + session.getFileName()));
            }
        }
        return new Template(copy, mode);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }

    private static void delete(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Damages a file as a power failure may; returns whether it has changed. */
    private static boolean damage(Path file, SplittableRandom random) throws IOException {
        byte[] before = Files.readAllBytes(file);
        byte[] after = before;
        switch (random.nextInt(5)) {
            case 0 -> after = new byte[0];
            case 1 -> after = Arrays.copyOf(before, random.nextInt(before.length + 1));
            case 2 -> {
                int blocks = (before.length + BLOCK - 1) / BLOCK;
                int from = blocks == 0 ? 0 : random.nextInt(blocks);
                int to = blocks == 0 ? 0 : from + 1 + random.nextInt(blocks - from);
                after = before.clone();
                Arrays.fill(after, from * BLOCK, Math.min(before.length, to * BLOCK), (byte) 0);
            }
            case 3 -> after = new byte[before.length];
            default -> {
                Files.delete(file);
                return true;
            }
        }
        Files.write(file, after);
        return !Arrays.equals(before, after);
    }

    private static List<Path> stateFiles(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root.resolve(".cache.blobstore-cas"))) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().endsWith("lock"))
                    .sorted()
                    .toList();
        }
    }

    private static Optional<Content> contentOf(Path file) {
        String name = file.getFileName().toString();
        return CONTENTS.stream()
                .filter(content -> name.startsWith(content.digest().sha256().hex()))
                .findFirst();
    }

    private static boolean isRead(ContentCache cache, Content content) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(content.size());
        boolean read = cache.get(content.digest(), ByteRange.all(), target).isPresent();
        if (read) {
            assertThat(Sha256.of(target.flip())).isEqualTo(content.digest().sha256());
        }
        assertThat(cache.contains(content.digest())).isEqualTo(read);
        assertThat(cache.missing(List.of(content.digest()))).hasSize(read ? 0 : 1);
        return read;
    }

    private static void requireSizesOfFiles(ContentCache cache, Path directory) throws IOException {
        requireSizesOfFiles(cache, directory, 0);
    }

    /**
     * Requires that what the cache counts is on the disk.
     *
     * @param shortened by how much files may be shorter than the journal says: a start does not look at their lengths
     */
    private static void requireSizesOfFiles(ContentCache cache, Path directory, long shortened) throws IOException {
        CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
        cache.evictTo(Long.MAX_VALUE); // waits for the deletion of files without bytes as well
        List<Path> files = CacheFixture.files(directory);
        CacheStats stats = cache.stats();
        assertThat(stats.entries()).isEqualTo(files.size());
        long onDisk = CacheFixture.blocks(files);
        assertThat(stats.storedBytes()).isBetween(onDisk, onDisk + shortened);
        assertThat(stats.reservedBytes()).isZero();
    }

    /**
     * Damages some files of entries and the journal at random.
     *
     * @return how many contents were lost
     */
    private int survivesDamage(Template template, SplittableRandom random) throws IOException {
        Path root = temporary.resolve("case");
        copy(template.root, root);
        Path directory = root.resolve("cache");
        Map<Path, Boolean> damaged = new HashMap<>();
        for (Path file : CacheFixture.files(directory).stream().sorted().toList()) {
            damaged.put(file, random.nextInt(2) == 0 && damage(file, random));
        }
        for (Path file : stateFiles(root)) {
            if (random.nextInt(2) == 0) {
                damage(file, random);
            }
        }
        int lost = 0;
        StorageMode mode = random.nextInt(4) == 0 ? StorageMode.ZSTD : template.mode;
        try (ContentCache cache = CacheFixture.open(directory, options(mode, Durability.NONE))) {
            CacheFixture.requireNoTemporaries(cache);
            requireSizesOfFiles(
                    cache, directory, CacheFixture.blocks(CacheFixture.files(template.root.resolve("cache"))));
            for (Map.Entry<Path, Boolean> file : damaged.entrySet()) {
                Optional<Content> content = contentOf(file.getKey());
                if (content.isPresent()) {
                    boolean read = isRead(cache, content.get());
                    assertThat(read || file.getValue())
                            .as("undamaged: " + file.getKey())
                            .isTrue();
                    assertThat(cache.open(content.get().digest()).map(open -> closed(open)))
                            .isEqualTo(read ? Optional.of((long) content.get().size()) : Optional.empty());
                    lost += read ? 0 : 1;
                } else {
                    requireWhatTheFileHas(cache, file.getKey(), file.getValue());
                }
            }
            requireSizesOfFiles(cache, directory, 3L * BLOCK); // of the record, whose damage may not be noticed
            for (Content content : CONTENTS) {
                boolean there = cache.contains(content.digest());
                assertThat(cache.put(content.digest(), content.source())).isEqualTo(!there);
                CacheFixture.requireHit(cache, content);
            }
            cache.putRecord(Keyspace.AC, KEY, RECORD.source());
            assertThat(cache.getRecord(Keyspace.AC, KEY)).hasValue(RECORD.bytes());
            requireSizesOfFiles(cache, directory);
        }
        delete(root);
        return lost;
    }

    private static long closed(CachedContent open) {
        try (open) {
            return open.digest().size();
        }
    }

    /**
     * Requires that a record is what its file holds, or absent if that was damaged: nothing but a length that the
     * journal knows tells that, as ADR 14 says. Whoever keeps records needs a checksum in them, or
     * {@link Durability#FILE}.
     */
    private static void requireWhatTheFileHas(ContentCache cache, Path file, boolean damaged) throws IOException {
        Optional<ByteBuffer> held =
                Files.exists(file) ? Optional.of(ByteBuffer.wrap(Files.readAllBytes(file))) : Optional.empty();
        Optional<ByteBuffer> record = cache.getRecord(Keyspace.AC, KEY);
        if (record.isPresent() || !damaged) {
            assertThat(record).isEqualTo(held);
        }
    }

    /** Half of the cases are of a cache that was closed before the failure, half of one that was not. */
    @Test
    void whatWasNotForcedIsThereAsAWholeOrAbsent() throws IOException {
        List<Template> templates = new ArrayList<>();
        for (StorageMode mode : List.of(StorageMode.HYBRID, StorageMode.UNCOMPRESSED)) {
            for (boolean closed : List.of(true, false)) {
                templates.add(template(mode, Durability.NONE, closed));
            }
        }
        int lost = 0;
        int cases = CampaignScale.of(200, 20);
        for (int seed = 0; seed < cases; seed++) {
            try {
                lost += survivesDamage(templates.get(seed % templates.size()), new SplittableRandom(seed));
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(lost).as("of " + cases * CONTENTS.size()).isBetween(cases, cases * (CONTENTS.size() - 1));
    }

    @ParameterizedTest
    @EnumSource(names = {"FILE", "FULL"})
    void whatWasForcedIsThereWhateverHappenedToTheRest(Durability durability) throws IOException {
        Map<StorageMode, Template> templates = new EnumMap<>(StorageMode.class);
        for (StorageMode mode : List.of(StorageMode.HYBRID, StorageMode.UNCOMPRESSED)) {
            templates.put(mode, template(mode, durability, false));
        }
        int cases = CampaignScale.of(50, 6);
        for (int seed = 0; seed < cases; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Template template = templates.get(seed % 2 == 0 ? StorageMode.HYBRID : StorageMode.UNCOMPRESSED);
            Path root = temporary.resolve("case");
            copy(template.root, root);
            for (Path file : stateFiles(root)) {
                damage(file, random);
            }
            Path directory = root.resolve("cache");
            try (ContentCache cache = CacheFixture.open(directory, options(template.mode, durability))) {
                for (Content content : CONTENTS) {
                    assertThat(isRead(cache, content)).as("seed " + seed).isTrue();
                }
                assertThat(cache.getRecord(Keyspace.AC, KEY)).hasValue(RECORD.bytes());
                assertThat(cache.stats().corrupt()).isZero();
                CacheFixture.requireNoTemporaries(cache);
                requireSizesOfFiles(cache, directory);
            }
            delete(root);
        }
    }
}
