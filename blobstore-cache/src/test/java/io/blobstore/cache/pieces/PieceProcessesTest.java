package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheInUseException;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.transfer.PatternStore;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several processes on one directory, and processes that are killed. */
@Tag("jdk")
class PieceProcessesTest extends PieceFixture {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};
    private static final int KILLS = CampaignScale.of(40);
    private static final long MAX = 6L * PIECE;

    /** Reads at random positions, so that pieces are fetched and evicted, until it is killed. */
    static final class EndlessReader {
        public static void main(String[] args) throws Exception {
            PieceCache cache = PieceCache.open(Path.of(args[0]), PIECE, MAX);
            PatternStore remote = new PatternStore(SIZE);
            BlobMetadata blob = remote.head(PatternStore.KEY);
            for (int i = 0; i < 2; i++) {
                SplittableRandom random = new SplittableRandom(Long.parseLong(args[1]) * 10 + i);
                Thread reader = new Thread(() -> {
                    ByteBuffer memory = ByteBuffer.allocateDirect(2 * PIECE);
                    for (int n = 0; ; n++) {
                        int length = random.nextInt(2 * PIECE);
                        long offset = random.nextLong(SIZE - length);
                        try {
                            cache.read(
                                    remote, blob, ByteRange.of(offset, length), BlobTarget.Window.of(memory.clear()));
                            PatternStore.assertContent(offset, memory.flip());
                        } catch (Exception | AssertionError e) {
                            System.out.println("failed: " + e);
                            return;
                        }
                        System.out.println("read " + n);
                    }
                });
                reader.start();
            }
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    @Test
    void afterAKillAtAnyMomentEachPieceIsAbsentOrWhole() throws Exception {
        Random random = new Random(2);
        for (int kill = 0; kill < KILLS; kill++) {
            String event = "read " + random.nextInt(50);
            try (ChildJvm.Running child = ChildJvm.of(EndlessReader.class, directory)
                    .with(QUICK)
                    .start(path().toString(), Integer.toString(kill))) {
                child.awaitLine(event::equals, PATIENCE);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(5_000_000));
                child.kill();
                assertThat(child.join(PATIENCE).output()).doesNotContain("failed");
            }
            for (Path file : files()) {
                String[] name = file.getFileName().toString().split("-");
                byte[] content = Files.readAllBytes(file);
                assertThat(content).hasSize(Integer.parseInt(name[2], 16));
                assertThat(Crc32c.of(ByteBuffer.wrap(content)).hex()).isEqualTo(name[3]);
            }
            cache(MAX);
            assertThat(temporaries()).isEmpty();
            assertThat(bytesOnDisk())
                    .isLessThanOrEqualTo(MAX)
                    .isEqualTo(cache().stats().bytes());
            assertThat(cache().stats().pieces()).isPositive();
            long present =
                    files().stream().mapToLong(file -> file.toFile().length()).sum();
            reopened(100L * PIECE); // nothing is evicted while the others are fetched
            remote.clearReads();
            read(0, (int) SIZE);
            assertThat(remote.bytes()).isEqualTo(SIZE - present);
            close();
        }
    }

    // ---- one at a time

    /** Holds the directory until it is killed. */
    static final class Holder {
        public static void main(String[] args) throws Exception {
            PieceCache cache = PieceCache.open(Path.of(args[0]), PIECE, MAX);
            System.out.println("open " + cache.pieceSize());
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    @Test
    void aDirectoryIsOpenInOneProcessOnlyAndFreeWhenThatIsKilled() throws Exception {
        try (ChildJvm.Running child =
                ChildJvm.of(Holder.class, directory).with(QUICK).start(path().toString())) {
            child.awaitLine(line -> line.startsWith("open"), PATIENCE);

            assertThatThrownBy(this::cache)
                    .isInstanceOf(CacheInUseException.class)
                    .hasMessageContaining("another process");

            child.kill();
            child.join(PATIENCE);
        }
        cache();
    }

    @Test
    void aSecondCacheOfTheSameProcessIsRefusedAndTheFirstKeepsItsLock() throws Exception {
        cache();

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> PieceCache.open(path(), PIECE, MAX)).isInstanceOf(CacheInUseException.class);
        }
        try (ChildJvm.Running child =
                ChildJvm.of(Holder.class, directory).with(QUICK).start(path().toString())) {
            assertThat(child.join(PATIENCE).output()).contains("CacheInUseException");
        }
        close();
        cache();
    }

    @Test
    void foreignFilesAreLeftAlone() throws Exception {
        read(0, (int) SIZE);
        close();
        Path blob = files().get(0).resolveSibling("");
        List<Path> foreign = List.of(
                Files.writeString(path().resolve("notes.txt"), "mine"),
                Files.writeString(path().resolve("tmp/notes.txt"), "mine"),
                Files.writeString(blob.resolve("notes.txt"), "mine"),
                Files.createDirectory(path().resolve("lost+found")),
                Files.writeString(
                        Files.createDirectory(path().resolve("0".repeat(63))).resolve("x"), "mine"));
        remote.clearReads();

        read(0, (int) SIZE);
        cache().remove(remote, PatternStore.KEY);
        close();

        assertThat(remote.reads()).isEmpty();
        assertThat(foreign).allSatisfy(file -> assertThat(file).exists());
    }

    @Test
    void aFileInsteadOfADirectoryIsAnError() throws Exception {
        Files.createFile(path());

        assertThatThrownBy(this::cache)
                .isInstanceOf(CacheDirectoryException.class)
                .hasMessageContaining("not a directory");
    }

    @Test
    void namesNeverLeaveTheDirectory() throws Exception {
        InMemoryBlobStore store = new InMemoryBlobStore();
        for (String name : List.of("../../../etc/passwd", "a/../../b", "x".repeat(1000), "\u00e9/\u4e2d", "-rf")) {
            BlobKey key = BlobKey.of(name);
            store.store(key, ByteBuffer.wrap(new byte[10]));
            cache().read(store, store.head(key), ByteRange.all(), BlobTarget.Window.of(ByteBuffer.allocate(10)));
        }
        store.close();

        assertThat(files())
                .isNotEmpty()
                .allSatisfy(file -> assertThat(path().relativize(file).toString())
                        .matches("[0-9a-f]{64}/[0-9a-f]{64}-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{8}-[0-9a-f]+"));
        try (Stream<Path> all = Files.list(directory)) {
            assertThat(all).containsExactly(path());
        }
    }
}
