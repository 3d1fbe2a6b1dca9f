package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.cas.CacheInUseException;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cached stores that are opened by a URI. */
@ExtendWith(LeakCheck.class)
class CacheUriTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final byte[] CONTENT = CachedStoreFixture.bytes(300_000, 1);

    @TempDir
    Path directory;

    private String uri(String parameters) throws IOException {
        Path remote = Files.createDirectories(directory.resolve("remote"));
        return "cache:" + directory.resolve("cache") + "?" + parameters + "&of=" + "file:" + remote
                + "?durability=none";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max=64MiB",
                "max=64MiB&whole=1KiB&pieces=8MiB&piece=64KiB",
                "max=64MiB&writeback=16MiB&durability=none",
                "max=64MiB&storage=zstd&access=shared&durability=file"
            })
    void aChainOfStoresIsOpenedAndClosed(String parameters) throws IOException {
        try (BlobStore store = BlobStores.open(uri(parameters))) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            for (int i = 0; i < 2; i++) {
                CachedStoreFixture.read(store, KEY, ByteRange.all(), CONTENT);
            }
        }
        try (BlobStore remote = BlobStores.open("file:" + directory.resolve("remote"))) {
            CachedStoreFixture.read(remote, KEY, ByteRange.all(), CONTENT);
        }
    }

    @Test
    void aChainDescribesItself() throws IOException {
        try (BlobStore store = BlobStores.open(uri("max=64MiB"))) {
            assertThat(store)
                    .hasToString(
                            "CachedBlobStore(" + directory.resolve("remote").toUri() + ")");
        }
    }

    @Test
    void aReadOnlyCacheServesWhatIsThere() throws IOException {
        try (BlobStore store = BlobStores.open(uri("max=64MiB"))) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            CachedStoreFixture.read(store, KEY, ByteRange.all(), CONTENT);
        }
        try (CachedBlobStore store = (CachedBlobStore) BlobStores.open(uri("max=64MiB&access=read-only"))) {
            BlobKey other = BlobKey.of("other");
            store.store(other, ByteBuffer.wrap(CONTENT, 0, 1000));
            CachedStoreFixture.read(store, KEY, ByteRange.all(), CONTENT);
            CachedStoreFixture.read(store, other, ByteRange.all(), Arrays.copyOf(CONTENT, 1000));
            assertThat(store.stats().hits()).isEqualTo(1);
        }
    }

    @Test
    void aDirectoryIsOpenedOnce() throws IOException {
        try (BlobStore store = BlobStores.open(uri("max=64MiB"))) {
            assertThat(store).isNotNull();
            assertThatExceptionOfType(CacheInUseException.class).isThrownBy(() -> BlobStores.open(uri("max=64MiB")));
        }
        BlobStores.open(uri("max=64MiB")).close();
    }

    @Test
    void ifTheRemoteStoreCannotBeOpenedTheCacheIsClosed() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open("cache:" + directory.resolve("cache") + "?max=1MiB&of=nope://bucket"))
                .withMessageContaining("no store supports the scheme 'nope:'");

        BlobStores.open(uri("max=1MiB")).close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cache:/d?max=1MiB | needs the parameter 'of'",
                "cache:/d?of=mem: | needs the parameter 'max'",
                "cache:/d?max=1GB&of=mem: | is a size such as",
                "cache:/d?max=9999999TiB&of=mem: | is a size such as",
                "cache:/d?max=-1&of=mem: | is a size such as",
                "cache:/d?max=1MiB&size=3&of=mem: | [access, durability, max, of, piece, pieces, state, storage, whole, writeback]",
                "cache:/d?max=1MiB&storage=gzip&of=mem: | zstd, uncompressed, hybrid",
                "cache:/d?max=1MiB&access=readonly&of=mem: | exclusive, read-only, shared",
                "cache:/d?max=1MiB&writeback=1MiB&access=shared&of=mem: | access=exclusive",
                "cache://host/d?max=1MiB&of=mem: | has no host",
                "cache:/d?max=1MiB&of=bucket | begins with a scheme",
            })
    void aMistakeIsExplained(String uri, String explanation) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(uri))
                .withMessageContaining(explanation);
    }

    @Test
    void aClosedChainRefusesCalls() throws IOException {
        BlobStore store = BlobStores.open(uri("max=64MiB"));
        store.close();
        store.close();

        assertThatIllegalStateException().isThrownBy(() -> store.head(KEY));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "17,17", "3B,3", "4KiB,4096", "1MiB,1048576", "2GiB,2147483648", "8388607TiB,9223370937343148032"
    })
    void sizesHaveUnits(String text, long bytes) {
        assertThat(CacheBlobStoreProvider.size("max", text)).isEqualTo(bytes);
    }
}
