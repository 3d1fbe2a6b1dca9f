package io.blobstore.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests the record stored with the content, and its changes by other tools. */
@ExtendWith(LeakCheck.class)
class FsRecordTest {
    private static final BlobKey KEY = BlobKey.of("dir/blob.txt");
    private static final byte[] CONTENT = "123456789".getBytes(UTF_8);

    @TempDir
    Path directory;

    private Path root;
    private FsBlobStore store;

    @BeforeEach
    void open() throws IOException {
        root = Files.createDirectory(directory.resolve("root"));
        store = FsBlobStore.open(root);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Test
    void contentIsAPlainFileAtThePathOfItsKey() throws IOException {
        storeWithMetadata();
        assertThat(root.resolve("dir/blob.txt")).hasBinaryContent(CONTENT);
    }

    @Test
    void metadataAndChecksumSurviveACopyByCp() throws Exception {
        storeWithMetadata();
        Path copy = directory.resolve("copy");
        run("cp", "-a", root.toString(), copy.toString());
        try (FsBlobStore copied = FsBlobStore.open(copy)) {
            BlobMetadata metadata = copied.head(KEY);
            assertThat(metadata).isEqualTo(store.head(KEY));
            assertThat(metadata.checksum()).contains(Crc32c.parse("e3069283"));
            assertThat(metadata.contentType()).contains("text/plain");
            assertThat(metadata.userMetadata()).containsEntry("owner", "a=b, c");
        }
    }

    @Test
    void aFileOfAnotherToolIsABlobWithoutChecksum() throws IOException {
        Files.createDirectories(root.resolve("dir"));
        Files.write(root.resolve("dir/blob.txt"), CONTENT);
        BlobMetadata metadata = store.head(KEY);
        assertThat(metadata.size()).isEqualTo(9);
        assertThat(metadata.checksum()).isEmpty();
        assertThat(metadata.userMetadata()).isEmpty();
        ByteBuffer target = ByteBuffer.allocate(9);
        store.read(KEY, ByteRange.all(), target);
        assertThat(target.array()).isEqualTo(CONTENT);

        store.copy(KEY, BlobKey.of("copied"));
        assertThat(store.head(BlobKey.of("copied")).checksum()).contains(Crc32c.parse("e3069283"));
    }

    @Test
    void aFileThatDoesNotContainAsMuchAsItsSizeIsNotReadAsABlob() throws IOException {
        assumeThat(Path.of("/proc/version"))
                .as("only Linux has files of this kind")
                .exists();
        try (FsBlobStore kernel = FsBlobStore.open(Path.of("/proc"))) {
            assertThatThrownBy(() -> kernel.read(BlobKey.of("version"), ByteRange.all(), ByteBuffer.allocate(1000)))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining("contains more than the 0 bytes of its size");
            assertThatThrownBy(() -> kernel.head(BlobKey.of("version"))).isInstanceOf(IntegrityException.class);
            assertThatThrownBy(() -> kernel.copy(BlobKey.of("version"), BlobKey.of("copy")))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("contains more than the 0 bytes of its size");
        }
    }

    @Test
    void aBlobChangedByAnotherToolHasNeitherTheOldChecksumNorTheOldVersion() throws IOException {
        BlobVersion stored = storeWithMetadata();
        Files.write(root.resolve("dir/blob.txt"), "other".getBytes(UTF_8), StandardOpenOption.APPEND);
        BlobMetadata metadata = store.head(KEY);
        assertThat(metadata.checksum()).isEmpty();
        assertThat(metadata.userMetadata()).isEmpty();
        assertThat(metadata.version()).isNotEqualTo(stored);
        assertThatThrownBy(() -> store.store(
                        KEY,
                        BlobSource.of(ByteBuffer.allocate(1)),
                        StoreOptions.builder()
                                .precondition(Precondition.ifMatch(stored))
                                .build()))
                .isInstanceOf(PreconditionFailedException.class);
        store.store(
                KEY,
                BlobSource.of(ByteBuffer.allocate(1)),
                StoreOptions.builder()
                        .precondition(Precondition.ifMatch(metadata.version()))
                        .build());
    }

    @Test
    void aFlippedBitIsCaughtByReadAndByCopy() throws IOException {
        storeWithMetadata();
        Path file = root.resolve("dir/blob.txt");
        FileTime modified = Files.getLastModifiedTime(file);
        byte[] damaged = CONTENT.clone();
        damaged[4] ^= 1;
        Files.write(file, damaged, StandardOpenOption.WRITE); // in place, as a failing device would
        Files.setLastModifiedTime(file, modified);

        ByteBuffer target = ByteBuffer.allocate(9);
        assertThatThrownBy(() -> store.read(KEY, ByteRange.all(), target))
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining("e3069283");
        assertThat(target.position()).isZero();
        assertThatThrownBy(() -> store.copy(KEY, BlobKey.of("copied"))).isInstanceOf(IntegrityException.class);
        assertThat(Tree.blobsAndDirectories(root)).containsExactly("dir", "dir/blob.txt");
        assertThat(Tree.temporaries(root)).isEmpty();
    }

    @Test
    void aLessPreciseTimeStillMatchesItsRecord() throws IOException {
        storeWithMetadata();
        Path file = root.resolve("dir/blob.txt");
        FileTime modified = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(
                file,
                FileTime.fromMillis(
                        modified.toMillis() / 1000 * 1000)); // as on a file system that stores whole seconds
        assertThat(store.head(KEY).checksum()).contains(Crc32c.parse("e3069283"));
    }

    @Test
    void aDamagedRecordIsIgnored() throws IOException {
        storeWithMetadata();
        for (String damage : List.of("", "crc32c", "crc32c=xyz\n", "crc32c=e3069283\nversion=\nsize=9\n", "=\n")) {
            Files.setAttribute(root.resolve("dir/blob.txt"), "user:blobstore", ByteBuffer.wrap(damage.getBytes(UTF_8)));
            assertThat(store.head(KEY).checksum()).isEmpty();
        }
    }

    @Test
    void metadataUpToTheContractsLimitFits() throws IOException {
        String value = "v".repeat(StoreOptions.MAX_USER_METADATA_BYTES - 1);
        StoreOptions options = StoreOptions.builder()
                .contentType("application/octet-stream")
                .userMetadata("n", value)
                .build();
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)), options);
        assertThat(store.head(KEY).userMetadata()).containsEntry("n", value);
    }

    /** Before records had other headers than the type; a later version may add lines. */
    @Test
    void anOlderOrNewerRecordIsRead() throws IOException {
        storeWithMetadata();
        changeRecord(record -> record.replace("type=text/plain\n", "type=text/plain\nfuture=1\n"));

        assertThat(store.head(KEY).contentHeaders()).isEqualTo(Map.of("Content-Type", "text/plain"));
        assertThat(store.head(KEY).userMetadata()).isEqualTo(Map.of("owner", "a=b, c"));
    }

    @Test
    void metadataOfOtherProgramsIsReadAndCopied() throws IOException {
        storeWithMetadata();
        String value = "x".repeat(2100);
        changeRecord(record -> record + "language=\u00fc\n+Owner Name=Zo\u00eb \u20ac\n+long=" + value + "\n");
        BlobMetadata metadata = store.head(KEY);
        assertThat(metadata.contentLanguage()).contains("\u00fc");
        assertThat(metadata.userMetadata())
                .containsEntry("Owner Name", "Zo\u00eb \u20ac")
                .containsEntry("long", value);

        BlobKey copy = BlobKey.of("copied");
        store.copy(KEY, copy);
        store.copy(copy, copy);

        assertThat(store.head(copy).contentHeaders()).isEqualTo(metadata.contentHeaders());
        assertThat(store.head(copy).userMetadata()).isEqualTo(metadata.userMetadata());
    }

    private void changeRecord(UnaryOperator<String> change) throws IOException {
        Path file = root.resolve("dir/blob.txt");
        FileTime modified = Files.getLastModifiedTime(file);
        byte[] record = (byte[]) Files.getAttribute(file, "user:blobstore");
        String changed = change.apply(new String(record, UTF_8));
        assertThat(changed).isNotEqualTo(new String(record, UTF_8));
        Files.setAttribute(file, "user:blobstore", ByteBuffer.wrap(changed.getBytes(UTF_8)));
        Files.setLastModifiedTime(file, modified);
    }

    private BlobVersion storeWithMetadata() throws IOException {
        StoreOptions options = StoreOptions.builder()
                .contentType("text/plain")
                .userMetadata("owner", "a=b, c")
                .build();
        return store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)), options)
                .version();
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
