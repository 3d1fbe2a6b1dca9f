package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which keys are supported, and that no key leads out of the root. */
@ExtendWith(LeakCheck.class)
class FsKeysTest {
    private static final byte[] SECRET = "outside".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private Path root;
    private Path outside;
    private FsBlobStore store;

    @BeforeEach
    void open() throws IOException {
        root = Files.createDirectory(directory.resolve("root"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.write(outside.resolve("secret"), SECRET);
        store = FsBlobStore.open(root);
    }

    @AfterEach
    void outsideIsUntouched() throws IOException {
        store.close();
        assertThat(Tree.all(outside)).containsExactly("secret");
        assertThat(outside.resolve("secret")).hasBinaryContent(SECRET);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "../outside/secret | segment '..'",
                "a/../../outside/x | segment '..'",
                "a/..             | segment '..'",
                "..               | segment '..'",
                "./a              | segment '.'",
                "a/./b            | segment '.'",
                "/etc/passwd      | begins with '/'",
                "a//b             | empty segment",
                "a/               | empty segment",
                ".blobstore/tmp/x | the store's own directory",
                ".blobstore       | the store's own directory",
                ".BlobStore/x     | the store's own directory",
                ".blobstore-1.part     | temporary files of downloads",
                "a/.blobstore-1.lock   | temporary files of downloads",
                ".BLOBSTORE-1.part/b   | temporary files of downloads",
            })
    void aKeyThatIsNotAPathInsideTheRootIsRefusedByEveryOperation(String name, String rule) {
        refusedByEveryOperation(BlobKey.of(name), rule);
    }

    @Test
    void nulAndOverlongSegmentsAreRefused() {
        refusedByEveryOperation(BlobKey.of("a\0b"), "NUL");
        refusedByEveryOperation(BlobKey.of("a/" + "é".repeat(128)), "more than 255 bytes");
    }

    @Test
    void aLinkAtABlobsPathIsRefusedAndNotListed() throws IOException {
        Files.createSymbolicLink(root.resolve("leaf"), outside.resolve("secret"));
        refusedByEveryOperation(BlobKey.of("leaf"), "symbolic link");
        assertThat(root.resolve("leaf")).isSymbolicLink();
        assertThat(keys(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void aDanglingLinkAtABlobsPathIsRefused() throws IOException {
        Files.createSymbolicLink(root.resolve("leaf"), outside.resolve("new"));
        refusedByEveryOperation(BlobKey.of("leaf"), "symbolic link");
    }

    @Test
    void aLinkToADirectoryIsRefusedAndNotListed() throws IOException {
        Files.createSymbolicLink(root.resolve("way"), outside);
        refusedByEveryOperation(BlobKey.of("way/secret"), "symbolic link");
        refusedByEveryOperation(BlobKey.of("way/deeper/x"), "symbolic link");
        assertThat(keys(ListOptions.DEFAULT)).isEmpty();
        assertThat(keys(ListOptions.prefix("way/"))).isEmpty();
        assertThat(store.deleteAll("way/")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"../outside/", "../", "/", "a/../../outside/", "./"})
    void aPrefixThatNoKeyCanHaveListsNothing(String prefix) throws IOException {
        assertThat(keys(ListOptions.prefix(prefix))).isEmpty();
        assertThat(store.deleteAll(prefix)).isZero();
    }

    @Test
    void theTemporaryFilesOfDownloadsIntoTheRootAreNotListed() throws IOException {
        store.store(BlobKey.of("dir/blob"), ByteBuffer.allocate(1));
        try (BlobTarget.Writer inRoot = BlobTarget.ofPath(root.resolve("file")).open();
                BlobTarget.Writer inDirectory =
                        BlobTarget.ofPath(root.resolve("dir/file")).open()) {
            assertThat(Tree.all(root)).anyMatch(name -> name.matches("\\.blobstore-.*\\.part"));
            assertThat(Tree.all(root)).anyMatch(name -> name.matches("dir/\\.blobstore-.*\\.part"));
            assertThat(keys(ListOptions.DEFAULT)).containsExactly("dir/blob");
            assertThat(keys(ListOptions.prefix(".blobstore-"))).isEmpty();
            assertThat(keys(ListOptions.prefix("dir/.blobstore-"))).isEmpty();
            assertThat(store.deleteAll("dir/.")).isZero();
            inDirectory.commit(0);
        }
        assertThat(keys(ListOptions.DEFAULT)).containsExactly("dir/blob", "dir/file");
    }

    @Test
    void theRootItselfMayBeALink() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), root);
        try (FsBlobStore linked = FsBlobStore.open(link)) {
            linked.store(BlobKey.of("a/b"), ByteBuffer.allocate(3));
        }
        assertThat(store.head(BlobKey.of("a/b")).size()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {".blobstore", ".blobstore/tmp", ".blobstore/locks"})
    void aLinkInPlaceOfTheStoresOwnDirectoryIsRefusedAndNotSwept(String place) throws IOException {
        // The files of a dead process, outside of the root: a session whose lock is free.
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createDirectories(elsewhere.resolve("1-1-dead"));
        Files.createFile(elsewhere.resolve("1-1-dead.lock"));
        Files.createFile(elsewhere.resolve("1-1-dead/1"));
        Files.createDirectories(elsewhere.resolve("tmp/1-1-dead"));
        Files.createFile(elsewhere.resolve("tmp/1-1-dead.lock"));
        Files.createFile(elsewhere.resolve("tmp/1-1-dead/1"));
        List<String> before = Tree.all(elsewhere);
        Path link = directory.resolve("other").resolve(place);
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, elsewhere);

        try (FsBlobStore other = FsBlobStore.open(directory.resolve("other"))) {
            assertThatThrownBy(() -> other.store(BlobKey.of("a"), ByteBuffer.allocate(1)))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("must not be a link");
        }
        assertThat(Tree.all(elsewhere)).isEqualTo(before);
    }

    @Test
    void sweepingASessionThatIsALinkRemovesTheLinkOnly() throws IOException {
        Path tmp = Files.createDirectories(root.resolve(".blobstore/tmp"));
        Files.createFile(tmp.resolve("1-1-dead.lock"));
        Files.createSymbolicLink(tmp.resolve("1-1-dead"), outside);
        FsBlobStore.open(root).close();
        assertThat(Tree.all(tmp)).isEmpty();
    }

    @Test
    void aBlobCannotBeADirectoryAsWell() throws IOException {
        store.store(BlobKey.of("a"), ByteBuffer.allocate(1));
        assertThatThrownBy(() -> store.store(BlobKey.of("a/b"), ByteBuffer.allocate(1)))
                .isInstanceOf(InvalidBlobKeyException.class)
                .hasMessageContaining("'a' is a blob");
        assertThatThrownBy(() -> store.head(BlobKey.of("a/b"))).isInstanceOf(BlobNotFoundException.class);
        store.delete(BlobKey.of("a/b"));

        store.store(BlobKey.of("d/e"), ByteBuffer.allocate(1));
        for (StoreOptions options : List.of(StoreOptions.DEFAULT, ifAbsent())) {
            assertThatThrownBy(() -> store.store(BlobKey.of("d"), BlobSource.of(ByteBuffer.allocate(1)), options))
                    .isInstanceOf(InvalidBlobKeyException.class)
                    .hasMessageContaining("'d/' is the directory of other blobs");
        }
        assertThatThrownBy(() -> store.head(BlobKey.of("d"))).isInstanceOf(BlobNotFoundException.class);
        store.delete(BlobKey.of("d"));
        assertThat(keys(ListOptions.DEFAULT)).containsExactly("a", "d/e");
        assertThat(Tree.temporaries(root)).isEmpty();
    }

    @Test
    void anEmptyDirectoryIsReplacedByABlob() throws IOException {
        Files.createDirectories(root.resolve("relic"));
        store.store(BlobKey.of("relic"), ByteBuffer.allocate(1));
        Files.createDirectories(root.resolve("relic2"));
        store.store(BlobKey.of("relic2"), BlobSource.of(ByteBuffer.allocate(1)), ifAbsent());
        assertThat(keys(ListOptions.DEFAULT)).containsExactly("relic", "relic2");
    }

    @Test
    void deletingTheLastBlobOfADirectoryRemovesTheDirectory() throws IOException {
        store.store(BlobKey.of("a/b/c/d"), ByteBuffer.allocate(1));
        store.store(BlobKey.of("a/x"), ByteBuffer.allocate(1));
        store.delete(BlobKey.of("a/b/c/d"));
        assertThat(Tree.blobsAndDirectories(root)).containsExactly("a", "a/x");
        store.delete(BlobKey.of("a/x"));
        assertThat(Tree.blobsAndDirectories(root)).isEmpty();
        assertThat(root).isDirectory();
    }

    @Test
    void filesThatCannotBeBlobsAreSkippedAndCounted() throws IOException {
        store.store(BlobKey.of("dir/a"), ByteBuffer.allocate(1));
        Path deep = root;
        for (int depth = 0; depth < 5; depth++) { // the file's path is longer than any key
            deep = Files.createDirectory(deep.resolve("d".repeat(240)));
        }
        Files.createFile(deep.resolve("f"));
        Files.createSymbolicLink(root.resolve("dir/link"), outside.resolve("secret"));
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(listing.next().name()).isEqualTo("dir/a");
            assertThat(listing.hasNext()).isFalse();
            assertThat(listing.skipped()).isEqualTo(2);
        }
        assertThat(store.deleteAll("d")).isEqualTo(1);
        assertThat(root.resolve("dir/link")).isSymbolicLink();
        assertThat(outside.resolve("secret")).exists();
    }

    private static StoreOptions ifAbsent() {
        return StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
    }

    private interface Call {
        void run() throws IOException;
    }

    private void refusedByEveryOperation(BlobKey key, String rule) {
        BlobKey good = BlobKey.of("good");
        List<Call> calls = List.of(
                () -> store.store(key, ByteBuffer.allocate(1)),
                () -> store.read(key, ByteRange.all(), ByteBuffer.allocate(100)),
                () -> store.head(key),
                () -> store.delete(key),
                () -> store.copy(key, good),
                () -> storeInParts(key));
        for (Call call : calls) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(InvalidBlobKeyException.class)
                    .hasMessageContaining(rule);
        }
    }

    private void storeInParts(BlobKey key) throws IOException {
        try (MultipartUpload upload = store.createMultipartUpload(key, new PartLayout(2, 1), StoreOptions.DEFAULT)) {
            BlobSource part = BlobSource.of(ByteBuffer.allocate(1));
            Crc32c checksum = upload.uploadPart(1, part).checksum();
            upload.uploadPart(2, part);
            upload.complete(checksum.combine(checksum, 1));
        }
    }

    private List<String> keys(ListOptions options) throws IOException {
        List<String> keys = new ArrayList<>();
        try (BlobListing listing = store.list(options)) {
            while (listing.hasNext()) {
                keys.add(listing.next().name());
            }
        }
        return keys;
    }
}
