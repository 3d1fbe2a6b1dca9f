package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the bytes on the disk never exceed the maximum, and that the cache behaves as a map (faults F9, F11). */
@ExtendWith(LeakCheck.class)
class CacheBoundTest {
    private static final long MAX = 8L << 20;
    private static final int WRITERS = 32;

    @TempDir
    Path temporary;

    @Test
    void theBoundHoldsWhileMoreIsPutThanFits() throws Exception {
        putTooMuch(Duration.ofSeconds(2));
    }

    @Test
    @Campaign(representedBy = CacheBoundTest.class)
    void theBoundHoldsForMinutesWhileMoreIsPutThanFits() throws Exception {
        putTooMuch(Duration.ofSeconds(CampaignScale.of(300)));
    }

    private void putTooMuch(Duration duration) throws Exception {
        Path directory = temporary.resolve("cache");
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger puts = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1);
        List<Future<?>> all = new ArrayList<>();
        try (ContentCache cache = CacheFixture.open(directory, CacheOptions.ofMaxBytes(MAX))) {
            for (int writer = 0; writer < WRITERS; writer++) {
                int seed = writer;
                all.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    for (int i = 0; !stop.get(); i++) {
                        int size = random.nextInt(20) == 0 ? MIB + random.nextInt(MIB) : random.nextInt(1, 100 * KIB);
                        Content content = CacheFixture.random(seed * 1_000_000 + i, size);
                        try {
                            cache.put(content.digest(), content.source());
                            puts.incrementAndGet();
                        } catch (CacheFullException e) {
                            refused.incrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            all.add(threads.submit(() -> {
                holdLeases(cache, stop);
                return null;
            }));
            long end = System.nanoTime() + duration.toNanos();
            int samples = 0;
            while (System.nanoTime() < end && all.stream().noneMatch(Future::isDone)) {
                assertThat(onDisk(directory, cache)).as("sample %s", samples++).isLessThanOrEqualTo(MAX);
                CacheStats stats = cache.stats();
                assertThat(stats.storedBytes() + stats.reservedBytes() + stats.doomedBytes())
                        .isLessThanOrEqualTo(MAX);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
            stop.set(true);
            for (Future<?> one : all) {
                one.get(1, TimeUnit.MINUTES);
            }
            assertThat(puts.get()).as("puts; %s were refused", refused).isGreaterThan(WRITERS);
            assertThat(cache.stats().evictions()).isPositive();
            CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            CacheFixture.await(() -> cache.stats().storedBytes() == blocks(directory)); // evictions end a little later
            assertThat(cache.stats().reservedBytes()).isZero();
        } finally {
            stop.set(true);
            threads.shutdown();
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    /** Returns the bytes that the files take; -1 if one was deleted meanwhile. */
    private static long blocks(Path directory) {
        try {
            return CacheFixture.blocks(CacheFixture.files(directory));
        } catch (NoSuchFileException | UncheckedIOException e) {
            return -1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads content under a lease for a while, again and again: it must be there all the time. */
    private static void holdLeases(ContentCache cache, AtomicBoolean stop) throws IOException {
        for (int i = 0; !stop.get(); i++) {
            Content content = CacheFixture.text(-1 - i, 200 * KIB);
            try {
                cache.put(content.digest(), content.source());
            } catch (CacheFullException e) {
                continue;
            }
            var open = cache.open(content.digest());
            if (open.isEmpty()) {
                continue; // evicted before it was opened
            }
            try (CachedContent leased = open.get()) {
                ByteBuffer target = ByteBuffer.allocateDirect(content.size());
                for (int read = 0; read < 20 && !stop.get(); read++) {
                    leased.read(ByteRange.all(), target.clear());
                    assertThat(target.flip()).isEqualTo(content.bytes());
                    assertThat(cache.contains(content.digest())).isTrue();
                }
            }
        }
    }

    /**
     * Returns what the files take that were there at one moment: those that are listed before and after it, with the
     * sizes that they had before. Listing takes so long that files come and go meanwhile, but no name is used twice.
     */
    private static long onDisk(Path directory, ContentCache cache) throws IOException {
        Map<Path, Long> before = new HashMap<>();
        for (Path file : allFiles(directory, cache)) {
            try {
                before.put(file, (Files.size(file) + 4095) / 4096 * 4096);
            } catch (NoSuchFileException e) {
                continue; // deleted meanwhile
            }
        }
        return allFiles(directory, cache).stream()
                .mapToLong(file -> before.getOrDefault(file, 0L))
                .sum();
    }

    private static List<Path> allFiles(Path directory, ContentCache cache) throws IOException {
        List<Path> files = new ArrayList<>(filesNow(directory));
        files.addAll(filesNow(cache.stateDirectory().resolve("tmp")));
        files.removeIf(file -> file.toString().endsWith(".lock"));
        return files;
    }

    private static List<Path> filesNow(Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        List<Path> directories = new ArrayList<>(List.of(directory));
        while (!directories.isEmpty()) {
            try (var entries = Files.newDirectoryStream(directories.remove(0))) {
                for (Path entry : entries) {
                    (Files.isDirectory(entry) ? directories : files).add(entry);
                }
            }
        }
        return files;
    }

    // ---- one thread, whose steps are those of a map

    @Test
    void stepsOfOneThreadAreThoseOfAMap() throws IOException {
        runSteps(CampaignScale.of(20_000, 1_000));
    }

    private void runSteps(int steps) throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        List<Content> contents = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            contents.add(i % 2 == 0 ? CacheFixture.text(i, 1 + i * 3001) : CacheFixture.random(i, 1 + i * 701));
        }
        Set<Digest> there = new HashSet<>();
        Map<Sha256, Content> records = new HashMap<>();
        Path directory = temporary.resolve("cache");
        CacheOptions options = CacheOptions.ofMaxBytes(256L << 20);
        ContentCache cache = CacheFixture.open(directory, options);
        try {
            for (int step = 0; step < steps; step++) {
                Content content = contents.get(random.nextInt(contents.size()));
                Digest digest = content.digest();
                Sha256 key = contents.get(random.nextInt(5)).digest().sha256();
                switch (random.nextInt(step % 200 == 0 ? 9 : 8)) {
                    case 0, 1 -> assertThat(cache.put(digest, content.source())).isEqualTo(there.add(digest));
                    case 2 -> assertThat(cache.remove(digest)).isEqualTo(there.remove(digest));
                    case 3 -> {
                        try (ContentWriter writer = cache.write(content.size())) {
                            writer.write(content.bytes().duplicate());
                            assertThat(writer.commit()).isEqualTo(digest);
                            there.add(digest);
                        }
                    }
                    case 4 -> {
                        cache.putRecord(Keyspace.RAW, key, content.source());
                        records.put(key, content);
                    }
                    case 5 -> assertThat(cache.removeRecord(Keyspace.RAW, key)).isEqualTo(records.remove(key) != null);
                    case 6 -> {
                        Content expected = records.get(key);
                        assertThat(cache.getRecord(Keyspace.RAW, key).map(record -> record.equals(expected.bytes())))
                                .isEqualTo(expected == null ? java.util.Optional.empty() : java.util.Optional.of(true));
                    }
                    case 7 -> {
                        assertThat(cache.contains(digest)).isEqualTo(there.contains(digest));
                        if (there.contains(digest)) {
                            CacheFixture.requireHit(cache, content);
                        } else {
                            CacheFixture.requireMiss(cache, digest);
                        }
                    }
                    default -> {
                        cache.close();
                        cache = CacheFixture.open(directory, options);
                    }
                }
            }
            assertThat(cache.stats().entries()).isEqualTo(there.size() + records.size());
        } finally {
            cache.close();
        }
    }
}
