package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests opening directories that bazel-remote, or anything else, has written. */
@ExtendWith(LeakCheck.class)
class LoaderTest {
    @TempDir
    Path parent;

    private Path directory;

    @BeforeEach
    void createDirectory() {
        directory = parent.resolve("cache");
    }

    @Test
    void theDirectoryOfBazelRemoteHasItsEntriesItsBytesAndItsOrder() throws IOException {
        List<String> names = PeerDirectories.copyCache(directory);
        try (OpenedCache cache = OpenedCache.open(directory)) {
            IndexTotals totals = cache.index.totals();
            assertThat(totals.entries()).isEqualTo(12);
            assertThat(totals.storedBytes()).isEqualTo(73_728);
            assertThat(cache.names()).isEqualTo(names);
        }
        try (OpenedCache again = OpenedCache.open(directory)) {
            assertThat(again.names()).as("from the journal").isEqualTo(names);
            assertThat(again.index.totals().storedBytes()).isEqualTo(73_728);
        }
    }

    @Test
    void usesChangeTheOrderAndTheTimesOfAccessThatBazelRemoteReads() throws IOException {
        List<String> names = new ArrayList<>(PeerDirectories.copyCache(directory));
        List<EntryKey> keys;
        try (OpenedCache cache = OpenedCache.open(directory)) {
            keys = cache.keys();
            for (int i : new int[] {3, 0, 7, 3}) {
                cache.use(keys.get(i));
            }
        }
        List<String> expected = new ArrayList<>(names);
        for (int i : new int[] {0, 7, 3}) {
            expected.remove(names.get(i));
            expected.add(names.get(i));
        }
        assertThat(namesByAccessTime()).isEqualTo(expected);
        try (OpenedCache again = OpenedCache.open(directory)) {
            assertThat(again.names()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v0", "v1"})
    void olderLayoutsAreMigratedAsBazelRemoteMigratesThem(String version) throws IOException {
        OpenedCache.copy(PeerDirectories.resource("legacy-" + version), directory);
        List<String> expected = new ArrayList<>();
        for (String[] row : PeerDirectories.table("legacy.tsv")) {
            if (row[0].equals(version)) {
                expected.add(row[7]);
            }
        }
        Collections.sort(expected);
        assertThat(expected).isNotEmpty();
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(OpenedCache.tree(directory)).isEqualTo(expected);
            assertThat(cache.names()).hasSameSizeAs(expected);
            assertThat(directory.toFile().list()).containsExactlyInAnyOrder("cas.v2", "ac.v2", "raw.v2");
        }
    }

    @Test
    void aMigrationMovesOnlyFilesOfTheLayoutAndDeletesNothing() throws IOException {
        OpenedCache.copy(PeerDirectories.resource("legacy-v1"), directory);
        OpenedCache.copy(PeerDirectories.resource("legacy-v0"), directory);
        Path shard = directory.resolve("cas/ee");
        List<Path> foreign = List.of(
                Files.writeString(shard.resolve("notes.txt"), "keep"),
                Files.writeString(directory.resolve("ac/README"), "keep"),
                Files.writeString(
                        Files.createDirectories(directory.resolve("raw/zz/deep"))
                                .resolve("x"),
                        "keep"),
                // of another shard than its name says
                Files.writeString(shard.resolve("ff" + "0".repeat(62)), "keep"));
        Path link = Files.createSymbolicLink(directory.resolve("raw").resolve("0".repeat(64)), foreign.get(0));
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.index.totals().entries()).isEqualTo(8);
        }
        assertThat(foreign).allSatisfy(path -> assertThat(path).hasContent("keep"));
        assertThat(link).isSymbolicLink();
        try (OpenedCache again = OpenedCache.open(directory)) {
            assertThat(again.index.totals().entries()).isEqualTo(8);
        }
    }

    @Test
    void aMigrationReplacesNoFileOfTheCurrentLayout() throws IOException {
        OpenedCache.copy(PeerDirectories.resource("legacy-v0"), directory);
        String[] row = PeerDirectories.table("legacy.tsv").get(0);
        Path target = directory.resolve(row[7]);
        Files.createDirectories(target.getParent());
        Files.writeString(target, "as new");
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(target).hasContent("as new");
            assertThat(directory.resolve(row[6])).exists();
            assertThat(cache.index.totals().entries()).isEqualTo(4);
        }
    }

    @Test
    void foreignFilesRemainAndTheRestIsLoaded() throws IOException {
        List<String> names = PeerDirectories.copyCache(directory);
        List<Path> foreign = new ArrayList<>();
        for (String name : new String[] {
            "README",
            "cas.v2/.tmp",
            "cas.v2/00/x.tmp",
            "cas.v2/48/" + names.get(0) + ".bak",
            "cas.v2/lost+found/x",
            "raw.v2/06/lost+found/x",
            ".DS_Store",
            "other/file",
            "ac.v2/14/" + "A".repeat(64) + "-1",
            // a good name in the wrong directory
            "cas.v2/49/" + names.get(0)
        }) {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            foreign.add(Files.writeString(file, "keep"));
        }
        Files.createDirectories(directory.resolve("cas.v2/48/" + "48" + "0".repeat(62) + "-1-1"));
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.names()).isEqualTo(names);
        }
        assertThat(foreign).allSatisfy(path -> assertThat(path).hasContent("keep"));
    }

    @Test
    void ofTwoCasblobsTheOneWithAValidHeaderRemains() throws IOException {
        PeerDirectories.copyCache(directory);
        Path good = pathOf("9b67c40f2851");
        // What bazel-remote leaves when it is killed: newer, with an empty table.
        byte[] bytes = Files.readAllBytes(good);
        for (int i = 37; i < 45; i++) {
            bytes[i] = 0;
        }
        Path leftover = good.resolveSibling(good.getFileName().toString().replace("227161040", "111111111"));
        Files.write(leftover, bytes);
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(good).exists();
            assertThat(leftover).doesNotExist();
            assertThat(cache.names()).hasSize(12).contains(good.getFileName().toString());
        }
    }

    @Test
    void ofTwoPlainFilesTheOneWithTheRightHashRemains() throws IOException {
        PeerDirectories.copyCache(directory);
        Path good = pathOf("6ed5fc87918b");
        for (int size : new int[] {0, 1, 4096, 4097, 5000}) {
            Path leftover = good.resolveSibling(good.getFileName().toString().replace("392280658", "00000" + size));
            byte[] bytes = Files.readAllBytes(good);
            Files.write(leftover, java.util.Arrays.copyOf(bytes, size));
            if (size == 4097) {
                bytes[4000] ^= 1;
                Files.write(leftover, bytes);
            }
            try (OpenedCache cache = OpenedCache.open(directory)) {
                assertThat(good).exists();
                assertThat(leftover).doesNotExist();
                assertThat(cache.names()).contains(good.getFileName().toString());
            }
        }
    }

    @Test
    void aDamagedFileNeverReplacesAGoodOneEvenIfTheJournalKnowsIt() throws IOException {
        PeerDirectories.copyCache(directory);
        Path known = pathOf("6ed5fc87918b");
        OpenedCache.open(directory).close();
        Path other = known.resolveSibling(known.getFileName().toString().replace("392280658", "1"));
        Files.copy(known, other);
        Files.writeString(known, "damaged");
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(known).doesNotExist();
            assertThat(other).exists();
            assertThat(cache.names()).contains(other.getFileName().toString());
        }
    }

    @Test
    void ofTwoRecordsTheOlderOneRemainsIfNothingElseIsKnown() throws IOException {
        PeerDirectories.copyCache(directory);
        Path older = pathOf("14318492efb1");
        Files.setLastModifiedTime(older, FileTime.fromMillis(1_700_000_000_000L));
        Path leftover = older.resolveSibling(older.getFileName().toString().replace("682949523", "000000009"));
        Files.write(leftover, new byte[] {32});
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(older).exists();
            assertThat(leftover).doesNotExist();
            assertThat(cache.index.totals().entries()).isEqualTo(12);
        }
    }

    @Test
    void whatIsNotInTheJournalIsNewerIfItWasAccessedLater() throws IOException {
        PeerDirectories.copyCache(directory);
        List<String> names;
        try (OpenedCache cache = OpenedCache.open(directory)) {
            names = new ArrayList<>(cache.names());
        }
        Path old = add(1, 1_600_000_000);
        Path young = add(2, System.currentTimeMillis() / 1000 + 100);
        names.add(0, old.getFileName().toString());
        names.add(young.getFileName().toString());
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.names()).isEqualTo(names);
        }
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.names()).as("from the journal").isEqualTo(names);
        }
    }

    @Test
    void filesThatAreMissingAreNotEntries() throws IOException {
        List<String> names = new ArrayList<>(PeerDirectories.copyCache(directory));
        OpenedCache.open(directory).close();
        Files.delete(pathOf("9b67c40f2851"));
        names.removeIf(name -> name.startsWith("9b67c40f2851"));
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.names()).isEqualTo(names);
            assertThat(cache.index.totals().storedBytes()).isEqualTo(73_728 - 4096);
        }
    }

    @Test
    void emptyFilesAndSizesOf63BitsAreLoaded() throws IOException {
        Path empty = add(1, 1_600_000_000);
        Files.write(empty, new byte[0]);
        EntryKey key = OpenedCache.key(5);
        EntryFile huge = new EntryFile(key, EntryFile.Format.CASBLOB, Long.MAX_VALUE, "abc");
        Path path = new Layout(directory).path(huge);
        Files.createDirectories(path.getParent());
        Files.write(path, new byte[100]);
        for (int i = 0; i < 2; i++) {
            try (OpenedCache cache = OpenedCache.open(directory)) {
                assertThat(cache.names())
                        .containsExactlyInAnyOrder(empty.getFileName().toString(), huge.name());
                assertThat(cache.index.totals().storedBytes()).isEqualTo(4096);
            }
        }
    }

    @Test
    void aReadOnlyCacheLoadsAllAndChangesNothing() throws IOException {
        List<String> names = PeerDirectories.copyCache(directory);
        OpenedCache.copy(PeerDirectories.resource("legacy-v0"), directory);
        Path good = pathOf("9b67c40f2851");
        Path leftover = good.resolveSibling(good.getFileName().toString().replace("227161040", "111111111"));
        Files.write(leftover, new byte[100]);
        List<String> before = OpenedCache.tree(parent);
        try (OpenedCache cache =
                OpenedCache.open(directory, AccessMode.READ_ONLY).awaitLoaded()) {
            assertThat(cache.names()).isEqualTo(names);
        }
        assertThat(OpenedCache.tree(parent)).isEqualTo(before);
        assertThat(directory.resolveSibling(".cache.blobstore-cas")).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource(AccessMode.class)
    void entriesAreFoundWhileTheDirectoryIsListed(AccessMode mode) throws IOException {
        PeerDirectories.copyCache(directory);
        try (OpenedCache cache = OpenedCache.open(directory, mode)) {
            for (String[] row : PeerDirectories.table("cachedir.tsv")) {
                Keyspace keyspace = Keyspace.valueOf(row[1].toUpperCase(java.util.Locale.ROOT));
                assertThat(cache.find(new EntryKey(keyspace, Sha256.parse(row[2]))))
                        .isTrue();
            }
            assertThat(cache.find(OpenedCache.key(1))).isFalse();
            cache.awaitLoaded();
            assertThat(cache.index.totals().entries()).isEqualTo(12);
        }
    }

    @Test
    void recordsThatAreReplacedWhileTheDirectoryIsListedAreThereOnce() throws IOException {
        for (int round = 0; round < 20; round++) {
            Path cacheDirectory = parent.resolve("cache" + round);
            PeerDirectories.copyCache(cacheDirectory);
            EntryKey key = new EntryKey(
                    Keyspace.AC, Sha256.parse("14318492efb16a79bf880c46bd5c5ef2ba0403ba3b26b9239203cdb4ad9c56a1"));
            EntryFile replacement;
            try (OpenedCache cache = OpenedCache.open(cacheDirectory, AccessMode.EXCLUSIVE)) {
                replacement = cache.put(key, 7).file();
                cache.awaitLoaded();
                assertThat(cache.index.peek(key).orElseThrow().file()).isEqualTo(replacement);
            }
            assertThat(OpenedCache.tree(cacheDirectory).stream()
                            .filter(name -> name.contains(key.hash().hex())))
                    .containsExactly("ac.v2/14/" + replacement.name());
        }
    }

    private Path add(int number, long accessed) throws IOException {
        byte[] content = ("content " + number).getBytes(StandardCharsets.UTF_8);
        EntryKey key = new EntryKey(Keyspace.CAS, Sha256.of(ByteBuffer.wrap(content)));
        Path path = new Layout(directory).path(new EntryFile(key, EntryFile.Format.PLAIN, -1, "12345678" + number));
        Files.createDirectories(path.getParent());
        Files.write(path, content);
        OpenedCache.setAccessTime(path, accessed);
        return path;
    }

    private Path pathOf(String hashPrefix) throws IOException {
        String found = OpenedCache.tree(directory).stream()
                .filter(name -> name.contains("/" + hashPrefix))
                .findFirst()
                .orElseThrow();
        return directory.resolve(found);
    }

    private List<String> namesByAccessTime() throws IOException {
        TreeMap<FileTime, String> sorted = new TreeMap<>();
        for (String name : OpenedCache.tree(directory)) {
            Path file = directory.resolve(name);
            FileTime time = (FileTime) Files.getAttribute(file, "lastAccessTime");
            assertThat(sorted.put(time, file.getFileName().toString())).isNull();
        }
        return new ArrayList<>(sorted.values());
    }
}
