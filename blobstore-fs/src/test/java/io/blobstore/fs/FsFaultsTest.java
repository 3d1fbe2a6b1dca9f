package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.StorageFullException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.SmallDisk;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the translation of the operating system's errors to the store's exceptions. */
@ExtendWith(LeakCheck.class)
class FsFaultsTest {
    private static final BlobKey KEY = BlobKey.of("dir/blob");

    @TempDir
    Path directory;

    @Test
    void aStoreThatIsAFileIsRefusedAtOpen() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "content");
        assertThatThrownBy(() -> BlobStores.open(file.toUri().toString()))
                .isInstanceOf(StoreNotFoundException.class)
                .hasMessageContaining("is not a directory");
        assertThat(file).hasContent("content");
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "no/such"})
    void aMissingDirectoryIsRefusedAndNotCreated(String name) throws IOException {
        Path root = directory.resolve(name);
        List<ThrowableAssert.ThrowingCallable> ways = List.of(
                () -> FsBlobStore.open(root),
                () -> BlobStores.open(root),
                () -> BlobStores.open(root.toString()),
                () -> BlobStores.open(root.toUri()),
                () -> BlobStores.open("file:" + root + "?durability=none&create=false"));
        for (ThrowableAssert.ThrowingCallable way : ways) {
            assertThatThrownBy(way)
                    .isInstanceOfSatisfying(
                            StoreNotFoundException.class,
                            e -> assertThat(e.operation()).isEqualTo(Operation.OPEN))
                    .hasMessageContaining(root + " does not exist")
                    .hasMessageContaining("file://" + root + "?create=true");
        }
        assertThat(Tree.all(directory)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"root, SYNC", "no/such, SYNC", "a b/c/d, NONE"})
    void aMissingDirectoryIsCreatedIfAskedFor(String name, Durability durability) throws IOException {
        Path root = directory.resolve(name);
        try (FsBlobStore store = FsBlobStore.builder(root)
                .createDirectory(true)
                .durability(durability)
                .open()) {
            assertThat(root).isEmptyDirectory();
            store.store(KEY, ByteBuffer.allocate(1));
        }
        try (BlobStore again = BlobStores.open(root.toUri() + "?create=true")) {
            assertThat(again.head(KEY).size()).isEqualTo(1);
        }
    }

    @Test
    void aDirectoryBelowAFileIsNotCreated() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "content");
        assertThatThrownBy(() -> BlobStores.open("file:" + file.resolve("root") + "?create=true"))
                .isInstanceOf(StoreNotFoundException.class);
        assertThat(file).hasContent("content");
    }

    @Test
    void aDirectoryThatDisappearsIsAnErrorAndIsNotCreatedAgain() throws IOException {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (FsBlobStore written = FsBlobStore.open(root);
                FsBlobStore fresh = FsBlobStore.open(root)) {
            written.store(KEY, ByteBuffer.allocate(1));
            Files.move(root, directory.resolve("elsewhere"));
            for (FsBlobStore store : List.of(written, fresh)) {
                assertThatThrownBy(() -> store.store(KEY, ByteBuffer.allocate(1)))
                        .isInstanceOf(StoreNotFoundException.class);
                assertThatThrownBy(() -> store.head(KEY)).isInstanceOf(StoreNotFoundException.class);
                assertThatThrownBy(() -> store.list(ListOptions.DEFAULT)).isInstanceOf(StoreNotFoundException.class);
            }
            assertThat(root).doesNotExist();
            Files.move(directory.resolve("elsewhere"), root);
        }
    }

    @Test
    void unknownParametersAndHostsAreRefused() {
        assertThatThrownBy(() -> BlobStores.open("file:" + directory + "?durabilty=none"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("durabilty")
                .hasMessageContaining("durability");
        assertThatThrownBy(() -> BlobStores.open("file:" + directory + "?durability=maybe"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'sync' or 'none'");
        assertThatThrownBy(() -> BlobStores.open("file:" + directory + "?create=yes"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'true' or 'false'");
        assertThatThrownBy(() -> BlobStores.open("file://host/dir"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no host");
        assertThatThrownBy(() -> BlobStores.open("nfs:/dir"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'nfs:'")
                .hasMessageContaining("[file, mem]");
    }

    // ---- file systems mounted in a child process's own mount namespace

    @Test
    void aFullDiskIsATypedErrorAndLeavesTheOldContent() throws Exception {
        SmallDisk.run(directory, "size=2m", FullDisk.class);
    }

    /** Stores more than the disk holds, in one request and in parts. */
    static final class FullDisk {
        public static void main(String[] args) throws Exception {
            Path root = Path.of(args[0]);
            try (FsBlobStore store = FsBlobStore.open(root);
                    TransferManager uploader = TransferManager.create()) {
                store.store(KEY, ByteBuffer.allocate(1000));
                BlobSource large = BlobSource.of(ByteBuffer.allocateDirect(8 << 20));
                assertThatThrownBy(() -> store.store(KEY, large))
                        .isInstanceOf(StorageFullException.class)
                        .hasMessageContaining("tmpfs");
                assertThat(Tree.temporaries(root)).isEmpty();
                Transfer<StoredBlob> upload = uploader.upload(
                        store,
                        KEY,
                        large,
                        UploadOptions.builder().partSize(1 << 20).build());
                assertThatThrownBy(upload::join).isInstanceOf(StorageFullException.class);
                assertThat(store.head(KEY).size()).isEqualTo(1000);
                assertThat(Tree.blobsAndDirectories(root)).containsExactly("dir", "dir/blob");
                assertThat(Tree.temporaries(root)).isEmpty();
                store.store(BlobKey.of("small"), ByteBuffer.allocate(1000));
            }
        }
    }

    @Test
    void aReadOnlyFileSystemIsReadableAndRefusesTheRest() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (FsBlobStore store = FsBlobStore.open(root)) {
            store.store(KEY, ByteBuffer.allocate(1000));
        }
        SmallDisk.runOn(directory, "mount -o bind,ro " + root, ReadOnly.class);
    }

    /** Reads from a file system that refuses writes. */
    static final class ReadOnly {
        public static void main(String[] args) throws Exception {
            try (FsBlobStore store = FsBlobStore.open(Path.of(args[0]))) {
                assertThat(store.head(KEY).checksum()).isPresent();
                store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1000));
                assertThatThrownBy(() -> store.store(KEY, ByteBuffer.allocate(1)))
                        .isInstanceOf(PermissionDeniedException.class)
                        .hasMessageContaining("Read-only file system");
                assertThatThrownBy(() -> store.delete(KEY)).isInstanceOf(PermissionDeniedException.class);
                assertThat(store.head(KEY).size()).isEqualTo(1000);
            }
        }
    }

    @Test
    void aFileSystemWithoutAttributesIsNamedBeforeAnythingIsWritten() throws Exception {
        SmallDisk.runOn(directory, "mount -t ramfs ramfs", NoAttributes.class);
    }

    /** Fails to store on a file system without extended attributes. */
    static final class NoAttributes {
        public static void main(String[] args) throws Exception {
            Path root = Path.of(args[0]);
            try (FsBlobStore store = FsBlobStore.open(root)) {
                assertThatThrownBy(() -> store.store(KEY, ByteBuffer.allocate(1)))
                        .isInstanceOf(BlobStoreException.class)
                        .hasMessageContaining("extended attribute")
                        .hasMessageContaining("ramfs");
                assertThat(Tree.blobsAndDirectories(root)).isEmpty();
                assertThat(Tree.temporaries(root)).isEmpty();
                Files.write(root.resolve("plain"), new byte[5]);
                assertThat(store.head(BlobKey.of("plain")).size()).isEqualTo(5);
            }
        }
    }

    // ---- directories that may not be read

    @Test
    void aDirectoryThatMayNotBeReadIsSkippedInTheRootAndAnErrorElsewhere() throws Exception {
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Path lostAndFound = Files.createDirectory(volume.resolve("lost+found"));
        Path damaged = Files.createDirectory(directory.resolve("damaged"));
        Path closed = Files.createDirectories(damaged.resolve("dir/closed"));
        Path unsearchable = Files.createDirectory(damaged.resolve("unsearchable"));
        for (Path root : List.of(volume, damaged)) {
            Files.createDirectories(root.resolve("dir"));
            Files.write(root.resolve("dir/blob"), new byte[5]);
            Files.write(root.resolve("later"), new byte[5]);
        }
        Files.write(closed.resolve("blob"), new byte[5]);
        Files.write(unsearchable.resolve("blob"), new byte[5]);
        Set<PosixFilePermission> nothing = PosixFilePermissions.fromString("---------");
        Files.setPosixFilePermissions(lostAndFound, nothing);
        Files.setPosixFilePermissions(closed, nothing);
        Files.setPosixFilePermissions(unsearchable, PosixFilePermissions.fromString("r--------"));
        try {
            ChildJvm child = ChildJvm.of(Unreadable.class, directory);
            if (Files.isReadable(lostAndFound)) { // root may read anything, but not in a user namespace without root
                assumeThat(SmallDisk.succeeds("unshare", "-U", "true"))
                        .as("needs 'unshare' to run without privileges")
                        .isTrue();
                child = child.under("unshare", "-U");
            }
            ChildJvm.Exit exit = child.run(Duration.ofMinutes(1), volume.toString(), damaged.toString());
            assertThat(exit.code()).as(exit.output()).isZero();
            assertThat(exit.output().lines().filter(line -> line.contains("WARN")))
                    .as("one warning per listing")
                    .hasSize(3)
                    .allMatch(line -> line.contains("lost+found") && line.contains("may not be read")
                            || line.contains(damaged + "/unsearchable"));
        } finally {
            Set<PosixFilePermission> all = PosixFilePermissions.fromString("rwx------");
            for (Path path : List.of(lostAndFound, closed, unsearchable)) {
                Files.setPosixFilePermissions(path, all);
            }
        }
    }

    /** Lists and deletes as a user who may not read some directories. */
    static final class Unreadable {
        public static void main(String[] args) throws Exception {
            try (FsBlobStore store = FsBlobStore.open(Path.of(args[0]))) {
                assertThat(keys(store, ListOptions.DEFAULT)).containsExactly("dir/blob", "later");
                assertThat(keys(store, ListOptions.prefix("l"))).containsExactly("later");
                assertThat(keys(store, ListOptions.prefix("dir/"))).containsExactly("dir/blob");
                for (String named : List.of("lost+found/", "lost+found/x", "lost+found/x/y", "lost+found")) {
                    requireDenied("lost+found", () -> keys(store, ListOptions.prefix(named)));
                }
                requireDenied("lost+found", () -> store.deleteAll("lo"));
                assertThat(store.deleteAll("dir")).isEqualTo(1);
            }
            try (FsBlobStore store = FsBlobStore.open(Path.of(args[1]))) {
                requireDenied("dir/closed", () -> keys(store, ListOptions.DEFAULT));
                requireDenied("dir/closed", () -> keys(store, ListOptions.prefix("dir/")));
                requireDenied("dir/closed", () -> store.deleteAll("dir/c"));
                requireDenied("unsearchable", () -> store.deleteAll("u"));
                requireDenied("unsearchable", () -> keys(store, ListOptions.prefix("unsearchable/")));
                assertThat(keys(
                                store,
                                ListOptions.builder().startAfter("dir/zzz").build()))
                        .containsExactly("later");
            }
        }

        private static List<String> keys(FsBlobStore store, ListOptions options) throws IOException {
            List<String> keys = new ArrayList<>();
            try (BlobListing listing = store.list(options)) {
                while (listing.hasNext()) {
                    keys.add(listing.next().name());
                }
            }
            return keys;
        }

        private static void requireDenied(String named, ThrowableAssert.ThrowingCallable call) {
            assertThatThrownBy(call)
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining(named);
        }
    }

    // ---- limits of the process

    @Test
    void tooManyOpenFilesIsRetryableAndNamesTheLimit() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        ChildJvm.Exit exit = ChildJvm.of(ManyFiles.class, directory)
                .under("sh", "-c", "ulimit -n 200 && exec \"$@\"", "sh")
                .run(Duration.ofMinutes(1), root.toString());
        assertThat(exit.code()).as(exit.output()).isZero();
    }

    /** Stores while no file descriptor is left. */
    static final class ManyFiles {
        public static void main(String[] args) throws Exception {
            Path root = Path.of(args[0]);
            try (FsBlobStore store = FsBlobStore.open(root)) {
                store.store(KEY, ByteBuffer.allocate(1000));
                // Fails once with descriptors left, to load the classes: loading opens files too.
                outcome(store, BlobKey.of("dir/blob/below"));
                requireRetryable(withoutDescriptors(root, () -> store.store(KEY, ByteBuffer.allocate(1))));
                assertThat(store.head(KEY).size()).isEqualTo(1000);
                try (MultipartUpload upload =
                        store.createMultipartUpload(KEY, new PartLayout(2, 2), StoreOptions.DEFAULT)) {
                    Crc32c crc = upload.uploadPart(1, BlobSource.of(ByteBuffer.allocate(2)))
                            .checksum();
                    requireRetryable(withoutDescriptors(root, () -> upload.complete(crc)));
                    assertThat(store.head(KEY).size()).isEqualTo(1000);
                    upload.complete(crc); // may be repeated after a failure
                }
                assertThat(store.head(KEY).size()).isEqualTo(2);
                assertThat(Tree.temporaries(root)).isEmpty();
                store.store(KEY, ByteBuffer.allocate(1));
            }
        }

        private static BlobStoreException outcome(FsBlobStore store, BlobKey key) throws IOException {
            try {
                store.store(key, BlobSource.of(ByteBuffer.allocate(1)), StoreOptions.DEFAULT);
                throw new AssertionError("stored");
            } catch (BlobStoreException e) {
                return e;
            }
        }

        private interface Call {
            Object run() throws IOException;
        }

        private static BlobStoreException withoutDescriptors(Path root, Call call) throws IOException {
            List<FileChannel> hogs = hog(root.resolve("dir/blob"));
            try {
                call.run();
                throw new AssertionError("succeeded");
            } catch (BlobStoreException e) {
                return e;
            } finally {
                for (FileChannel hog : hogs) {
                    hog.close();
                }
            }
        }

        private static void requireRetryable(BlobStoreException problem) {
            assertThat(problem).hasMessageContaining("ulimit -n");
            assertThat(problem.isRetryable()).isTrue();
        }

        private static List<FileChannel> hog(Path file) {
            List<FileChannel> hogs = new ArrayList<>();
            for (; ; ) {
                try {
                    hogs.add(FileChannel.open(file, StandardOpenOption.READ));
                } catch (IOException e) {
                    return hogs;
                }
            }
        }
    }
}
