package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class JournalTest {
    private static final int ENTRIES = 50;

    @TempDir
    Path directory;

    private final AtomicInteger temporaries = new AtomicInteger();
    /** No two files have the same name, ever. */
    private final AtomicInteger suffixes = new AtomicInteger();
    private JournalFiles files;
    private Journal journal;
    private Index index;

    @BeforeEach
    void create() throws IOException {
        files = new JournalFiles(directory.resolve("journal"));
        begin(1, 0);
    }

    private void begin(long sequence, long firstTick) {
        journal = new Journal(
                files,
                "session",
                sequence,
                firstTick,
                () -> directory.resolve("t" + temporaries.incrementAndGet()),
                Journal.Sharing.NONE,
                Duration.ofHours(1));
        journal.start();
        index = new Index(1L << 40, journal, entry -> {});
    }

    @AfterEach
    void close() {
        end();
    }

    private void end() {
        index.close();
        journal.close();
    }

    private void add(int number) throws IOException {
        try (Reservation reservation = index.reserve(number)) {
            reservation.require(number);
            index.commit(reservation, IndexFixture.file(OpenedCache.key(number), suffixes.incrementAndGet()), number);
        }
    }

    private List<EntryFile> recorded() throws IOException {
        return order(files.read(log -> true).state());
    }

    private static List<EntryFile> order(JournalState state) {
        List<EntryFile> order = new ArrayList<>();
        for (int record : state.inOrder()) {
            order.add(JournalRecord.file(state.words(record), state.at(record)));
        }
        return order;
    }

    private List<EntryFile> present() {
        return index.snapshot().stream().map(Entry::file).toList();
    }

    private void someEvents(int count, long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            int number = random.nextInt(ENTRIES);
            EntryKey key = OpenedCache.key(number);
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    if (index.peek(key).isEmpty()) {
                        add(number);
                    }
                }
                case 2 -> index.peek(key).ifPresent(index::remove);
                case 3 -> journal.flush();
                default -> index.contains(key);
            }
        }
    }

    @Test
    void whatIsWrittenIsTheIndexInItsOrder() throws IOException {
        for (int round = 0; round < 30; round++) {
            someEvents(200, round);
            journal.flush();
            assertThat(recorded()).as("round " + round).isEqualTo(present());
            if (round % 7 == 6) {
                assertThat(journal.compact()).hasValueSatisfying(state -> assertThat(order(state))
                        .isEqualTo(present()));
                assertThat(recorded()).as("compacted").isEqualTo(present());
            }
        }
    }

    @Test
    void laterRunsGoOnWithHigherTicks() throws IOException {
        someEvents(500, 1);
        List<EntryFile> before = present();
        end();
        JournalFiles.Content content = files.read(log -> true);
        assertThat(order(content.state())).isEqualTo(before);

        begin(2, content.state().maxTick() + 10);
        long rank = -before.size();
        for (EntryFile file : before) {
            index.load(file, 1, rank++);
        }
        someEvents(500, 2);
        journal.flush();
        assertThat(recorded()).isEqualTo(present());
    }

    @Test
    void anEntryThatIsUsedOftenIsOneRecordPerWrite() throws IOException {
        add(1);
        add(2);
        journal.flush();
        long before = logBytes();
        for (int i = 0; i < 10_000; i++) {
            index.contains(OpenedCache.key(1));
            index.contains(OpenedCache.key(2));
        }
        index.contains(OpenedCache.key(1));
        journal.flush();
        assertThat(logBytes() - before).isEqualTo(2 * JournalRecord.BYTES);
        assertThat(recorded()).isEqualTo(present());
    }

    @Test
    void aCompactionKeepsWhatHappensMeanwhileAndDeletesTheLogs() throws IOException {
        someEvents(500, 3);
        journal.flush();
        assertThat(journal.compact()).isPresent();
        assertThat(files.logs()).hasSize(1);
        assertThat(logBytes()).isZero();
        someEvents(500, 4);
        journal.flush();
        assertThat(recorded()).isEqualTo(present());
    }

    @Test
    void logsThatTheSnapshotContainsAlreadyDoNoHarm() throws IOException {
        someEvents(500, 5);
        journal.flush();
        Path log = files.logs().get(0).path();
        byte[] bytes = Files.readAllBytes(log);
        assertThat(journal.compact()).isPresent();
        Files.write(log, bytes); // as after a crash before its deletion
        assertThat(recorded()).isEqualTo(present());
        someEvents(500, 6);
        journal.flush();
        assertThat(recorded()).isEqualTo(present());
    }

    @Test
    void aTruncatedJournalSaysWhatWasWrittenUntilThere() throws IOException {
        for (int number = 1; number <= 20; number++) {
            add(number);
        }
        journal.flush();
        Path log = files.logs().get(0).path();
        byte[] bytes = Files.readAllBytes(log);
        assertThat(bytes).hasSize(20 * JournalRecord.BYTES);
        for (int length = 0; length <= bytes.length; length++) {
            Files.write(log, Arrays.copyOf(bytes, length));
            JournalFiles.Content content = files.read(any -> true);
            assertThat(order(content.state())).isEqualTo(present().subList(0, length / JournalRecord.BYTES));
            assertThat(content.damaged()).isEqualTo(length % JournalRecord.BYTES == 0 ? 0 : 1);
        }
    }

    @Test
    void aDamagedByteCostsOneRecordWhereverItIs() throws IOException {
        for (int number = 1; number <= 5; number++) {
            add(number);
        }
        journal.flush();
        assertThat(journal.compact()).isPresent();
        byte[] bytes = Files.readAllBytes(files.snapshot());
        assertThat(bytes).hasSize(5 * JournalRecord.BYTES);
        for (int offset = 0; offset < bytes.length; offset++) {
            byte[] damaged = bytes.clone();
            damaged[offset] ^= 0x10;
            Files.write(files.snapshot(), damaged);
            List<EntryFile> expected = new ArrayList<>(present());
            expected.remove(offset / JournalRecord.BYTES);
            JournalFiles.Content content = files.read(any -> true);
            assertThat(order(content.state())).isEqualTo(expected);
            assertThat(content.damaged()).isEqualTo(1);
            assertThat(content.isComplete()).isFalse();
        }
    }

    @Test
    void arbitraryBytesAreIgnored() throws IOException {
        byte[] noise = new byte[100_000];
        new Random(7).nextBytes(noise);
        Files.write(files.snapshot(), noise);
        Files.write(files.log(77, "other"), new byte[12_345]);
        Files.writeString(directory.resolve("journal/unknown"), "x");
        add(3);
        journal.flush();
        assertThat(recorded()).isEqualTo(present());
        assertThat(journal.compact()).isPresent();
        assertThat(recorded()).isEqualTo(present());
        assertThat(directory.resolve("journal/unknown")).exists();
    }

    @Test
    void aFileThatWasAnnouncedIsKnownAtOnce() throws IOException {
        add(1);
        journal.flush();
        EntryFile replacement = IndexFixture.file(OpenedCache.key(1), 777);
        journal.announce(replacement, 5);
        assertThat(recorded()).containsExactly(replacement);
    }

    @Test
    void anInterruptOfTheThreadThatAnnouncesAFileDoesNotStopTheJournal() throws IOException {
        Thread.currentThread().interrupt();
        journal.announce(IndexFixture.file(OpenedCache.key(1), 1), 1);
        assertThat(Thread.interrupted()).isTrue();
        add(2);
        journal.flush();
        assertThat(recorded()).hasSize(2);
    }

    @Test
    void aFailureToWriteIsNoFailureOfTheCacheAndLaterEventsAreWritten() throws IOException {
        add(1);
        journal.flush();
        Path real = directory.resolve("journal");
        Path aside = directory.resolve("aside");
        assertThat(journal.compact()).isPresent(); // opens a log; from here on, its directory is a file
        Files.move(real, aside);
        Files.writeString(real, "not a directory");
        assertThat(journal.compact()).isEmpty();
        add(2);
        journal.flush(); // lost
        Files.delete(real);
        Files.move(aside, real);
        add(3);
        journal.flush();
        assertThat(recorded())
                .isEqualTo(List.of(present().get(0), present().get(2)));
    }

    @Test
    void additionsAndRemovalsOfAFileMayBeAppliedInAnyOrder() throws IOException {
        Random random = new Random(8);
        for (int round = 0; round < 100; round++) {
            List<long[]> records = new ArrayList<>();
            LinkedHashSet<EntryFile> model = new LinkedHashSet<>();
            for (int tick = 1; tick <= 40; tick++) {
                long[] record = new long[JournalRecord.WORDS];
                EntryFile old = model.isEmpty() || random.nextBoolean()
                        ? null
                        : new ArrayList<>(model).get(random.nextInt(model.size()));
                if (old == null) {
                    EntryFile file = IndexFixture.file(OpenedCache.key(tick), tick);
                    model.add(file);
                    JournalRecord.put(record, 0, JournalRecord.ADDED, file, 1, tick);
                } else {
                    model.remove(old);
                    boolean use = random.nextBoolean();
                    if (use) {
                        model.add(old);
                    }
                    JournalRecord.put(record, 0, use ? JournalRecord.USED : JournalRecord.REMOVED, old, 1, tick);
                }
                records.add(record);
            }
            List<long[]> added = new ArrayList<>();
            List<long[]> others = new ArrayList<>();
            for (long[] record : records) {
                (JournalRecord.operation(record) == JournalRecord.USED ? others : added).add(record);
            }
            // Additions and removals in any order; a use needs to find its entry.
            Collections.shuffle(added, random);
            Collections.shuffle(others, random);
            JournalState state = new JournalState();
            added.forEach(state::apply);
            others.forEach(state::apply);
            others.forEach(state::apply);
            assertThat(order(state)).as("round " + round).containsExactlyElementsOf(model);
        }
    }

    private long logBytes() throws IOException {
        long bytes = 0;
        for (JournalFiles.Log log : files.logs()) {
            bytes += Files.size(log.path());
        }
        return bytes;
    }
}
