package io.blobstore.memory;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.RetainedSource;
import io.blobstore.SourceChangedException;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.internal.memory.Mapper;
import io.blobstore.memory.MappedFile.Access;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests mapped files and their leases, with every mapper that this JVM supports. */
@Tag("jdk")
@ParameterizedClass(name = "mapper {0}")
@MethodSource("io.blobstore.internal.memory.Mappers#available")
class MappedFileTest {
    private static final long GIB = 1L << 30;
    /**
     * A time long ago, so that a change made now is visible in the time of modification, however coarse the file
     * system's clock is.
     */
    private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));

    @Parameter
    private Mapper mapper;

    @TempDir
    private Path directory;

    private long openLeasesBefore;
    private long leakedBefore;

    @BeforeEach
    void rememberLeases() {
        openLeasesBefore = LeaseTicket.openLeases().size();
        leakedBefore = LeaseTicket.leaked();
    }

    @AfterEach
    void nothingStaysOpen() {
        assertThat(LeaseTicket.openLeases()).hasSize((int) openLeasesBefore);
        assertThat(LeaseTicket.leaked()).isEqualTo(leakedBefore);
    }

    // ---- content

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 1_234_567})
    void showsTheContentOfAFileOfAnySize(int size) throws IOException {
        byte[] content = randomBytes(size);
        try (MappedFile file = open(write(content))) {
            assertThat(file.size()).isEqualTo(size);
            assertThat(file.region().size()).isEqualTo(size);
            assertThat(read(file.region())).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GIB, 2 * GIB - 1, 2 * GIB + 1, 4 * GIB + 4097})
    void mapsFilesBeyondTheLimitsOfABuffer(long size) throws IOException {
        Path path = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(size);
            for (long boundary = GIB; boundary + 4 <= size; boundary += GIB) {
                sparse.seek(boundary - 4);
                sparse.write(("at " + boundary / GIB + "GiB<").substring(0, 8).getBytes(US_ASCII));
            }
            sparse.seek(size - 1);
            sparse.write('!');
        }
        try (MappedFile file = open(path)) {
            assertThat(file.size()).isEqualTo(size);
            for (long boundary = GIB; boundary + 4 <= size; boundary += GIB) {
                String marker = ("at " + boundary / GIB + "GiB<").substring(0, 8);
                assertThat(new String(read(file.region(boundary - 4, 8)), US_ASCII))
                        .isEqualTo(marker);
                assertThat(new String(read(file.region(boundary - 4, 4)), US_ASCII))
                        .isEqualTo(marker.substring(0, 4));
                assertThat(new String(read(file.region(boundary, 4)), US_ASCII)).isEqualTo(marker.substring(4));
                try (Lease across = file.region(boundary - 4, 8).acquire();
                        Lease before = file.region(boundary - 4, 4).acquire();
                        Lease after = file.region(boundary, 4).acquire()) {
                    assertThat(across.buffers())
                            .extracting(ByteBuffer::remaining)
                            .containsExactly(4, 4);
                    assertThat(before.buffers()).hasSize(1);
                    assertThat(after.buffers()).hasSize(1);
                }
            }
            assertThat(new String(read(file.region(size - 1, 1)), US_ASCII)).isEqualTo("!");
            try (Lease whole = file.region().acquire()) {
                assertThat(whole.buffers().stream()
                                .mapToLong(ByteBuffer::remaining)
                                .sum())
                        .isEqualTo(size);
                assertThat(whole.buffers()).hasSize((int) ((size + GIB - 1) / GIB));
            }
        } finally {
            Files.delete(path);
        }
    }

    @Test
    void slicesOfSlicesShowTheRightBytes() throws IOException {
        byte[] content = randomBytes(1000);
        try (MappedFile file = open(write(content))) {
            MappedRegion region = file.region(100, 500).slice(50, 300).slice(7, 20);

            assertThat(region.offset()).isEqualTo(157);
            assertThat(region.file()).isSameAs(file);
            assertThat(read(region)).isEqualTo(Arrays.copyOfRange(content, 157, 177));
            assertThat(region).hasToString("MappedRegion[" + file.path() + ", 20 bytes at 157]");
        }
    }

    @Test
    void refusesRegionsOutsideTheFile() throws IOException {
        try (MappedFile file = open(write(randomBytes(100)))) {
            MappedRegion region = file.region(10, 50);

            for (long[] outside : new long[][] {{-1, 1}, {0, 101}, {100, 1}, {101, 0}, {0, -1}, {1, Long.MAX_VALUE}}) {
                assertThatExceptionOfType(IndexOutOfBoundsException.class)
                        .isThrownBy(() -> file.region(outside[0], outside[1]));
            }
            for (long[] outside : new long[][] {{-1, 1}, {0, 51}, {50, 1}, {51, 0}, {1, Long.MAX_VALUE}}) {
                assertThatExceptionOfType(IndexOutOfBoundsException.class)
                        .isThrownBy(() -> region.slice(outside[0], outside[1]));
            }
            assertThat(file.region(100, 0).size()).isZero();
            assertThat(region.slice(50, 0).size()).isZero();
        }
    }

    // ---- buffers

    @Test
    void aLeasesBuffersAreReadOnlyDirectAndItsOwn() throws IOException {
        byte[] content = randomBytes(64);
        try (MappedFile file = open(write(content));
                Lease lease = file.region(16, 32).acquire();
                Lease other = file.region(16, 32).acquire()) {
            ByteBuffer buffer = lease.buffers().get(0);

            assertThat(buffer.isReadOnly()).isTrue();
            assertThat(buffer.isDirect()).isTrue();
            assertThat(buffer.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
            assertThat(buffer.position()).isZero();
            assertThat(buffer.limit()).isEqualTo(32);
            assertThat(buffer.capacity()).isEqualTo(32);
            assertThat(lease.buffers()).isSameAs(lease.buffers());
            assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> buffer.put(0, (byte) 1));

            buffer.position(32);
            assertThat(other.buffers().get(0).position()).isZero();
        }
    }

    @Test
    void anEmptyFileHasLeasesWithoutBuffers() throws IOException {
        try (MappedFile file = open(write(new byte[0]));
                Lease lease = file.region().acquire()) {
            assertThat(lease.buffers()).isEmpty();
            assertThat(file.leases()).isEqualTo(1);
        }
    }

    @Test
    void whatIsWrittenThroughAWritableLeaseIsInTheFile() throws IOException {
        Path path = write(new byte[100]);
        try (MappedFile file = open(path, Access.READ_WRITE)) {
            try (Lease lease = file.region(10, 5).acquireWritable()) {
                lease.buffers().get(0).put("hello".getBytes(US_ASCII));
            }
            file.force();
            try (Lease lease = file.region(10, 5).acquire()) { // writes through the mapping are no change of the file
                assertThat(lease.buffers().get(0).isReadOnly()).isTrue();
            }
        }
        assertThat(new String(Files.readAllBytes(path), US_ASCII).substring(10, 15))
                .isEqualTo("hello");
    }

    @Test
    void aFileMappedReadOnlyGivesNoWritableLease() throws IOException {
        try (MappedFile file = open(write(new byte[10]))) {
            assertThat(file.access()).isEqualTo(Access.READ_ONLY);
            assertThatIllegalStateException()
                    .isThrownBy(() -> file.region().acquireWritable())
                    .withMessageContaining("READ_WRITE");
            file.force(); // nothing to write, and no error
        }
    }

    @Test
    void aFileThatContainsMoreThanItsSizeIsNotMapped() throws IOException {
        Path path = Path.of("/proc/version");
        assumeThat(path).as("only Linux has files of this kind").exists();
        assertThat(Files.size(path)).isZero();
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> open(path))
                .withMessageContaining("/proc/version: contains more than the 0 bytes of its size");
    }

    // ---- create

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 3_000_001})
    void createsAFileOfZerosForWriting(int size) throws IOException {
        Path path = directory.resolve("new");
        try (MappedFile file = MappedFile.create(path, size, mapper)) {
            assertThat(file.size()).isEqualTo(size);
            assertThat(file.access()).isEqualTo(Access.READ_WRITE);
            assertThat(read(file.region())).isEqualTo(new byte[size]);
            try (Lease lease = file.region().acquireWritable()) {
                lease.buffers().forEach(buffer -> buffer.put(buffer.limit() - 1, (byte) 7));
            }
        }
        byte[] expected = new byte[size];
        if (size > 0) {
            expected[size - 1] = 7;
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(expected);
    }

    @Test
    void createdFilesAreReallyAllocated() throws IOException {
        Path path = directory.resolve("new");
        try (MappedFile file = MappedFile.create(path, 1 << 20, mapper)) {
            // 512-byte blocks, as stat counts them. On a full disk, a hole would cause a fault, not an IOException.
            assertThat(file.size()).isEqualTo(1 << 20);
            assertThat(allocatedBytes(path)).isGreaterThanOrEqualTo(1 << 20);
        }
    }

    @Test
    void createLeavesAnExistingFileAlone() throws IOException {
        Path path = write("precious".getBytes(US_ASCII));

        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> MappedFile.create(path, 3, mapper))
                .withMessageContaining(path.toString());

        assertThat(path).hasContent("precious");
    }

    @Test
    void createRefusesANegativeSizeBeforeItMakesAFile() {
        Path path = directory.resolve("new");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> MappedFile.create(path, -1, mapper))
                .withMessageContaining("-1");

        assertThat(path).doesNotExist();
    }

    @Test
    void createLeavesNoFileBehindWhenItFails() {
        Path path = directory.resolve("new");
        Thread.currentThread().interrupt(); // makes the first write fail
        try {
            assertThatExceptionOfType(ClosedByInterruptException.class)
                    .isThrownBy(() -> MappedFile.create(path, 10, mapper));
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }

        assertThat(path).doesNotExist();
    }

    // ---- files that cannot be mapped

    @Test
    void refusesAnythingButARegularFile() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> open(directory.resolve("missing")))
                .withMessageContaining("missing");
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> open(directory))
                .withMessageContaining("is a directory, not a file");
        // Opening it would wait for a writer for ever.
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> open(pipe))
                .withMessageContaining(pipe + ": is not a regular file");
    }

    @Test
    void refusesAFileThatMayNotBeRead() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may read everything");
        Path path = write(randomBytes(10));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));

        assertThatExceptionOfType(AccessDeniedException.class)
                .isThrownBy(() -> open(path))
                .withMessageContaining(path.toString());
    }

    // ---- lifetime

    @Test
    void unmapsOnTheLastReleaseAndNotBefore() throws Exception {
        ProcessMaps.assumeReadable();
        byte[] content = randomBytes(100_000);
        Path path = write(content);
        MappedFile file = open(path);
        Lease first = file.region(0, 10).acquire();
        Lease second = file.region(50_000, 50_000).acquire();
        assertThat(file.leases()).isEqualTo(2);

        file.close();
        assertThat(file.isReleased()).isFalse();
        assertThat(file.awaitReleased(Duration.ZERO)).isFalse();
        assertThat(ProcessMaps.contains(path)).isTrue();

        first.close();
        first.close(); // must not release the second
        assertThat(file.leases()).isEqualTo(1);
        assertThat(file.isReleased()).isFalse();
        assertThat(ProcessMaps.contains(path)).isTrue();
        assertThat(Crc32c.of(second.buffers().get(0))).isEqualTo(Crc32c.of(ByteBuffer.wrap(content, 50_000, 50_000)));

        second.close();
        assertThat(file.isReleased()).isTrue();
        assertThat(file.awaitReleased(Duration.ZERO)).isTrue();
        assertUnmapped(path);
        assertThat(file.leases()).isZero();
    }

    @Test
    void unmapsOnCloseWhenNothingIsLeased() throws Exception {
        ProcessMaps.assumeReadable();
        Path path = write(randomBytes(100_000));
        MappedFile file = open(path);
        file.region().acquire().close();
        assertThat(ProcessMaps.contains(path)).isTrue();

        file.close();

        assertThat(file.isReleased()).isTrue();
        assertUnmapped(path);
    }

    @Test
    void unmapsOnceHoweverOftenItIsClosed() throws Exception {
        MappedFile file = open(write(randomBytes(10)));
        Lease lease = file.region().acquire();

        file.close();
        file.close();
        assertThat(file.isReleased()).isFalse();
        lease.close();
        lease.close();
        file.close();

        assertThat(file.isReleased()).isTrue();
    }

    @Test
    void refusesLeasesOnceClosedEvenWhileOthersAreOpen() throws IOException {
        MappedFile file = open(write(randomBytes(10)), Access.READ_WRITE);
        MappedRegion region = file.region();
        Lease open = region.acquire();

        file.close();

        assertThatIllegalStateException()
                .isThrownBy(region::acquire)
                .withMessageContaining(file.path() + " is no longer");
        assertThatIllegalStateException().isThrownBy(region::acquireWritable);
        assertThatIllegalStateException().isThrownBy(region::retain);
        assertThatIllegalStateException().isThrownBy(file::force);
        assertThat(file.leases()).isEqualTo(1);
        assertThat(file).hasToString("MappedFile[" + file.path() + ", 10 bytes, 1 leases, closed]");
        open.close();
        assertThatIllegalStateException().isThrownBy(region::acquire);
    }

    @Test
    void aClosedLeaseShowsNoBuffers() throws IOException {
        try (MappedFile file = open(write(randomBytes(10)))) {
            Lease lease = file.region().acquire();
            lease.close();

            assertThatIllegalStateException().isThrownBy(lease::buffers).withMessageContaining("is closed");
        }
    }

    @Test
    void awaitReleasedWaitsForTheLastLease() throws Exception {
        MappedFile file = open(write(randomBytes(10)));
        Lease lease = file.region().acquire();
        file.close();
        Thread closer = new Thread(lease::close);
        closer.start();

        // Longer than a long can count in nanoseconds.
        assertThat(file.awaitReleased(ChronoUnit.FOREVER.getDuration())).isTrue();

        closer.join();
    }

    // ---- retained sources

    @Test
    void aRetainedSourceCanBeLeasedAfterTheFileWasClosed() throws Exception {
        ProcessMaps.assumeReadable();
        byte[] content = randomBytes(100);
        Path path = write(content);
        MappedFile file = open(path);
        MappedRegion region = file.region(10, 80);
        RetainedSource retained = region.retain();

        file.close();

        assertThat(read(retained.slice(5, 20))).isEqualTo(Arrays.copyOfRange(content, 15, 35));
        assertThat(retained.size()).isEqualTo(80);
        // The original region cannot be leased any more.
        assertThatIllegalStateException().isThrownBy(region::acquire);
        try (RetainedSource again = retained.retain()) {
            assertThat(file.leases()).isEqualTo(2);
            assertThat(read(again)).hasSize(80);
        }
        assertThat(ProcessMaps.contains(path)).isTrue();
        retained.close();
        retained.close();
        assertThat(file.isReleased()).isTrue();
        assertUnmapped(path);
        assertThatIllegalStateException().isThrownBy(() -> read(retained));
    }

    @Test
    void aLeaseTakenFromARetainedSourceOutlivesIt() throws Exception {
        MappedFile file = open(write("abc".getBytes(US_ASCII)));
        RetainedSource retained = file.region().retain();
        file.close();
        Lease lease = ((MappedRegion) retained.slice(0, 3)).acquire();
        retained.close();

        // Another lease keeps the memory mapped, but this source was closed.
        assertThatIllegalStateException().isThrownBy(() -> read(retained));
        assertThat(file.isReleased()).isFalse();
        assertThat(lease.buffers().get(0).get(2)).isEqualTo((byte) 'c');
        lease.close();
        assertThat(file.isReleased()).isTrue();
    }

    @Test
    void aRetainedSourceOfAnOpenFileOutlivesItsHold() throws Exception {
        try (MappedFile file = open(write(randomBytes(10)))) {
            RetainedSource retained = file.region().retain();
            retained.close();

            assertThat(read(retained)).hasSize(10);
        }
    }

    @Test
    void severalFilesAreRetainedAsOneSource() throws Exception {
        MappedFile a = open(write("ab".getBytes(US_ASCII)));
        MappedFile b = open(Files.write(directory.resolve("b"), "cd".getBytes(US_ASCII)));
        RetainedSource retained =
                BlobSource.concat(List.of(a.region(), b.region())).retain();
        a.close();
        b.close();

        assertThat(new String(read(retained.slice(1, 2)), US_ASCII)).isEqualTo("bc");
        assertThat(a.isReleased()).isFalse();
        retained.close();
        assertThat(a.isReleased()).isTrue();
        assertThat(b.isReleased()).isTrue();
    }

    @Test
    void aFailedRetainOfSeveralFilesHoldsNone() throws Exception {
        MappedFile a = open(write("ab".getBytes(US_ASCII)));
        MappedFile b = open(Files.write(directory.resolve("b"), "cd".getBytes(US_ASCII)));
        BlobSource both = BlobSource.concat(List.of(a.region(), b.region()));
        b.close();

        assertThatIllegalStateException().isThrownBy(both::retain);
        assertThatIllegalStateException().isThrownBy(() -> read(both));

        assertThat(a.leases()).isZero();
        a.close();
        assertThat(a.isReleased()).isTrue();
    }

    // ---- changed files

    private interface Change {
        void make(Path path) throws IOException;
    }

    private void assertNoticed(Access access, String inWords, Change change) throws Exception {
        Path path = write(randomBytes(10_000));
        try (MappedFile file = open(path, access)) {
            change.make(path);

            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> file.region(0, 10).acquire())
                    .withMessageContaining(path.toString())
                    .withMessageContaining(inWords)
                    .matches(problem -> !problem.isRetryable());
            assertThat(file.leases()).isZero();
        }
        assertThat(ProcessMaps.collectUntil(() -> !ProcessMaps.contains(path))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"READ_ONLY", "READ_WRITE"})
    void noticesAFileThatShrank(Access access) throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(access, "it shrank from 10000 to 9999 bytes", path -> {
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(9_999);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"READ_ONLY", "READ_WRITE"})
    void noticesAFileThatWasReplaced(Access access) throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(access, "it was replaced by another file", path -> {
            Path other = Files.write(directory.resolve("other"), randomBytes(10_000));
            Files.setLastModifiedTime(other, LONG_AGO);
            Files.move(other, path, StandardCopyOption.ATOMIC_MOVE);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"READ_ONLY", "READ_WRITE"})
    void noticesAFileThatWasDeleted(Access access) throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(access, "it was deleted or renamed", Files::delete);
    }

    @ParameterizedTest
    @ValueSource(strings = {"READ_ONLY", "READ_WRITE"})
    void noticesAFileThatBecameADirectory(Access access) throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(access, "its attributes can no longer be read", path -> {
            Files.delete(path);
            Files.createDirectory(path);
        });
    }

    @Test
    void noticesAFileThatGrew() throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(
                Access.READ_ONLY,
                "it grew from 10000 to 10001 bytes",
                path -> Files.write(path, new byte[1], StandardOpenOption.APPEND));
    }

    @Test
    void noticesAFileThatWasRewritten() throws Exception {
        ProcessMaps.assumeReadable();
        assertNoticed(
                Access.READ_ONLY,
                "it was written to at",
                path -> Files.write(path, new byte[1], StandardOpenOption.WRITE));
    }

    @Test
    void aFileMappedForWritingMayBeWrittenToAndGrow() throws Exception {
        Path path = write(randomBytes(100));
        try (MappedFile file = open(path, Access.READ_WRITE)) {
            Files.write(path, new byte[50], StandardOpenOption.APPEND);
            Files.write(path, "new".getBytes(US_ASCII), StandardOpenOption.WRITE);

            assertThat(new String(read(file.region(0, 3)), US_ASCII)).isEqualTo("new");
            assertThat(file.size()).isEqualTo(100);
        }
    }

    @Test
    void aFileChangedWhileItIsWalkedIsNoticedAtTheEnd() throws Exception {
        Path path = write(randomBytes(100));
        try (MappedFile file = open(path)) {
            assertThatThrownBy(() -> file.region()
                            .forEachBuffer(
                                    1 << 20,
                                    buffer -> Files.setLastModifiedTime(
                                            path, FileTime.from(Instant.parse("2002-03-04T05:06:07Z")))))
                    .isInstanceOf(SourceChangedException.class);
        }
    }

    // ---- helpers

    private MappedFile open(Path path) throws IOException {
        return open(path, Access.READ_ONLY);
    }

    private MappedFile open(Path path, Access access) throws IOException {
        return MappedFile.open(path, access, mapper);
    }

    private Path write(byte[] content) throws IOException {
        Path path = Files.write(directory.resolve("file"), content);
        Files.setLastModifiedTime(path, LONG_AGO);
        return path;
    }

    private void assertUnmapped(Path path) throws InterruptedException {
        if (mapper.name().equals("gc")) {
            assertThat(ProcessMaps.collectUntil(() -> !ProcessMaps.contains(path)))
                    .isTrue();
        } else {
            assertThat(ProcessMaps.contains(path)).isFalse();
        }
    }

    private static byte[] read(BlobSource source) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        source.forEachBuffer(Integer.MAX_VALUE, buffer -> {
            byte[] some = new byte[buffer.remaining()];
            buffer.get(some);
            bytes.write(some);
        });
        return bytes.toByteArray();
    }

    private static byte[] randomBytes(int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(size).nextBytes(bytes);
        return bytes;
    }

    private static long allocatedBytes(Path path) throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes(), US_ASCII).strip()) * 512;
    }
}
