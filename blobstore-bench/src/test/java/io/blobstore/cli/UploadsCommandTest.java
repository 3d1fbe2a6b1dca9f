package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobStores;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadsCommandTest {
    @TempDir
    Path directory;

    private String uri;
    private BlobStore store;
    private MultipartUpload first;
    private MultipartUpload second;

    @BeforeEach
    void begin() throws IOException {
        uri = "file:" + directory.resolve("store") + "?durability=none&create=true";
        store = BlobStores.open(uri);
        first = begin("a/1");
        second = begin("b\n2");
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    private MultipartUpload begin(String key) throws IOException {
        return store.createMultipartUpload(BlobKey.of(key), new PartLayout(3, 3), StoreOptions.DEFAULT);
    }

    private Cli run(String... options) {
        Cli run = Cli.run(Stream.concat(Stream.of("uploads", "--store", uri), Stream.of(options))
                .toArray());
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        return run;
    }

    @Test
    void uploadsAreListedALineEachAndNotAborted() throws IOException {
        for (int i = 0; i < 2; i++) {
            assertThat(run().out().lines())
                    .allMatch(line -> line.matches("[-0-9]{10}T[0-9:]{8}Z  [^ ]+/[0-9]+  .*"))
                    .satisfiesExactly(
                            line -> assertThat(line).endsWith(first.id() + "  a/1"),
                            line -> assertThat(line).endsWith(second.id() + "  b\\u000a2"));
        }
        first.uploadPart(1, BlobSource.of(ByteBuffer.allocate(3)));
        first.complete(Crc32c.of(ByteBuffer.allocate(3)));
        assertThat(run().out().lines()).hasSize(1);
    }

    @Test
    void aPrefixAndAnAgeSelectUploads() {
        assertThat(run("a/").out().lines()).hasSize(1);
        assertThat(run("c/").out()).isEmpty();
        assertThat(run("--older-than", "1h").out()).isEmpty();
        assertThat(run("--older-than", "1h", "--abort", "--json").out()).isEmpty();
        assertThat(run("--older-than", "0s").out().lines()).hasSize(2);
    }

    @Test
    void selectedUploadsAreAborted() throws IOException {
        Map<String, Object> upload = run("b", "--abort", "--json").json();

        assertThat(upload)
                .containsOnlyKeys("key", "id", "initiated", "aborted")
                .containsEntry("key", "b\n2")
                .containsEntry("id", second.id())
                .containsEntry("aborted", true);
        assertThat(Instant.parse((String) upload.get("initiated"))).isBefore(Instant.now());
        assertThat(run().out().lines())
                .singleElement()
                .satisfies(line -> assertThat(line).endsWith("a/1"));
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> second.uploadPart(1, BlobSource.of(ByteBuffer.allocate(3))))
                .withMessageContaining("the upload is gone");
        first.uploadPart(1, BlobSource.of(ByteBuffer.allocate(3)));
        first.complete(Crc32c.of(ByteBuffer.allocate(3)));
    }
}
