package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.BlobStoreContract;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.fs.FsBlobStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the contract tests on cached stores: a cache changes nothing of what a store promises. The tests share one
 * cache, as several stores do, each under a name of its own.
 */
class CachedStoreContractTest {
    private static final AtomicInteger STORES = new AtomicInteger();

    @TempDir
    static Path directory;

    private static ContentCache cache;

    @BeforeAll
    static void openCache() throws IOException {
        CacheOptions options = CacheOptions.builder()
                .maxBytes(64 << 20)
                .storageMode(StorageMode.UNCOMPRESSED) // other modes start threads, which would count as leaked
                .build();
        cache = CacheFiles.open(directory.resolve("cache"), options);
    }

    @AfterAll
    static void closeCache() throws IOException {
        cache.close();
    }

    @Nested
    class OfMemory extends CachedContract {
        OfMemory() {
            super(CachedStoreOptions.DEFAULT);
        }
    }

    @Nested
    @Campaign(representedBy = CachedReadsTest.class)
    class InPieces extends CachedContract {
        InPieces() {
            super(CachedStoreOptions.builder()
                    .wholeBlobLimit(50)
                    .pieceSize(1 << 20)
                    .maxPieceBytes(16 << 20)
                    .build());
        }
    }

    @Nested
    @Campaign(representedBy = CachedReadsTest.class)
    class ThatCachesWhatIsStored extends CachedContract {
        ThatCachesWhatIsStored() {
            super(CachedStoreOptions.builder().cacheOnWrite(true).build());
        }

        /** The damage is not seen, as the content is read from the cache. */
        @Override
        protected boolean damage(BlobKey key) {
            return false;
        }
    }

    @Nested
    @Campaign(representedBy = WriteBackTest.class)
    class ThatWritesBack extends CachedContract {
        ThatWritesBack() {
            super(CachedStoreOptions.builder()
                    .writeBack(WriteBackOptions.DEFAULT)
                    .build());
        }

        @Override
        protected boolean damage(BlobKey key) {
            return false;
        }
    }

    abstract static class CachedContract extends BlobStoreContract {
        private final CachedStoreOptions options;
        private InMemoryBlobStore remote = new InMemoryBlobStore();

        CachedContract(CachedStoreOptions options) {
            this.options = options;
        }

        @Override
        protected BlobStore openStore(Path directory) throws IOException {
            remote = new InMemoryBlobStore();
            return cached(remote, options);
        }

        @Override
        protected boolean damage(BlobKey key) throws IOException {
            remote.flipBit(key, 77);
            return true;
        }

        @Override
        protected List<String> leftovers() {
            return remote.openUploads();
        }
    }

    @Nested
    @Campaign(representedBy = CachedReadsTest.class)
    class OfFiles extends BlobStoreContract {
        @Override
        protected BlobStore openStore(Path directory) throws IOException {
            return cached(FsBlobStore.open(directory), CachedStoreOptions.DEFAULT);
        }

        @Override
        protected boolean supportsKey(String name) {
            return List.of(name.split("/", -1)).stream()
                    .allMatch(segment -> !segment.isEmpty()
                            && !segment.equals(".")
                            && !segment.equals("..")
                            && segment.indexOf('\0') < 0
                            && segment.getBytes(StandardCharsets.UTF_8).length <= 255);
        }

        @Override
        protected boolean supportsKeysBelowKeys() {
            return false;
        }
    }

    private static BlobStore cached(BlobStore remote, CachedStoreOptions options) throws IOException {
        return CachedBlobStore.open(
                remote,
                cache,
                options.toBuilder().storeId("store " + STORES.incrementAndGet()).build());
    }
}
