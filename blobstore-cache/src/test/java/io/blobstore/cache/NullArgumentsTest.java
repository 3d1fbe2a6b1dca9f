package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.CacheStats;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    private static final Set<Class<?>> CREATED_BY_THIS_MODULE = Set.of(
            ArrivingContent.class,
            PendingUploads.class,
            CachedStoreStats.class,
            RemoteCacheStats.class,
            CacheEntry.class,
            CacheStats.class);

    @Test
    void aNullArgumentIsNamed(@TempDir Path directory) throws IOException {
        List<Class<?>> types = NullArguments.publicTypes(CachedBlobStore.class).stream()
                .filter(type -> !type.getPackageName().equals("io.blobstore.cache.pieces")) // not exported
                .filter(type -> !CREATED_BY_THIS_MODULE.contains(type))
                .filter(type -> type != RemoteCache.class && type != EntryBlobStore.class) // for blobstore-server
                .toList();
        CacheOptions options = CacheOptions.ofMaxBytes(1 << 20);
        try (ContentCache cache = ContentCache.open(directory, options);
                BlobStore remote = new InMemoryBlobStore();
                CachedBlobStore store = CachedBlobStore.open(remote, cache);
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build()) {
            assertThat(new NullArguments(
                                    store,
                                    transfers,
                                    cache,
                                    options,
                                    AccessTrace.of(List.of(ByteRange.of(0, 1))),
                                    CacheOptions.builder().maxBytes(1 << 20),
                                    Digest.of(BlobSource.of(ByteBuffer.allocate(1))))
                            .unnamed(types))
                    .isEmpty();
        }
    }
}
