package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.SmallDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests reads into files: the content of the path before, during and after a read. */
@Timeout(120)
class PathTargetTest {
    private static final byte[] OLD = {1, 2, 3};
    private static final int BUFFER = 256 << 10;
    private static final byte[] CONTENT = ReadPlanTest.content(1_000_003);

    @TempDir
    private Path directory;

    private static DownloadOptions parts(int concurrency) {
        return DownloadOptions.builder()
                .partSize(100_000)
                .concurrency(concurrency)
                .build();
    }

    private static ReadResult read(ScriptedReads store, Path path) throws Exception {
        return read(store, path, parts(3));
    }

    private static ReadResult read(ScriptedReads store, Path path, DownloadOptions options) throws Exception {
        try (TransferManager reader = TransferManager.create()) {
            return reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path), options)
                    .join();
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /** Returns the only temporary file. */
    private Path temporary() throws IOException {
        List<Path> parts = files().stream()
                .filter(file -> file.getFileName().toString().matches("\\.blobstore-.*\\.part"))
                .toList();
        assertThat(parts).hasSize(1);
        return parts.get(0);
    }

    // ---- one step

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void untilTheEndThePathIsWhatItWas(boolean replaced) throws Exception {
        Path path = directory.resolve("file");
        if (replaced) {
            Files.write(path, OLD);
        }
        AtomicReference<Path> meanwhile = new AtomicReference<>();
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == 1_000_000) {
                meanwhile.set(temporary());
                if (replaced) {
                    assertThat(path).hasBinaryContent(OLD);
                }
            }
        });

        read(store, path);

        assertThat(path).hasBinaryContent(CONTENT);
        assertThat(files()).containsExactly(path);
        assertThat(meanwhile.get()).doesNotExist();
    }

    @Test
    void anEmptyBlobIsAnEmptyFile() throws Exception {
        Path path = Files.write(directory.resolve("file"), OLD);

        read(ScriptedReads.of(new byte[0]), path);

        assertThat(path).isEmptyFile();
        assertThat(files()).containsExactly(path);
    }

    @Test
    void ofTwoReadsToOnePathOneLeavesItsWholeContent() throws Exception {
        Path path = directory.resolve("file");
        byte[] other = ReadPlanTest.content(900_001);
        for (int i = 0; i < 20; i++) {
            try (TransferManager reader = TransferManager.create()) {
                Transfer<ReadResult> one = reader.download(
                        ScriptedReads.of(CONTENT), KEY, ByteRange.all(), BlobTarget.ofPath(path), parts(3));
                Transfer<ReadResult> two = reader.download(
                        ScriptedReads.of(other), KEY, ByteRange.all(), BlobTarget.ofPath(path), parts(3));
                one.join();
                two.join();
            }
            assertThat(ByteBuffer.wrap(Files.readAllBytes(path)))
                    .isIn(ByteBuffer.wrap(CONTENT), ByteBuffer.wrap(other));
            assertThat(files()).containsExactly(path);
        }
    }

    @Test
    void buffersAreReusedAndNeverGrowBeyondABound() throws Exception {
        try (BlobTarget.Writer writer =
                BlobTarget.ofPath(directory.resolve("file")).open()) {
            BlobTarget.Window first = writer.window(0, Long.MAX_VALUE);
            ByteBuffer memory = first.buffer();
            assertThat(memory.remaining()).isEqualTo(BUFFER);
            assertThat(first.remaining()).isEqualTo(Long.MAX_VALUE);
            first.close();
            first.close();
            BlobTarget.Window second = writer.window(BUFFER, 10);
            BlobTarget.Window beside = writer.window(BUFFER + 10, 10);

            assertThat(second.buffer().remaining()).isEqualTo(10);
            second.buffer().putInt(0, 42);
            beside.buffer().putInt(0, 43);
            assertThat(memory.getInt(0)).isEqualTo(42); // the same memory
            assertThat(second.buffer().getInt(0)).isEqualTo(42); // its own: closing twice returns it once
            assertThatIllegalStateException().isThrownBy(first::buffer); // another window uses it
            assertThatIllegalStateException().isThrownBy(first::flush);
            second.close();
            beside.close();
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void whatFillsTheBufferIsWrittenAndTheRestWhenItIsFlushed() throws Exception {
        byte[] content = ReadPlanTest.content(2 * BUFFER + 100);
        try (BlobTarget.Writer writer =
                        BlobTarget.ofPath(directory.resolve("file")).open();
                BlobTarget.Window window = writer.window(7, content.length)) {
            Path hidden = temporary();

            window.put(ByteBuffer.wrap(content, 0, BUFFER + 50));
            assertThat(Files.size(hidden)).isEqualTo(7 + BUFFER);
            assertThat(window.remaining()).isEqualTo(BUFFER + 50);
            window.flush();
            assertThat(Files.size(hidden)).isEqualTo(7 + BUFFER + 50);
            assertThat(window.buffer().remaining()).isEqualTo(BUFFER);
            window.put(ByteBuffer.wrap(content, BUFFER + 50, BUFFER + 50));
            assertThat(window.remaining()).isZero();
            window.flush();
            window.flush();

            byte[] expected = new byte[7 + content.length];
            System.arraycopy(content, 0, expected, 7, content.length);
            assertThat(Arrays.mismatch(Files.readAllBytes(hidden), expected)).isEqualTo(-1);
        }
    }

    @Test
    void aWriteThatIsInterruptedIsNotAnothersFailure() throws Exception {
        try (BlobTarget.Writer writer =
                        BlobTarget.ofPath(directory.resolve("file")).open();
                BlobTarget.Window one = writer.window(0, 10);
                BlobTarget.Window two = writer.window(10, 10)) {
            two.put(ByteBuffer.allocate(3));
            two.flush(); // opens its channel
            one.put(ByteBuffer.allocate(3));
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(TargetException.class)
                    .isThrownBy(one::flush)
                    .withCauseInstanceOf(ClosedByInterruptException.class);
            assertThat(Thread.interrupted()).isTrue();

            two.put(ByteBuffer.allocate(3));
            two.flush();
            assertThat(two.remaining()).isEqualTo(4);
        }
    }

    // ---- invalid paths

    @Test
    void aPlaceThatCannotBeReplacedIsRefusedBeforeAnyRequest() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        Path file = Files.write(directory.resolve("file"), OLD);
        Path inTheWay = Files.createDirectory(directory.resolve("directory"));
        Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("nothing"));
        Path circle = Files.createSymbolicLink(directory.resolve("circle"), directory.resolve("circle"));

        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> read(store, directory.resolve("missing/file")))
                .withMessageContaining("missing");
        assertThatExceptionOfType(NotDirectoryException.class).isThrownBy(() -> read(store, file.resolve("below")));
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> read(store, inTheWay))
                .withMessageContaining("is a directory");
        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> read(store, Path.of("/dev/null")))
                .withMessageContaining("not a regular file");
        for (Path link : List.of(dangling, circle)) {
            assertThatExceptionOfType(FileSystemException.class)
                    .isThrownBy(() -> read(store, link))
                    .withMessageContaining("dangling symbolic link");
            assertThat(link).isSymbolicLink();
        }
        assertThat(store.requests()).isEmpty();
        assertThat(files()).containsExactly(circle, dangling, inTheWay, file);
    }

    @Test
    void aSymbolicLinkIsFollowedAndStays() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Path file = Files.write(elsewhere.resolve("file"), OLD);
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("elsewhere/file"));
        Path chain = Files.createSymbolicLink(directory.resolve("chain"), link);

        read(ScriptedReads.of(CONTENT), chain);

        assertThat(file).isRegularFile().hasBinaryContent(CONTENT);
        assertThat(link).isSymbolicLink();
        assertThat(chain).isSymbolicLink();
        assertThat(elsewhere).isDirectoryContaining(found -> found.equals(file));
        assertThat(files()).containsExactly(chain, elsewhere, link);
    }

    @Test
    void aRelativePathIsOneOfTheWorkingDirectory() throws Exception {
        Path relative = Path.of("").toAbsolutePath().relativize(directory.resolve("file"));

        read(ScriptedReads.of(CONTENT), relative);

        assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
    }

    /**
     * Reads more than a file system of 512 KiB can hold, then content for which its space does not suffice any more
     * when it arrives.
     */
    static final class FullDisk {
        private FullDisk() {}

        public static void main(String[] args) throws Exception {
            Path mounted = Path.of(args[0]);
            Path path = Files.write(mounted.resolve("file"), OLD);
            assertThatExceptionOfType(TargetException.class)
                    .isThrownBy(() -> read(ScriptedReads.of(CONTENT), path))
                    .withMessageContaining("has no room for 1000003 bytes");
            byte[] fits = ReadPlanTest.content(400_000);
            ScriptedReads store = ScriptedReads.of(fits).on(read -> {
                if (read.offset() == 300_000) {
                    try {
                        Files.write(mounted.resolve("others"), new byte[600_000]);
                    } catch (IOException full) {
                        // The file system is full when this part arrives, however many others were written before.
                    }
                }
            });
            assertThatThrownBy(() -> read(store, path)).isInstanceOf(TargetException.class);
            Files.delete(mounted.resolve("others"));
            ScriptedReads inOnePart =
                    ScriptedReads.of(fits).on(read -> Files.write(mounted.resolve("others"), new byte[400_000]));
            assertThatThrownBy(() -> read(inOnePart, path, DownloadOptions.DEFAULT)) // thrown inside the store's read
                    .isInstanceOf(TargetException.class)
                    .hasMessageContaining("No space left");
            assertThat(inOnePart.requests()).containsExactly("READ 0+8388608");
            try (Stream<Path> files = Files.list(mounted)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("file", "others");
            }
            assertThat(path).hasBinaryContent(OLD);
        }
    }

    @Test
    void aFullDiskLeavesTheOldFile() throws Exception {
        SmallDisk.run(directory, "size=512k", FullDisk.class);
    }

    // ---- interrupts

    @Test
    void anInterruptOfOneWorkerCancelsAndIsNotTakenForAFailureOfTheOthers() throws Exception {
        Path path = Files.write(directory.resolve("file"), OLD);
        for (int i = 0; i < 50; i++) {
            CountDownLatch allInside = new CountDownLatch(3);
            ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
                if (read.offset() > 0) {
                    allInside.countDown();
                    ScriptedStore.awaitUninterruptibly(allInside);
                }
                if (read.offset() == 200_000) {
                    Thread.currentThread().interrupt(); // occurs in the write to the file
                }
            });
            ExecutorService threads = Executors.newFixedThreadPool(3);
            try (TransferManager reader =
                    TransferManager.builder().executor(threads).build()) {
                Transfer<ReadResult> transfer =
                        reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path), parts(3));
                assertThatExceptionOfType(CancellationException.class)
                        .isThrownBy(transfer::join)
                        .withMessageContaining("its thread was interrupted");
            } finally {
                threads.shutdown();
            }
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
            assertThat(files()).containsExactly(path);
            assertThat(path).hasBinaryContent(OLD);
        }
    }

    // ---- kill -9, and what it leaves behind

    /** Blocks in the last part until it is told to end. */
    static final class HangingRead {
        private HangingRead() {}

        public static void main(String[] args) throws Exception {
            ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
                if (read.offset() == 1_000_000) {
                    System.out.println("hanging");
                    System.in.read();
                }
            });
            read(store, Path.of(args[0]));
        }
    }

    @Test
    void aProcessThatIsKilledLeavesTheOldFileAndTheNextReadDeletesItsTemporaryFile() throws Exception {
        Path path = Files.write(directory.resolve("file"), OLD);
        try (ChildJvm.Running child = ChildJvm.of(HangingRead.class, directory).start(path.toString())) {
            child.awaitLine("hanging"::equals, Duration.ofMinutes(1));
            child.kill();
            assertThat(child.join(Duration.ofMinutes(1)).code()).isEqualTo(128 + 9);
        }
        assertThat(path).hasBinaryContent(OLD);
        assertThat(temporary()).exists();
        Path other = directory.resolve("other");

        read(ScriptedReads.of(CONTENT), other);

        assertThat(other).hasBinaryContent(CONTENT);
        assertThat(files()).containsExactly(path, other);
    }

    @Test
    void theTemporaryFilesOfLiveReadsAreNeverDeleted() throws Exception {
        Path byAnother = directory.resolve("byAnotherProcess");
        Path byThis = directory.resolve("byThisProcess");
        try (ChildJvm.Running child = ChildJvm.of(HangingRead.class, directory).start(byAnother.toString());
                BlobTarget.Writer writer = BlobTarget.ofPath(byThis).open()) {
            child.awaitLine("hanging"::equals, Duration.ofMinutes(1));
            List<Path> before = files();
            // Twice, and from another process too: neither may drop a lock for the next to find it free.
            for (int i = 0; i < 2; i++) {
                read(ScriptedReads.of(CONTENT), directory.resolve("meanwhile"));
                ChildJvm.Exit exit = ChildJvm.of(PlainRead.class, directory)
                        .run(
                                Duration.ofMinutes(1),
                                directory.resolve("meanwhile").toString());
                assertThat(exit.code()).as(exit.output()).isZero();
                assertThat(files()).containsAll(before).hasSize(before.size() + 1);
            }
            try (BlobTarget.Window window = writer.window(0, OLD.length)) {
                window.put(ByteBuffer.wrap(OLD));
                window.flush();
            }
            writer.commit(OLD.length);
            try (OutputStream toChild = child.process().getOutputStream()) {
                toChild.write('\n');
            }
            ChildJvm.Exit exit = child.join(Duration.ofMinutes(1));
            assertThat(exit.code()).as(exit.output()).isZero();
        }
        assertThat(byThis).hasBinaryContent(OLD);
        assertThat(byAnother).hasBinaryContent(CONTENT);
        assertThat(files()).containsExactly(byAnother, byThis, directory.resolve("meanwhile"));
    }

    /** Reads into a file. */
    static final class PlainRead {
        private PlainRead() {}

        public static void main(String[] args) throws Exception {
            read(ScriptedReads.of(CONTENT), Path.of(args[0]));
        }
    }

    @Test
    void manyReadsOfLargePartsMakeAsManySmallBuffersAsFew(@TempDir Path elsewhere) throws Exception {
        int partSize = 8 << 20;
        byte[] content = new byte[4 * partSize];
        InMemoryBlobStore store = new InMemoryBlobStore();
        BlobKey key = BlobKey.of("large");
        store.store(key, BlobSource.of(ByteBuffer.wrap(content)));
        DownloadOptions options =
                DownloadOptions.builder().partSize(partSize).concurrency(2).build();
        BufferPoolMXBean direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow();
        long before = direct.getMemoryUsed();
        try (TransferManager reader = TransferManager.create()) {
            for (int i = 0; i < 50; i++) {
                reader.download(store, key, ByteRange.all(), BlobTarget.ofPath(elsewhere.resolve("file")), options)
                        .join();
            }
        }
        assertThat(direct.getMemoryUsed() - before).isLessThan(20L * BUFFER);
    }
}
