package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.RecordedEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** An observer of a store with a cache receives the requests to the remote store, which a hit does not need. */
@ExtendWith(LeakCheck.class)
class ObservedCacheTest {
    private static final BlobKey KEY = BlobKey.of("key");

    @TempDir
    private Path directory;

    @Test
    void onlyRequestsToTheRemoteStoreAreReported() throws IOException {
        RecordedEvents events = new RecordedEvents();
        String uri = "cache:" + directory.resolve("cache") + "?max=1MiB&of=mem:observed";
        try (BlobStore remote = BlobStores.open("mem:observed");
                BlobStore store = BlobStores.open(uri, events)) {
            remote.store(KEY, ByteBuffer.allocate(100));
            store.read(KEY, ByteRange.all(), ByteBuffer.allocate(100));
            store.read(KEY, ByteRange.all(), ByteBuffer.allocate(100));

            assertThat(events.requests())
                    .isNotEmpty()
                    .allSatisfy(ended -> assertThat(ended.request().backend()).isEqualTo("mem"));
            assertThat(events.requests())
                    .filteredOn(ended -> ended.request().operation() == Operation.READ)
                    .hasSize(1);
            assertThat(((CachedBlobStore) store).stats().hits()).isEqualTo(1);
            remote.delete(KEY);
        }
    }
}
