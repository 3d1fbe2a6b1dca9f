package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.contract.ChildJvm;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the commands on a bucket, below a unique prefix. */
abstract class BucketCommands {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private final String prefix = "cli-" + UUID.randomUUID() + "/";
    private String bucket = "";
    private String store = "";

    /** Returns the bucket's URI; empty if there is no bucket to test with. */
    abstract String bucket();

    /** Returns whether the server supports multipart uploads. */
    boolean takesParts() {
        return true;
    }

    /** Returns whether the server lists uploads by a prefix of their keys. */
    boolean listsUploads() {
        return true;
    }

    /** Returns whether the server reports when uploads were begun. */
    boolean datesUploads() {
        return true;
    }

    /** Returns whether the server keeps the CRC32C that is sent with a blob. */
    boolean keepsChecksums() {
        return true;
    }

    @BeforeEach
    void nameStore() {
        assumeTrue(!bucket().isEmpty(), "no bucket is configured");
        bucket = bucket();
        store = bucket + (bucket.contains("?") ? "&" : "?") + "prefix=" + prefix;
    }

    @AfterEach
    void empty() throws IOException {
        if (!bucket.isEmpty()) {
            try (BlobStore whole = BlobStores.open(bucket)) {
                whole.deleteAll(prefix);
            }
        }
    }

    @Test
    void whatIsUploadedInPartsComesBack() throws IOException {
        assumeTrue(takesParts(), "the server does not support multipart uploads");
        Path file = Cli.file(directory.resolve("some file.bin"), 13 * MIB + 1);
        Path back = directory.resolve("back");
        String checksum = Crc32c.of(BlobSource.ofPath(file)).hex();

        Cli upload = Cli.run("upload", file, "--store", store, "--key", "a/b c.bin", "--part-size", "5MiB", "--json");
        Cli stat = Cli.run("stat", "a/b c.bin", "--store", store, "--json");
        Cli download = Cli.run("download", "a/b c.bin", "--store", store, "--to", back, "--json");

        assertThat(upload.err()).isEmpty();
        assertThat(upload.json()).containsEntry("parts", 3).containsEntry("crc32c", checksum);
        assertThat(stat.json()).containsEntry("bytes", 13 * MIB + 1);
        if (keepsChecksums()) {
            assertThat(stat.json()).containsEntry("crc32c", checksum);
        }
        assertThat(download.json()).containsEntry("crc32c", checksum);
        assertThat(back).hasSameBinaryContentAs(file);
    }

    @Test
    void blobsAreCopiedToALocalStoreAndBack() throws IOException {
        assumeTrue(takesParts(), "the server does not support multipart uploads");
        String local = "file:" + directory.resolve("local") + "?create=true&durability=none";
        Path large = Cli.file(directory.resolve("large"), (17 << 20) + 1);
        Cli upload = Cli.run(
                "upload",
                large,
                "--store",
                store,
                "--key",
                "a/large",
                "--content-type",
                "text/css",
                "--metadata",
                "k=v");
        assertThat(upload.code()).as(upload.err()).isZero();

        Cli there = Cli.run("cp", "-r", ":a", ":b", "--store", store, "--target-store", local, "--json");
        Cli back = Cli.run("cp", ":b/large", ":c/", "--store", local, "--target-store", store, "--json");
        Cli again = Cli.run("sync", ":b", ":c", "--size-only", "--store", local, "--target-store", store, "--json");

        assertThat(there.json()).containsEntry("files", 1).containsEntry("bytes", (17 << 20) + 1);
        assertThat(back.json()).containsEntry("to", "c/large");
        assertThat(again.json()).containsEntry("files", 0).containsEntry("unchanged", 1);
        assertThat(directory.resolve("local/b/large")).hasSameBinaryContentAs(large);
        assertThat(Cli.run("cat", "c/large", "--store", store).content()).hasSameSizeAs(new byte[(17 << 20) + 1]);
        assertThat(Cli.run("stat", "c/large", "--store", store, "--checksum", "--json")
                        .json())
                .containsEntry("contentType", "text/css")
                .containsEntry("userMetadata", Map.of("k", "v"));
    }

    @Test
    void ifAbsentReplacesNoBlob() throws IOException {
        Path file = Cli.file(directory.resolve("small"), 10);
        Path other = Cli.file(directory.resolve("large"), 6 * MIB);
        List<String> sizes = takesParts() ? List.of("5MiB", "8MiB") : List.of("8MiB");

        assertThat(Cli.run("upload", file, "--store", store, "--key", "once", "--if-absent"))
                .satisfies(first -> assertThat(first.code()).isZero());

        for (String partSize : sizes) {
            Cli again =
                    Cli.run("upload", other, "--store", store, "--key", "once", "--if-absent", "--part-size", partSize);

            assertThat(again.code()).isEqualTo(5);
            assertThat(again.err()).hasLineCount(1).contains("exists already");
            assertThat(Cli.run("stat", "once", "--store", store, "--json").json())
                    .containsEntry("bytes", 10);
        }
    }

    @Test
    void aBlobIsListedUntilItIsDeleted() throws IOException {
        Path file = Cli.file(directory.resolve("small"), 10);
        assertThat(Cli.run("upload", file, "--store", store, "--key", "x/small").code())
                .isZero();

        assertThat(Cli.run("list", "x/", "--store", store).out()).contains("x/small");
        assertThat(Cli.run("delete", "x/small", "--store", store).code()).isZero();
        assertThat(Cli.run("list", "--store", store).out()).isEmpty();
        assertThat(Cli.run("stat", "x/small", "--store", store))
                .satisfies(missing -> assertThat(missing.code()).isEqualTo(3))
                .satisfies(missing -> assertThat(missing.err()).contains("there is no such blob"));
    }

    /** What a process leaves in the bucket that is killed while it uploads. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void uploadsOfAKilledProcessAreFoundAndAborted(boolean conditional) throws Exception {
        assumeTrue(takesParts(), "the server does not support multipart uploads");
        assumeTrue(listsUploads(), "the server does not list uploads by prefix");
        try (ChildJvm.Running child =
                ChildJvm.of(KilledUpload.class, directory).start(store, "x/killed", Boolean.toString(conditional))) {
            child.awaitLine("begun"::equals, Duration.ofMinutes(1));
            child.kill();
            child.join(Duration.ofMinutes(1));
        }

        assertThat(Cli.run("uploads", "--store", store).out()).hasLineCount(1).contains("x/killed");
        assertThat(Cli.run("uploads", "y", "--store", store, "--abort").out()).isEmpty();
        if (datesUploads()) {
            assertThat(Cli.run("uploads", "x/", "--store", store, "--older-than", "1d", "--abort")
                            .out())
                    .isEmpty();
        }
        Cli abort = Cli.run("uploads", "x/", "--store", store, "--abort", "--json");
        assertThat(abort.err()).isEmpty();
        assertThat(abort.jsonLines()).hasSize(1);
        assertThat(Cli.run("uploads", "--store", store).out()).isEmpty();
    }

    /** Begins an upload, and never ends it. */
    static final class KilledUpload {
        public static void main(String[] args) throws Exception {
            BlobStore store = BlobStores.open(args[0]);
            StoreOptions options = StoreOptions.builder()
                    .precondition(Boolean.parseBoolean(args[2]) ? Precondition.ifAbsent() : Precondition.none())
                    .build();
            MultipartUpload upload =
                    store.createMultipartUpload(BlobKey.of(args[1]), new PartLayout(10L * MIB, 5L * MIB), options);
            upload.uploadPart(1, BlobSource.of(ByteBuffer.allocate(5 * MIB)));
            System.out.println("begun");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void aMissingBucketIsReportedInOneLine() throws IOException {
        Path file = Cli.file(directory.resolve("small"), 10);
        String missing = store.replaceFirst("://[^?]*", "://no-such-bucket-" + UUID.randomUUID());

        Cli upload = Cli.run("upload", file, "--store", missing);

        assertThat(upload.code()).isEqualTo(3);
        assertThat(upload.err()).hasLineCount(1).contains("no-such-bucket").doesNotContain("Exception");
        try (BlobStore whole = BlobStores.open(bucket);
                BlobListing listing = whole.list(ListOptions.prefix(prefix))) {
            assertThat(listing.hasNext()).isFalse();
        }
    }
}
