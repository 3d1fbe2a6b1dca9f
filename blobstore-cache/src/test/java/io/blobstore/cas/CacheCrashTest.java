package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Kills processes while they put: content is absent or whole, and what was there before stays (faults F1 and F2). */
@ExtendWith(LeakCheck.class)
class CacheCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};
    private static final int KILLS = CampaignScale.isFull() ? CampaignScale.of(200) : 6;
    private static final Sha256 RECORD = CacheFixture.text(0, 10).digest().sha256();

    @TempDir
    Path temporary;

    /** Content that is there from the start, and is put again all the time. */
    private static Content kept() {
        return CacheFixture.text(1_000_000, 3 * MIB + 11);
    }

    private static Content added(int number) {
        int size = number % 4 == 0 ? 2 * MIB + number : 1 + number * 7919 % (64 * KIB);
        return number % 3 == 0 ? CacheFixture.random(number, size) : CacheFixture.text(number, size);
    }

    private static Content record(int number) {
        return CacheFixture.text(number, 100 + number % 5000);
    }

    private static CacheOptions options(int kill) {
        return CacheOptions.builder()
                .maxBytes(kill % 3 == 2 ? 8L << 20 : 512L << 20)
                .storageMode(StorageMode.values()[kill % StorageMode.values().length])
                .durability(Durability.values()[kill / 3 % Durability.values().length])
                .build();
    }

    /** Puts, in three ways, until it is killed, and prints each step. */
    static final class EndlessPutter {
        public static void main(String[] args) throws Exception {
            Content kept = kept();
            try (ContentCache cache = ContentCache.open(Path.of(args[0]), options(Integer.parseInt(args[1])))) {
                cache.put(kept.digest(), kept.source());
                System.out.println("kept");
                for (int i = Integer.parseInt(args[2]); ; i++) {
                    Content content = added(i);
                    System.out.println("putting " + i);
                    if (i % 2 == 0) {
                        cache.put(content.digest(), content.source());
                    } else {
                        write(cache, content);
                    }
                    System.out.println("put " + i);
                    cache.put(kept.digest(), kept.source());
                    write(cache, kept);
                    cache.putRecord(Keyspace.AC, RECORD, record(i).source());
                    System.out.println("recorded " + i);
                }
            }
        }

        private static void write(ContentCache cache, Content content) throws IOException {
            try (ContentWriter writer = cache.write(content.digest())) {
                writer.write(content.bytes().duplicate());
                writer.commit();
            }
        }
    }

    @Test
    void afterAKillAtAnyMomentContentIsAbsentOrWholeAndWhatWasThereStays() throws Exception {
        Path directory = temporary.resolve("cache");
        SplittableRandom random = new SplittableRandom(1);
        int next = 1;
        for (int kill = 0; kill < KILLS; kill++) {
            try (ChildJvm.Running child = ChildJvm.of(EndlessPutter.class, temporary)
                    .with(QUICK)
                    .start(directory.toString(), Integer.toString(kill), Integer.toString(next))) {
                String event = kill % 10 == 9
                        ? "kept"
                        : List.of("putting ", "put ", "recorded ").get(random.nextInt(3)) + (next + random.nextInt(8));
                child.awaitLine(event::equals, PATIENCE);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(30_000_000));
                child.kill();
                next = check(directory, kill, next, child.join(PATIENCE).output());
            }
        }
    }

    /** Checks the cache after a kill, empties it but for what is kept, and returns the next number. */
    private static int check(Path directory, int kill, int first, String output) throws IOException {
        String which = "kill " + kill;
        int begun = Math.max(first, last(output, "putting "));
        int done = last(output, "put ");
        int recorded = last(output, "recorded ");
        boolean everything = options(kill).maxBytes() > MIB * 100L;
        try (ContentCache cache = CacheFixture.open(directory, options(kill))) {
            CacheFixture.requireNoTemporaries(cache);
            List<Path> files = CacheFixture.files(directory);
            assertThat(cache.stats().entries()).as(which).isEqualTo(files.size());
            assertThat(cache.stats().storedBytes()).as(which).isEqualTo(CacheFixture.blocks(files));
            Content kept = kept();
            assertThat(isWhole(cache, kept)).as(which + ": kept").isTrue();
            for (int i = first; i <= begun; i++) {
                boolean there = isWhole(cache, added(i));
                assertThat(there || !everything || i > done)
                        .as(which + ": content " + i)
                        .isTrue();
                cache.remove(added(i).digest());
            }
            assertThat(cache.stats().corrupt()).as(which).isZero();
            Optional<ByteBuffer> record = cache.getRecord(Keyspace.AC, RECORD);
            if (everything && recorded >= 0) {
                assertThat(record).as(which).isPresent();
                assertThat(record.get())
                        .as(which + ": the last record, or the one that was begun")
                        .isIn(record(recorded).bytes(), record(recorded + 1).bytes());
            }
        }
        return begun + 1;
    }

    private static boolean isWhole(ContentCache cache, Content content) throws IOException {
        boolean contained = cache.contains(content.digest());
        ByteBuffer target = ByteBuffer.allocateDirect(content.size());
        OptionalLong length = cache.get(content.digest(), ByteRange.all(), target);
        assertThat(length.isPresent()).as("get and contains agree").isEqualTo(contained);
        if (contained) {
            assertThat(target.flip()).isEqualTo(content.bytes());
        }
        return contained;
    }

    private static int last(String output, String event) {
        return output.lines()
                .filter(line ->
                        line.startsWith(event) && line.substring(event.length()).matches("[0-9]+"))
                .mapToInt(line -> Integer.parseInt(line.substring(event.length())))
                .max()
                .orElse(-1);
    }

    @Test
    void whatAProcessPutIsThereAfterItWasKilledBeforeAndAfterTheJournalSawIt() throws Exception {
        // a file whose entry the journal does not know, as after a kill between rename and journal
        Content content = added(4);
        Path directory = temporary.resolve("cache");
        try (ContentCache cache = CacheFixture.open(directory, options(0))) {
            cache.put(content.digest(), content.source());
        }
        Path file = CacheFixture.files(directory).get(0);
        Path aside = Files.move(file, temporary.resolve("aside"));
        try (ContentCache cache = CacheFixture.open(directory, options(0))) {
            CacheFixture.requireMiss(cache, content.digest());
        }
        Files.move(aside, file);
        try (ContentCache cache = CacheFixture.open(directory, options(0))) {
            CacheFixture.requireHit(cache, content);
        }
    }
}
