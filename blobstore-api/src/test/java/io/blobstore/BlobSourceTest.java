package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
class BlobSourceTest {
    private static final int WINDOW = 1 << 20;

    @TempDir
    Path temporary;

    // ---- all kinds

    @Test
    void everyPartOfEverySourceIsThatPartOfItsContent() throws IOException {
        byte[] content = bytes(700_000, 1);
        Path path = file(content);
        try (MappedFile mapped = MappedFile.open(path)) {
            List<BlobSource> sources = new ArrayList<>(List.of(
                    BlobSource.of(ByteBuffer.wrap(content)),
                    BlobSource.of(direct(content)),
                    BlobSource.of(buffers(content, new Random(2))),
                    BlobSource.ofPath(path),
                    mapped.region()));
            for (int seed = 0; seed < 10; seed++) {
                sources.add(pieces(sources.subList(0, 5), new Random(seed), content.length));
            }
            Random random = new Random(3);
            for (BlobSource source : sources) {
                assertThat(source.size()).isEqualTo(content.length);
                assertContent(source, content, WINDOW);
                for (int i = 0; i < 40; i++) {
                    int from = random.nextInt(content.length + 1);
                    int to = from + random.nextInt(Math.min(300_000, content.length - from) + 1);
                    int innerFrom = random.nextInt(to - from + 1);
                    int innerTo = innerFrom + random.nextInt(to - from - innerFrom + 1);
                    BlobSource slice = source.slice(from, to - from);

                    assertContent(slice, Arrays.copyOfRange(content, from, to), 1 + random.nextInt(100_000));
                    assertContent(
                            slice.slice(innerFrom, innerTo - innerFrom),
                            Arrays.copyOfRange(content, from + innerFrom, from + innerTo),
                            1 + random.nextInt(100_000));
                }
            }
        }
    }

    /** Returns the same content, concatenated from random slices of several sources that all have it. */
    private static BlobSource pieces(List<BlobSource> sources, Random random, int size) {
        List<BlobSource> pieces = new ArrayList<>();
        for (int at = 0; at < size; ) {
            int length = Math.min(size - at, random.nextInt(200_000));
            pieces.add(sources.get(random.nextInt(sources.size())).slice(at, length));
            at += length;
        }
        return BlobSource.concat(pieces);
    }

    private static ByteBuffer[] buffers(byte[] content, Random random) {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int at = 0; at < content.length; ) {
            int length = Math.min(content.length - at, random.nextInt(100_000));
            buffers.add(ByteBuffer.wrap(content).position(at).limit(at + length));
            at += length;
        }
        return buffers.toArray(ByteBuffer[]::new);
    }

    private static void assertContent(BlobSource source, byte[] expected, int window) throws IOException {
        assertThat(source.size()).isEqualTo(expected.length);
        ByteBuffer seen = ByteBuffer.allocate(expected.length);
        source.forEachBuffer(window, buffer -> {
            assertThat(buffer.remaining()).as("bytes at once").isBetween(1, window);
            assertThat(buffer.isReadOnly()).isTrue();
            seen.put(buffer);
        });
        assertThat(Arrays.mismatch(seen.array(), expected))
                .as("first difference of %s, window %d", source, window)
                .isEqualTo(-1);
        ByteBuffer atOnce = ByteBuffer.allocate(expected.length);
        source.forEachBuffer(Integer.MAX_VALUE, buffer -> {
            assertThat(buffer.position()).isZero();
            assertThat(buffer.isReadOnly()).isTrue();
            atOnce.put(buffer);
        });
        assertThat(Arrays.mismatch(atOnce.array(), expected))
                .as("first difference of %s", source)
                .isEqualTo(-1);
        source.checkUnchanged();
    }

    @Test
    void aSourceIsReadAnyNumberOfTimes() throws IOException {
        byte[] content = bytes(1000, 4);
        Path path = file(content);
        for (BlobSource source : List.of(BlobSource.of(ByteBuffer.wrap(content)), BlobSource.ofPath(path))) {
            source.forEachBuffer(1000, first -> {
                first.position(500); // affects this visit's buffer only
                source.forEachBuffer(1000, second -> assertThat(second).isEqualTo(ByteBuffer.wrap(content)));
                assertThat(first.position()).isEqualTo(500);
            });
            assertContent(source, content, 100);
        }
    }

    @Test
    void aPartOutsideTheSourceIsRefused() throws IOException {
        Path path = file(new byte[100]);
        try (MappedFile mapped = MappedFile.open(path)) {
            BlobSource buffer = BlobSource.of(ByteBuffer.allocate(100));
            for (BlobSource source : List.of(
                    buffer,
                    BlobSource.ofPath(path),
                    mapped.region(),
                    BlobSource.concat(List.of(buffer.slice(0, 40), buffer.slice(0, 60))),
                    BlobSource.concat(List.of(buffer, buffer, buffer)).slice(70, 100))) {
                for (long[] part : new long[][] {
                    {-1, 1}, {0, 101}, {101, 0}, {100, 1}, {50, -1}, {1, Long.MAX_VALUE}, {Long.MAX_VALUE, 1}
                }) {
                    assertThatExceptionOfType(IndexOutOfBoundsException.class)
                            .as("%s: %s", source, Arrays.toString(part))
                            .isThrownBy(() -> source.slice(part[0], part[1]));
                }
                assertThat(source.slice(100, 0).size()).isZero();
                assertThat(source.slice(0, 100).size()).isEqualTo(100);
            }
        }
    }

    @Test
    void anEmptySourceShowsNoBuffers() throws IOException {
        Path path = file(new byte[0]);
        try (MappedFile mapped = MappedFile.open(path)) {
            for (BlobSource source : List.of(
                    BlobSource.of(),
                    BlobSource.of(ByteBuffer.allocate(0)),
                    BlobSource.concat(List.of()),
                    BlobSource.of(ByteBuffer.allocate(10)).slice(5, 0),
                    BlobSource.ofPath(path),
                    mapped.region())) {
                assertThat(source.size()).isZero();
                source.forEachBuffer(10, buffer -> {
                    throw new AssertionError("expected no buffer of " + source);
                });
            }
        }
    }

    @Test
    void aWindowMustHoldSomething() {
        BlobSource source = BlobSource.of(ByteBuffer.allocate(1));

        assertThatIllegalArgumentException().isThrownBy(() -> source.forEachBuffer(0, buffer -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> source.forEachBuffer(-1, buffer -> {}));
    }

    @Test
    void whatTheVisitorThrowsComesThroughAndTheMemoryIsReleased() throws IOException {
        try (MappedFile mapped = MappedFile.open(file(new byte[100]))) {
            IOException problem = new IOException("enough");

            assertThatIOException()
                    .isThrownBy(() -> mapped.region().forEachBuffer(10, buffer -> {
                        throw problem;
                    }))
                    .isSameAs(problem);
            assertThat(mapped.leases()).isZero();
        }
    }

    @Test
    void aRetainedSourceIsKeptAlive() throws IOException {
        try (MappedFile mapped = MappedFile.open(file(new byte[100]))) {
            BlobSource source = BlobSource.concat(List.of(mapped.region(), BlobSource.of(ByteBuffer.allocate(3))));
            try (RetainedSource retained = source.retain()) {
                assertThat(mapped.leases()).isEqualTo(1);
                mapped.close();
                assertThat(mapped.isReleased()).isFalse();
                assertThatIllegalStateException().isThrownBy(() -> source.forEachBuffer(10, buffer -> {}));
                assertContent(retained, new byte[103], 100);
                assertContent(retained.slice(50, 52), new byte[52], 100);
            }
            assertThat(mapped.isReleased()).isTrue();
            assertThatIllegalStateException().isThrownBy(source::retain);
        }
    }

    @Test
    void aConcatenationThatCannotBeRetainedAsAWholeIsNotRetainedAtAll() throws IOException {
        MappedFile open = MappedFile.open(file(new byte[100]));
        MappedFile closed = MappedFile.open(file(new byte[100]));
        closed.close();
        try (open) {
            BlobSource source = BlobSource.concat(List.of(open.region(), closed.region()));

            assertThatIllegalStateException().isThrownBy(() -> source.forEachBuffer(100, buffer -> {}));
            assertThatIllegalStateException().isThrownBy(source::checkUnchanged);
            assertThatIllegalStateException().isThrownBy(source::retain);
            assertThat(open.leases()).isZero();
        }
    }

    // ---- buffers

    @Test
    void aBufferIsTakenAsItIsNow() throws IOException {
        byte[] content = bytes(100, 5);
        ByteBuffer buffer = ByteBuffer.wrap(content).position(10).limit(90);
        BlobSource source = BlobSource.of(buffer);

        buffer.clear().position(50);

        assertContent(source, Arrays.copyOfRange(content, 10, 90), 7);
        assertThat(buffer.position()).isEqualTo(50);
        assertThat(buffer.limit()).isEqualTo(100);
    }

    @Test
    void aDirectBufferIsShownAndNotCopied() throws IOException {
        ByteBuffer buffer = direct(bytes(100, 6));
        BlobSource.of(buffer).slice(10, 50).forEachBuffer(50, shown -> {
            assertThat(shown.isDirect()).isTrue();

            buffer.put(10, (byte) 99);

            assertThat(shown.get(0)).isEqualTo((byte) 99);
        });
    }

    @Test
    void aRetainedSourceReleasesOnce() {
        AtomicInteger released = new AtomicInteger();
        RetainedSource retained = RetainedSource.of(BlobSource.of(), released::incrementAndGet);

        retained.close();
        retained.close();

        assertThat(released).hasValue(1);
    }

    // ---- files

    @Test
    void moreOfAFileThanOneWindowIsVisitedInSeveralBuffers() throws IOException {
        byte[] content = bytes(WINDOW + 1, 7);
        BlobSource file = BlobSource.ofPath(file(content));
        List<Integer> sizes = new ArrayList<>();

        file.forEachBuffer(Integer.MAX_VALUE, buffer -> sizes.add(buffer.remaining()));

        assertThat(sizes).containsExactly(WINDOW, 1);
        assertContent(file, content, WINDOW);
        assertContent(file.slice(1, WINDOW), Arrays.copyOfRange(content, 1, WINDOW + 1), WINDOW);
    }

    @Test
    void aVisitWithinAVisitOfAFileSeesItsOwnContent() throws IOException {
        byte[] content = bytes(2 * WINDOW, 8);
        BlobSource file = BlobSource.ofPath(file(content));

        file.slice(0, WINDOW).forEachBuffer(WINDOW, first -> {
            assertContent(file.slice(WINDOW, WINDOW), Arrays.copyOfRange(content, WINDOW, 2 * WINDOW), WINDOW);
            assertThat(first.mismatch(ByteBuffer.wrap(content, 0, WINDOW))).isEqualTo(-1);
        });
    }

    @Test
    void onlyARegularFileIsASource() {
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> BlobSource.ofPath(temporary.resolve("missing")));
        assertThatIOException().isThrownBy(() -> BlobSource.ofPath(temporary)).withMessageContaining("directory");
    }

    @Test
    void aFileThatContainsMoreThanItsSizeIsNoSource() throws IOException {
        Path file = Path.of("/proc/version");
        assumeThat(file).as("only Linux has files of this kind").exists();
        assertThat(Files.size(file)).isZero();
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> BlobSource.ofPath(file))
                .withMessageContaining("/proc/version: contains more than the 0 bytes of its size");
    }

    @Test
    void aFileThatContainsLessThanItsSizeIsNotRead() throws IOException {
        Path file = Path.of("/sys/class/net/lo/mtu");
        assumeThat(file).as("only Linux has files of this kind").isReadable();
        assertThat(Files.size(file)).isGreaterThan(Files.readAllBytes(file).length);
        BlobSource source = BlobSource.ofPath(file);
        for (BlobSource part : List.of(source, source.slice(0, source.size() - 1))) {
            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> part.forEachBuffer(1000, buffer -> {
                        throw new AssertionError("visited");
                    }))
                    .withMessageContaining("it ends after " + Files.readAllBytes(file).length + " bytes");
        }
    }

    @Test
    void aFileThatGrewIsOpenedAnew() throws IOException {
        Path file = file(new byte[10]);
        BlobSource source = BlobSource.ofPath(file);
        Files.write(file, new byte[1], StandardOpenOption.APPEND);
        assertThat(BlobSource.ofPath(file).size()).isEqualTo(11);
        assertThatExceptionOfType(SourceChangedException.class).isThrownBy(source::checkUnchanged);
    }

    enum Change {
        SHRUNK {
            @Override
            void apply(Path path) throws IOException {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.truncate(100);
                }
            }
        },
        GROWN {
            @Override
            void apply(Path path) throws IOException {
                Files.write(path, new byte[1], StandardOpenOption.APPEND);
            }
        },
        REWRITTEN {
            @Override
            void apply(Path path) throws IOException {
                FileTime before = Files.getLastModifiedTime(path);
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.allocate(10), 50);
                }
                // Sets the time explicitly, as a file system's clock may be too coarse to distinguish the two moments.
                Files.setLastModifiedTime(path, FileTime.from(before.toInstant().plusSeconds(2)));
            }
        },
        REPLACED {
            @Override
            void apply(Path path) throws IOException {
                Path other = Files.write(path.resolveSibling("other"), Files.readAllBytes(path));
                Files.setLastModifiedTime(other, Files.getLastModifiedTime(path));
                Files.move(other, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        },
        DELETED {
            @Override
            void apply(Path path) throws IOException {
                Files.delete(path);
            }
        },
        A_DIRECTORY_NOW {
            @Override
            void apply(Path path) throws IOException {
                Files.delete(path);
                Files.createDirectory(path);
            }
        };

        abstract void apply(Path path) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatChangedIsNotRead(Change change) throws IOException {
        Path path = file(bytes(WINDOW, 9));
        BlobSource source = BlobSource.ofPath(path);
        BlobSource unchanged = source.slice(0, 10);
        BlobSource empty = source.slice(5, 0);
        source.checkUnchanged();
        change.apply(path);

        for (BlobSource stale : List.of(source, unchanged, empty)) {
            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(stale::checkUnchanged)
                    .withMessageContaining(path.toString())
                    .satisfies(e -> assertThat(e.isRetryable()).isFalse());
            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> stale.forEachBuffer(10, buffer -> {}));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatChangesWhileItIsVisitedIsFound(Change change) throws IOException {
        Path path = temporary.resolve("source");
        for (int changedAfter = 1; changedAfter <= 3; changedAfter++) {
            Files.deleteIfExists(path);
            Files.write(path, bytes(WINDOW * 3, 10));
            BlobSource fresh = BlobSource.ofPath(path);
            AtomicInteger visited = new AtomicInteger();
            int last = changedAfter;

            assertThatExceptionOfType(SourceChangedException.class)
                    .as("changed after window %d", changedAfter)
                    .isThrownBy(() -> fresh.forEachBuffer(WINDOW, buffer -> {
                        if (visited.incrementAndGet() == last) {
                            change.apply(path);
                        }
                    }));
            assertThat(visited).hasValue(changedAfter);
        }
    }

    @Test
    void aFileThatIsOnlyReadOrRenamedBackIsUnchanged() throws IOException {
        byte[] content = bytes(1000, 11);
        Path path = file(content);
        Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
        BlobSource source = BlobSource.ofPath(path);

        Files.readAllBytes(path);
        Path elsewhere = path.resolveSibling("elsewhere");
        Files.move(path, elsewhere);
        Files.move(elsewhere, path);

        assertThatNoException().isThrownBy(() -> assertContent(source, content, 100));
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(temporary, "source", ".bin"), bytes);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
