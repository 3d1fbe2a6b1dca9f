package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.StorageFullException;
import io.blobstore.TargetException;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.SmallDisk;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Splitter;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full: each test mounts a small one, in a namespace of its own. */
class FullDiskTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private void onSmallDisk(String limits, Class<?> child, String... options) throws Exception {
        ChildJvm.Exit exit = SmallDisk.run(directory, limits, child, options);
        assertThat(exit.output()).contains("full ");
    }

    /** Takes what a disk has left, but for a little. */
    private interface Filler {
        /** Takes all but {@code left} files, or blocks of 4 KiB. */
        void fill(Path directory, int left) throws IOException;
    }

    private static void fillWithFiles(Path directory, int left) throws IOException {
        int files = 0;
        try {
            for (; ; files++) {
                Files.createFile(directory.resolve(String.valueOf(files)));
            }
        } catch (FileSystemException full) {
            for (int i = 1; i <= left; i++) {
                Files.delete(directory.resolve(String.valueOf(files - i)));
            }
        }
    }

    private static void fillWithBytes(Path directory, int left) throws IOException {
        long free = Files.getFileStore(directory).getUsableSpace();
        Files.write(directory.resolve("bytes"), new byte[(int) (free - 4096L * left)]);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    /** Splits with ever more room, until there is enough of it. */
    private static void splitUntilThereIsRoom(Path mounted, Filler filler, int step) throws Exception {
        Path fill = Files.createDirectory(mounted.resolve("fill"));
        Path root = mounted.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        ByteBuffer old = Fixture.tar(Fixture.files(1, 5, 1000));
        ByteBuffer tar = Fixture.tar(Fixture.files(2, 100, 5000));
        SplitOptions options = SplitOptions.builder().concurrency(3).ref("r").build();
        int full = 0;
        try (TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = Fixture.open(root)) {
            Repository repository = Repository.of(store);
            SplitEngine engine = SplitEngine.of(transfers);
            engine.split(repository, "old", BlobSource.of(old), options).join(LIMIT);
            for (int left = 0; ; left += step) {
                filler.fill(fill, left);
                try {
                    engine.split(repository, "new", BlobSource.of(tar), options).join(LIMIT);
                    break;
                } catch (StorageFullException e) {
                    full++;
                    assertThat(e).hasMessageContaining("free some");
                    assertThat(e.isRetryable()).isFalse();
                }
                boolean named = repository.streams().contains("new"); // there was no room for the ref alone
                assertThat(Fixture.temporaries(root)).isEmpty();
                delete(fill);
                if (named) {
                    Fixture.assertSame(Fixture.merge(transfers, repository, "new", tar.remaining()), tar);
                }
                Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", old.remaining()), old);
                assertThat(engine.fsck(repository, FsckOptions.DEFAULT)
                                .join(LIMIT)
                                .isClean())
                        .isTrue();
                assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).isClean())
                        .isTrue();
                assertThat(Fixture.objects(store)).hasSize(6);
            }
            delete(fill);
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
            assertThat(engine.fsck(repository, FsckOptions.DEFAULT).join(LIMIT).isClean())
                    .isTrue();
        }
        System.out.println("full " + full);
    }

    /** The disk has no room for another file. */
    static final class NoFiles {
        public static void main(String[] args) throws Exception {
            splitUntilThereIsRoom(Path.of(args[0]), FullDiskTest::fillWithFiles, CampaignScale.isFull() ? 1 : 40);
        }
    }

    @Test
    void aDiskWithoutFilesFailsTheSplitWhereverThatIs() throws Exception {
        onSmallDisk("size=16m,nr_inodes=700", NoFiles.class);
    }

    /** The disk has no room for another block. */
    static final class NoBytes {
        public static void main(String[] args) throws Exception {
            splitUntilThereIsRoom(Path.of(args[0]), FullDiskTest::fillWithBytes, CampaignScale.isFull() ? 1 : 40);
        }
    }

    @Test
    void aDiskWithoutBlocksFailsTheSplitWhereverThatIs() throws Exception {
        onSmallDisk("size=8m", NoBytes.class);
    }

    /** The disk of temporary files has no room for a large stream, nor for the inline bytes of one. */
    static final class NoTemporaries {
        public static void main(String[] args) throws Exception {
            Path mounted = Path.of(args[0]);
            Path root = mounted.resolveSibling("repository");
            ComposefsDirectory.create(root, ObjectHash.SHA_256);
            ByteBuffer content = ByteBuffer.wrap(Fixture.files(1, 1, 12 << 20).get(0)); // is not compressible
            SplitOptions inline = SplitOptions.builder()
                    .splitter((input, sink) -> {
                        for (long next = input.available(512); next > 0; next = input.available(512)) {
                            sink.inline(next);
                        }
                    })
                    .build();
            try (TransferManager transfers = TransferManager.create();
                    ComposefsDirectory store = Fixture.open(root)) {
                Repository repository = Repository.of(store);
                SplitEngine engine = SplitEngine.of(transfers);
                assertThatThrownBy(() -> engine.split(repository, "s", BlobSource.of(content), inline)
                                .join(LIMIT))
                        .isInstanceOf(TargetException.class)
                        .hasMessageContainingAll("temporary file", "No space left");
                assertThat(repository.streams()).isEmpty();
                assertThat(mounted).isEmptyDirectory();
                engine.split(
                                repository,
                                "s",
                                BlobSource.of(content),
                                SplitOptions.builder()
                                        .splitter(Splitter.fixed(1 << 20))
                                        .build())
                        .join(LIMIT);
                Fixture.split(transfers, repository, "tar", Fixture.tar(Collections.nCopies(4000, new byte[0])));
                assertThatThrownBy(() -> engine.open(repository, "tar"))
                        .isInstanceOf(TargetException.class)
                        .hasMessageContainingAll("temporary file", "No space left");
                assertThat(mounted).isEmptyDirectory();
                readLargeObject(repository, engine);
                assertThat(mounted).isEmptyDirectory();
                System.out.println("full 3");
            }
        }
    }

    /** Reads an object in order that is verified in a temporary file. */
    private static void readLargeObject(Repository repository, SplitEngine engine) throws Exception {
        byte[] large = new byte[VerifiedObject.MAX_MEMORY + 1];
        SplitOptions whole = SplitOptions.builder()
                .splitter((input, sink) -> sink.object(large.length, null))
                .build();
        engine.split(repository, "large", BlobSource.of(ByteBuffer.wrap(large)), whole)
                .join(LIMIT);
        try (SplitContent content = engine.open(repository, "large")) {
            ByteBuffer piece = ByteBuffer.allocate(10);
            assertThatThrownBy(() -> content.read(piece))
                    .isInstanceOf(TargetException.class)
                    .hasMessageContainingAll("temporary file", "No space left");
            assertThat(content.read(piece, 0)).isEqualTo(10);
        }
    }

    @Test
    void aDiskWithoutRoomForTemporaryFilesIsNamed() throws Exception {
        onSmallDisk(
                "size=1m",
                NoTemporaries.class,
                "-Djava.io.tmpdir=" + directory.resolve("mounted"),
                "-DZstdTempFolder=" + directory); // for its library
    }
}
