package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.transfer.Transfer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is deleted from the target, and when nothing is. */
class DirectoryDeletionsTest extends DirectoryFixture {
    // ---- deletions

    @Test
    void aMirrorDeletesWhatTheSourceDoesNotHave() throws Exception {
        files("a", "d/b");
        blobs("p/old", "p/d/old", "p/d-old/x", "q/other");

        DirectoryResult up = upload(MIRROR);
        write(target.resolve("stale/file"), "x");
        write(target.resolve("a"), "other");
        DirectoryResult down = download(MIRROR);

        assertThat(keys()).containsExactly("p/a", "p/d/b", "q/other");
        assertThat(up.deleted()).isEqualTo(3);
        assertThat(targetFiles()).containsExactly("a", "d/b");
        assertThat(down.deleted()).isEqualTo(1);
    }

    @Test
    void whatIsExcludedIsNotDeleted() throws Exception {
        files("a", "kept.tmp");
        blobs("p/cache/x", "p/b.tmp", "p/c");

        upload(MIRROR.toBuilder().exclude("cache", "*.tmp").build());

        assertThat(keys()).containsExactly("p/a", "p/b.tmp", "p/cache/x");
    }

    @Test
    void linksInTheTargetAreNotDeleted() throws Exception {
        blobs("p/a");
        write(temporary.resolve("elsewhere/kept"), "kept");
        Files.createDirectory(target);
        Files.createSymbolicLink(target.resolve("link"), temporary.resolve("elsewhere"));

        download(MIRROR);

        assertThat(targetFiles()).containsExactly("a");
        assertThat(target.resolve("link")).isSymbolicLink();
        assertThat(temporary.resolve("elsewhere/kept")).exists();
    }

    @Test
    void nothingIsDeletedIfTheSourceHasNoFiles() throws Exception {
        blobs("p/a", "p/b");
        write(target.resolve("c"), "c");

        for (Transfer<DirectoryResult> transfer : List.of(
                directories.upload(source, store, "p", MIRROR), directories.download(store, "typo", target, MIRROR))) {
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(transfer::join)
                    .withMessageContaining("the source has no files");
        }
        assertThat(keys()).containsExactly("p/a", "p/b");
        assertThat(targetFiles()).containsExactly("c");
    }

    @Test
    void nothingIsDeletedIfAFileFails() throws Exception {
        files("a", "b");
        blobs("p/old");
        BlobStore failing = failingFor("p/b");

        DirectoryResult result =
                directories.upload(source, failing, "p", MIRROR).join();

        assertThat(failed(result)).containsExactly("b");
        assertThat(result.deleted()).isZero();
        assertThat(keys()).containsExactly("p/a", "p/old");
    }

    @Test
    void nothingIsDeletedIfADirectoryCannotBeRead() throws Exception {
        files("a", "secret/b");
        Path secret = source.resolve("secret");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(secret), "root may read everything");
        blobs("p/secret/b", "p/old");
        try {
            DirectoryResult result = upload(MIRROR);

            assertThat(failed(result)).containsExactly("secret/");
            assertThat(keys()).containsExactly("p/a", "p/old", "p/secret/b");
        } finally {
            Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void nothingIsDeletedIfAPathCannotBeAKey() throws Exception {
        files("a");
        blobs("p/old");
        Path deep = source;
        for (int i = 0; i < 5; i++) {
            deep = Files.createDirectory(deep.resolve("d".repeat(250)));
        }

        DirectoryResult result = upload(MIRROR);

        assertThat(result.failures())
                .singleElement()
                .satisfies(failure ->
                        assertThat(failure.failure().orElseThrow()).hasMessageContaining("at most 1024 bytes"));
        assertThat(keys()).containsExactly("p/a", "p/old");
    }

    /** A listing that fails in the middle, as the source and as the target. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsDeletedIfTheListingFails(boolean upload) throws Exception {
        files("z");
        blobs("p/a", "p/b", "p/c");
        write(target.resolve("b"), "b");
        write(target.resolve("old"), "old");
        BlobStore failing = new ForwardingBlobStore(store) {
            @Override
            public BlobListing list(ListOptions options) throws IOException {
                return new FailingListing(super.list(options), 2);
            }
        };

        Transfer<DirectoryResult> transfer = upload
                ? directories.upload(source, failing, "p", MIRROR)
                : directories.download(failing, "p", target, MIRROR);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(transfer::join)
                .withMessageContaining("the listing broke");
        assertThat(keys()).contains("p/a", "p/b", "p/c");
        assertThat(targetFiles()).contains("b", "old");
    }

    /** Fails after some entries. */
    private static final class FailingListing implements BlobListing {
        private final BlobListing listing;
        private int left;

        FailingListing(BlobListing listing, int entries) {
            this.listing = listing;
            this.left = entries;
        }

        @Override
        public boolean hasNext() throws IOException {
            if (left-- == 0) {
                throw new BlobStoreException(Operation.LIST, null, "the listing broke", null, false);
            }
            return listing.hasNext();
        }

        @Override
        public Entry next() throws IOException {
            return listing.next();
        }

        @Override
        public long skipped() {
            return listing.skipped();
        }

        @Override
        public void close() throws IOException {
            listing.close();
        }
    }

    @Test
    void aDryRunChangesNothing() throws Exception {
        files("a", "same");
        blobs("p/same", "p/old", "p/../escape");
        store.store(BlobKey.of("p/same"), ByteBuffer.wrap("same".getBytes()));
        Set<String> before = keys();
        DirectoryOptions dry = MIRROR.toBuilder().dryRun(true).build();

        DirectoryResult up = upload(dry);
        DirectoryResult down = download(dry.toBuilder().delete(false).build());

        assertThat(up.transferred()).isEqualTo(1);
        assertThat(up.unchanged()).isEqualTo(1);
        assertThat(up.deleted()).isEqualTo(2);
        assertThat(down.transferred()).isEqualTo(3);
        assertThat(keys()).isEqualTo(before);
        assertThat(target).doesNotExist();

        Files.createDirectory(target);
        assertThat(failed(download(dry))).containsExactly("../escape");
    }
}
