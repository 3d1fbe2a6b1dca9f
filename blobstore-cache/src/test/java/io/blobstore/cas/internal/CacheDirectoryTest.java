package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Durability;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
class CacheDirectoryTest {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    @TempDir
    Path parent;

    private Path directory;
    private Path state;

    @BeforeEach
    void paths() {
        directory = parent.resolve("cache");
        state = parent.resolve(".cache.blobstore-cas");
    }

    private static CacheOptions.Builder options() {
        return CacheOptions.builder().maxBytes(1 << 20);
    }

    // ---- where things are

    @Test
    void theDirectoryContainsNothingThatBazelRemoteDoesNotKnow() throws IOException {
        try (OpenedCache cache = OpenedCache.open(directory)) {
            Entry content = cache.put(OpenedCache.key(Keyspace.CAS, 1), 10);
            Entry action = cache.put(OpenedCache.key(Keyspace.AC, 2), 10);
            Entry record = cache.put(OpenedCache.key(Keyspace.RAW, 3), 10);
            assertThat(directory.toFile().list()).containsExactlyInAnyOrder("cas.v2", "ac.v2", "raw.v2");
            assertThat(OpenedCache.tree(directory))
                    .containsExactlyInAnyOrder(
                            path("cas.v2", content), path("ac.v2", action), path("raw.v2", record));
            assertThat(content.file().name()).matches("[0-9a-f]{64}-10-[0-9]{9}");
            assertThat(action.file().name()).matches("[0-9a-f]{64}-[0-9]{9}");
        }
        assertThat(parent.toFile().list()).containsExactlyInAnyOrder("cache", ".cache.blobstore-cas");
        assertThat(state.resolve("tmp")).isEmptyDirectory();
    }

    private static String path(String keyspace, Entry entry) {
        String name = entry.file().name();
        return keyspace + "/" + name.substring(0, 2) + "/" + name;
    }

    @Test
    void eachFileHasANameOfItsOwn() throws IOException {
        try (OpenedCache cache = OpenedCache.open(directory)) {
            Set<EntryFile> files = new HashSet<>();
            for (int i = 0; i < 200; i++) {
                files.add(cache.directory.newFile(OpenedCache.key(1), EntryFile.Format.CASBLOB, 5));
            }
            // Two of 200 random numbers of 9 digits are equal with a probability of 2e-5; three pairs never.
            assertThat(files).hasSizeGreaterThan(197);
        }
    }

    @Test
    void theStateMayBeInLostAndFoundWhichBazelRemoteIgnores() throws IOException {
        Path chosen = directory.resolve("lost+found/blobstore-cas");
        Files.createDirectories(directory);
        CacheOptions options = options().stateDirectory(chosen).build();
        for (int i = 0; i < 2; i++) {
            try (OpenedCache cache = OpenedCache.open(directory, options).awaitLoaded()) {
                assertThat(cache.directory.stateDirectory()).isEqualTo(chosen.toRealPath());
                cache.put(OpenedCache.key(i), 10);
                assertThat(cache.index.totals().entries()).isEqualTo(i + 1);
            }
        }
        assertThat(state).doesNotExist();
    }

    @Test
    void theStateIsRefusedWhereItWouldDisturb() throws IOException {
        Files.createDirectories(directory);
        for (Path chosen : List.of(
                directory, directory.resolve("state"), directory.resolve("cas.v2/lost+found"), parent)) {
            assertThatThrownBy(() -> CacheDirectory.open(
                            directory, options().stateDirectory(chosen).build()))
                    .isInstanceOf(CacheDirectoryException.class)
                    .hasMessageContaining(chosen.toRealPath().toString().substring(0, parent.toString().length()))
                    .hasMessageContaining("lost+found");
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void theStateIsRefusedOnAnotherFileSystem() throws IOException {
        assumeTrue(Files.isWritable(SHARED_MEMORY));
        assumeTrue(!Files.getFileStore(SHARED_MEMORY).equals(Files.getFileStore(parent)), "one file system");
        Path elsewhere = Files.createTempDirectory(SHARED_MEMORY, "state");
        try {
            assertThatThrownBy(() -> CacheDirectory.open(
                            directory, options().stateDirectory(elsewhere).build()))
                    .isInstanceOf(CacheDirectoryException.class)
                    .hasMessageContaining(elsewhere.toString())
                    .hasMessageContaining("different file systems")
                    .hasMessageContaining("stateDirectory");
            assertThat(elsewhere).isEmptyDirectory();
        } finally {
            Files.delete(elsewhere);
        }
    }

    @Test
    void aCacheMayBeOpenedByALink() throws IOException {
        OpenedCache.open(directory).close();
        Path link = Files.createSymbolicLink(parent.resolve("link"), directory);
        try (OpenedCache cache = OpenedCache.open(link)) {
            assertThat(cache.directory.stateDirectory()).isEqualTo(state.toRealPath());
        }
    }

    // ---- bad input

    @ParameterizedTest
    @EnumSource(AccessMode.class)
    void aDirectoryOfSomethingElseIsRefusedAndRemainsAsItIs(AccessMode mode) throws IOException {
        Files.createDirectories(directory.resolve("documents"));
        Files.writeString(directory.resolve("documents/letter.txt"), "keep");
        assertThatThrownBy(() -> OpenedCache.open(directory, mode))
                .isInstanceOf(CacheDirectoryException.class)
                .hasMessageContaining(directory + " is not a cache")
                .hasMessageContaining("documents");
        assertThat(OpenedCache.tree(parent)).containsExactly("cache/documents/letter.txt");
        assertThat(state).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource(AccessMode.class)
    void aFileIsNotADirectory(AccessMode mode) throws IOException {
        Files.writeString(directory, "keep");
        assertThatThrownBy(() -> OpenedCache.open(directory, mode))
                .isInstanceOf(CacheDirectoryException.class)
                .hasMessageContaining("is not a directory");
        assertThat(directory).hasContent("keep");
    }

    @Test
    void aFileInThePlaceOfAKeyspaceIsRefused() throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("cas.v2"), "keep");
        assertThatThrownBy(() -> OpenedCache.open(directory))
                .isInstanceOf(CacheDirectoryException.class)
                .hasMessageContaining("cas.v2");
        assertThat(directory.resolve("cas.v2")).hasContent("keep");
    }

    @Test
    void aReadOnlyCacheIsNotCreated() {
        assertThatThrownBy(() -> OpenedCache.open(directory, AccessMode.READ_ONLY))
                .isInstanceOf(CacheDirectoryException.class)
                .hasMessageContaining(directory.toString());
        assertThat(parent).isEmptyDirectory();
    }

    @Test
    void whereNothingMayBeWrittenACacheIsRefusedUnlessItIsReadOnly() throws IOException {
        OpenedCache cache = OpenedCache.open(directory);
        cache.put(OpenedCache.key(1), 10);
        cache.close();
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assumeTrue(!Files.isWritable(state), "the superuser may write everywhere");
            assertThatThrownBy(() -> OpenedCache.open(directory))
                    .isInstanceOf(CacheDirectoryException.class)
                    .hasMessageContaining("Permission denied")
                    .hasMessageContaining("read-only");
            try (OpenedCache reader = OpenedCache.open(directory, AccessMode.READ_ONLY).awaitLoaded()) {
                assertThat(reader.find(OpenedCache.key(1))).isTrue();
            }
        } finally {
            Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    // ---- files

    @Test
    void aFileAppearsUnderItsNameInOneStepWhateverTheDurability() throws IOException {
        for (Durability durability : Durability.values()) {
            Path cacheDirectory = parent.resolve("cache-" + durability);
            try (OpenedCache cache = OpenedCache.open(
                    cacheDirectory, options().durability(durability).build())) {
                for (int i = 0; i < 3; i++) {
                    Entry entry = cache.put(OpenedCache.key(i), 100 + i);
                    Path path = cache.directory.path(entry.file());
                    assertThat(path).hasSize(100 + i);
                }
                assertThat(OpenedCache.tree(cache.directory.stateDirectory().resolve("tmp")))
                        .allMatch(name -> name.endsWith(".lock"));
            }
        }
    }

    @Test
    void aFileThatCannotBeMovedIsNotPublished() throws IOException {
        try (OpenedCache cache = OpenedCache.open(directory)) {
            EntryFile file = cache.directory.newFile(OpenedCache.key(1), EntryFile.Format.CASBLOB, 5);
            assertThatThrownBy(() -> cache.directory.publish(cache.directory.temporary(), file))
                    .isInstanceOf(NoSuchFileException.class);
            assertThat(cache.directory.path(file)).doesNotExist();
            cache.directory.delete(file); // missing: nothing happens
        }
    }

    @Test
    void directoriesThatSomebodyDeletesAreCreatedAgain() throws IOException {
        try (OpenedCache cache = OpenedCache.open(directory)) {
            for (Keyspace keyspace : Keyspace.values()) {
                Files.delete(directory.resolve(keyspace.directory()));
            }
            cache.put(OpenedCache.key(1), 10);
            assertThat(cache.find(OpenedCache.key(1))).isTrue();
        }
    }

    @Test
    void aProbeOfAListedExclusiveCacheLooksForNothing() throws IOException {
        try (OpenedCache cache = OpenedCache.open(directory)) {
            EntryKey key = OpenedCache.key(1);
            EntryFile file = cache.directory.newFile(key, EntryFile.Format.CASBLOB, 5);
            Path path = cache.directory.path(file);
            Files.createDirectories(path.getParent());
            Files.write(path, new byte[5]);
            assertThat(cache.directory.probe(key)).isEmpty();
        }
    }

    @Test
    void closingWhileTheDirectoryIsListedLosesNothing() throws IOException {
        List<String> names = PeerDirectories.copyCache(directory);
        for (int i = 0; i < 10; i++) {
            OpenedCache.open(directory, AccessMode.EXCLUSIVE).close();
        }
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.names()).isEqualTo(names);
        }
    }

    @Test
    void anInterruptedThreadClosesACacheAndStaysInterrupted() throws IOException {
        OpenedCache cache = OpenedCache.open(directory);
        cache.put(OpenedCache.key(1), 10);
        Thread.currentThread().interrupt();
        cache.close();
        assertThat(Thread.interrupted()).isTrue();
        try (OpenedCache again = OpenedCache.open(directory)) {
            assertThat(again.keys()).containsExactly(OpenedCache.key(1));
        }
    }

    // ---- order and bound

    @Test
    void theOrderIsTheSameAfterCloseAndOpen() throws IOException {
        Random random = new Random(1);
        List<EntryKey> expected = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            try (OpenedCache cache = OpenedCache.open(directory)) {
                assertThat(cache.keys()).as("round " + round).isEqualTo(expected);
                for (int i = 0; i < 300; i++) {
                    EntryKey key = OpenedCache.key(random.nextInt(200));
                    if (!cache.index.contains(key)) {
                        cache.put(key, 10);
                    }
                }
                expected = cache.keys();
            }
        }
        assertThat(expected).hasSizeGreaterThan(100);
    }

    @Test
    void aDamagedJournalCostsTheOrderAndNothingElse() throws IOException {
        List<String> names = PeerDirectories.copyCache(directory);
        OpenedCache.open(directory).close();
        Path snapshot = state.resolve("journal/snapshot-1");
        byte[] intact = Files.readAllBytes(snapshot);
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            byte[] damaged = intact.clone();
            for (int flips = random.nextInt(20); flips >= 0; flips--) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
            }
            Files.write(snapshot, java.util.Arrays.copyOf(damaged, random.nextInt(damaged.length + 1)));
            try (OpenedCache cache = OpenedCache.open(directory)) {
                assertThat(cache.names()).containsExactlyInAnyOrderElementsOf(names);
                assertThat(cache.index.totals().storedBytes()).isEqualTo(73_728);
            }
        }
    }

    @Test
    void aFullDiskOfTheJournalIsNoFailureOfTheCache() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/full")));
        try (OpenedCache cache = OpenedCache.open(directory)) {
            cache.put(OpenedCache.key(1), 10);
            // From now on, each new log is the device that is always full.
            for (int sequence = 1; sequence < 20; sequence++) {
                Path log = new JournalFiles(state.resolve("journal")).log(sequence, owner());
                Files.deleteIfExists(log);
                Files.createSymbolicLink(log, Path.of("/dev/full"));
            }
            cache.flush(); // into the deleted log
            for (int i = 2; i < 50; i++) {
                cache.put(OpenedCache.key(i), 10);
                cache.flush();
            }
            assertThat(cache.index.totals().entries()).isEqualTo(49);
        }
        for (int i = 0; i < 2; i++) {
            try (OpenedCache cache = OpenedCache.open(directory)) {
                assertThat(cache.index.totals().entries()).isEqualTo(49);
            }
        }
    }

    private String owner() {
        for (String name : state.resolve("tmp").toFile().list()) {
            if (name.endsWith(".lock")) {
                return name.substring(0, name.length() - ".lock".length());
            }
        }
        throw new AssertionError("no session");
    }

    @Test
    void theBoundHoldsWhileTheDirectoryIsListed() throws IOException {
        List<EntryKey> old = new ArrayList<>();
        try (OpenedCache cache = OpenedCache.open(directory, options().build()).awaitLoaded()) {
            for (int i = 0; i < 240; i++) {
                old.add(cache.put(OpenedCache.key(i), 4096).key());
            }
        }
        // With the journal, which knows what is free; and without it, when puts wait for the listing.
        for (boolean journal : new boolean[] {true, false}) {
            if (!journal) {
                Files.delete(state.resolve("journal/snapshot-1"));
            }
            try (OpenedCache cache = OpenedCache.open(directory, options().build())) {
                for (int i = 0; i < 100; i++) {
                    cache.put(OpenedCache.key(1000 + i), 4096);
                    assertThat(OpenedCache.tree(directory)).hasSizeLessThanOrEqualTo(256);
                }
                cache.awaitLoaded();
                assertThat(cache.keys()).contains(OpenedCache.key(1099)).doesNotContain(OpenedCache.key(0));
                for (int i = 0; i < 100; i++) {
                    cache.index.remove(cache.index.peek(OpenedCache.key(1000 + i)).orElseThrow());
                }
            }
        }
        assertThat(Collections.frequency(old, OpenedCache.key(0))).isEqualTo(1);
    }
}
