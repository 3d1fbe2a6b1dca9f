package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files are transferred, whatever the store. */
class DirectoryTransferTest extends DirectoryFixture {
    // ---- what is transferred

    @Test
    void patternsAndTheFilterChooseFiles() throws Exception {
        files("a.csv", "d/b.csv", "d/c.txt", ".git/x.csv", "large.csv");
        write(source.resolve("large.csv"), "x".repeat(1000));

        DirectoryResult result = upload(DirectoryOptions.builder()
                .include("*.csv")
                .exclude(".git")
                .filter(entry -> entry.size() < 100)
                .build());

        assertThat(keys()).containsExactly("p/a.csv", "p/d/b.csv");
        assertThat(result.transferred()).isEqualTo(2);
        assertThat(result.skipped()).isZero();
    }

    @Test
    void linksAndSpecialFilesAreSkipped() throws Exception {
        files("a");
        Files.createSymbolicLink(source.resolve("link"), source.resolve("a"));
        Files.createSymbolicLink(source.resolve("dangling"), source.resolve("missing"));
        Files.createSymbolicLink(source.resolve("up"), temporary);
        new ProcessBuilder("mkfifo", source.resolve("pipe").toString()).start().waitFor();

        DirectoryResult result = upload(DirectoryOptions.DEFAULT);

        assertThat(keys()).containsExactly("p/a");
        assertThat(result.skipped()).isEqualTo(4);
    }

    @Test
    void linksAreFollowedOnRequestButNotInCircles() throws Exception {
        files("d/a");
        write(temporary.resolve("elsewhere/b"), "b");
        Files.createSymbolicLink(source.resolve("file"), source.resolve("d/a"));
        Files.createSymbolicLink(source.resolve("out"), temporary.resolve("elsewhere"));
        Files.createSymbolicLink(source.resolve("d/circle"), source);
        Files.createSymbolicLink(source.resolve("dangling"), source.resolve("missing"));

        DirectoryResult result = upload(CONTINUE.toBuilder().followLinks(true).build());

        assertThat(keys()).containsExactly("p/d/a", "p/file", "p/out/b");
        assertThat(failed(result)).containsExactly("d/circle/", "dangling");
        assertThat(result.failed()).isEqualTo(2);
    }

    @Test
    void markersOfDirectoriesAreSkipped() throws Exception {
        blobs("p/a");
        store.store(BlobKey.of("p/"), ByteBuffer.allocate(0));
        store.store(BlobKey.of("p/d/"), ByteBuffer.allocate(0));

        DirectoryResult result = download(DirectoryOptions.DEFAULT);

        assertThat(targetFiles()).containsExactly("a");
        assertThat(result.skipped()).isEqualTo(2);
    }

    @Test
    void anEmptyOrMissingDirectory() throws Exception {
        assertThat(upload(DirectoryOptions.DEFAULT).transferred()).isZero();
        assertThat(download(DirectoryOptions.DEFAULT).transferred()).isZero();
        assertThat(target).isDirectory();

        Transfer<DirectoryResult> missing = directories.upload(temporary.resolve("missing"), store, "p", CONTINUE);
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(missing::join);
    }

    @Test
    void downloadedFilesHaveTheTimesOfTheBlobs() throws Exception {
        blobs("p/a");

        download(DirectoryOptions.DEFAULT);

        assertThat(Files.getLastModifiedTime(target.resolve("a")))
                .isEqualTo(FileTime.from(store.head(BlobKey.of("p/a")).lastModified()));
    }

    /** Runs on this thread, whose allocations are counted. */
    @ParameterizedTest
    @Tag("jdk")
    @ValueSource(ints = {SmallFile.MAX_SIZE, 3 * SmallFile.MAX_SIZE})
    void contentIsNotCopiedToTheHeap(int size) throws Exception {
        int files = 8;
        for (int i = 0; i < files; i++) {
            Files.write(source.resolve("f" + i), new byte[size]);
        }
        BlobStore discarding = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                return StoredBlob.of(key, content.size(), new BlobVersion("1"), Optional.of(Crc32c.of(content)));
            }
        };
        try (TransferManager here =
                TransferManager.builder().executor(Runnable::run).build()) {
            AllocatedBytes.Work upload = () -> {
                try {
                    DirectoryTransfer.of(here)
                            .upload(source, discarding, "p", DirectoryOptions.DEFAULT)
                            .join()
                            .throwIfFailed();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            };
            upload.run(); // loads classes

            assertThat(AllocatedBytes.of(upload)).isLessThan((long) files * size / 10);
        }
    }

    @Test
    void overlappingCopiesAreRefused() {
        for (String to : List.of("a/b", "a", "")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> directories.copy(store, "a", to, DirectoryOptions.DEFAULT))
                    .withMessageContaining("overlap");
        }
    }

    @Test
    void blobsAreDeletedByPattern() throws Exception {
        blobs("logs/a.gz", "logs/b.txt", "logs/d/c.gz", "other.gz");

        DirectoryResult result = directories
                .delete(
                        store,
                        "logs/",
                        DirectoryOptions.builder().include("/*.gz").build())
                .join();

        assertThat(result.deleted()).isEqualTo(1);
        assertThat(keys()).containsExactly("logs/b.txt", "logs/d/c.gz", "other.gz");
    }

    @Test
    void thousandsAreDeletedInBatches() throws Exception {
        for (int i = 0; i < 2500; i++) {
            blobs("p/" + i);
        }
        List<Integer> batches = new CopyOnWriteArrayList<>();
        BlobStore counting = new ForwardingBlobStore(store) {
            @Override
            public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
                batches.add(keys.size());
                return super.delete(keys);
            }
        };

        DirectoryResult result =
                directories.delete(counting, "p/", DirectoryOptions.DEFAULT).join();

        assertThat(result.deleted()).isEqualTo(2500);
        assertThat(batches).containsExactly(1000, 1000, 500);
        assertThat(keys()).isEmpty();
    }

    // ---- comparison

    @ParameterizedTest
    @EnumSource
    void whatIsTakenForUnchanged(Comparison comparison) throws Exception {
        files("same", "touched", "content", "size");
        upload(DirectoryOptions.DEFAULT);
        Instant later = store.head(BlobKey.of("p/same")).lastModified().plusSeconds(60);
        Instant earlier = later.minusSeconds(600);
        for (String file : List.of("same", "content", "size")) {
            Files.setLastModifiedTime(source.resolve(file), FileTime.from(earlier));
        }
        Files.setLastModifiedTime(source.resolve("touched"), FileTime.from(later));
        Files.writeString(source.resolve("content"), "CONTENT");
        Files.setLastModifiedTime(source.resolve("content"), FileTime.from(earlier));
        Files.writeString(source.resolve("size"), "larger than before");
        Set<String> transferred = new TreeSet<>();

        upload(DirectoryOptions.builder()
                .comparison(comparison)
                .listener(recording(Outcome.TRANSFERRED, transferred))
                .build());

        assertThat(transferred)
                .containsExactlyInAnyOrderElementsOf(
                        switch (comparison) {
                            case NONE -> List.of("same", "touched", "content", "size");
                            case SIZE -> List.of("size");
                            case SIZE_AND_TIME -> List.of("touched", "size");
                            case SIZE_AND_CHECKSUM -> List.of("content", "size");
                        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Comparison.class,
            names = {"SIZE_AND_TIME", "SIZE_AND_CHECKSUM"})
    void aDownloadIsNotRepeated(Comparison comparison) throws Exception {
        blobs("p/a", "p/d/b");
        DirectoryOptions options =
                DirectoryOptions.builder().comparison(comparison).build();
        assertThat(download(options).transferred()).isEqualTo(2);

        DirectoryResult again = download(options);

        assertThat(again.unchanged()).isEqualTo(2);
        assertThat(again.transferred()).isZero();
        store.store(BlobKey.of("p/a"), ByteBuffer.wrap(new byte[] {'P', '/', 'a'}));
        assertThat(download(options).transferred()).isEqualTo(1);
        assertThat(target.resolve("a")).hasContent("P/a");
    }
}
