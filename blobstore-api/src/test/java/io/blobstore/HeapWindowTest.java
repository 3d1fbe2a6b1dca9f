package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.InMemoryBlobStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The content of these windows is tested by the contract of all stores. */
class HeapWindowTest {
    @Test
    void theMemoryIsThatOfTheContentAndNotOfTheLimit() throws IOException {
        BlobKey key = BlobKey.of("key");
        try (BlobStore store = new InMemoryBlobStore()) {
            store.store(key, ByteBuffer.allocate(100_000));
            store.readAllBytes(key, Integer.MAX_VALUE); // loads classes

            long allocated = AllocatedBytes.of(() -> store.readAllBytes(key, Integer.MAX_VALUE));

            assertThat(allocated).isBetween(100_000L, 500_000L);
        }
    }

    @Test
    void noMoreThanTheLimitIsOffered() {
        HeapWindow window = new HeapWindow(10_000);
        assertThat(window.remaining()).isEqualTo(10_000);
        while (window.remaining() > 0) {
            ByteBuffer buffer = window.buffer();
            assertThat(buffer.remaining()).isBetween(1, (int) window.remaining());
            assertThat(window.buffer()).isSameAs(buffer);
            buffer.put((byte) 1);
        }
        assertThat(window.buffer().hasRemaining()).isFalse();
        assertThat(window.toByteArray()).hasSize(10_000).containsOnly(1);
    }
}
