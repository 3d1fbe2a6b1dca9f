package io.blobstore.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.transfer.TransferManager;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

/** A response takes the same heap whatever the size of the blob. */
class BlobResponseMemoryTest {
    private static final int SIZE = 64 << 20;
    private static final BlobKey KEY = BlobKey.of("large");

    @TempDir
    Path directory;

    /** Counts the bytes of the body, and keeps none. */
    private static final class CountingResponse extends MockHttpServletResponse {
        private long bytes;

        @Override
        public ServletOutputStream getOutputStream() {
            return new ServletOutputStream() {
                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setWriteListener(WriteListener listener) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void write(int b) {
                    bytes++;
                }

                @Override
                public void write(byte[] content, int offset, int length) {
                    bytes += length;
                }
            };
        }
    }

    @Test
    void theContentIsNotHeldOnTheHeap() throws IOException {
        try (BlobStore store = BlobStores.open(directory.toUri().toString());
                TransferManager transfers = TransferManager.create()) {
            store.store(KEY, BlobSource.of(ByteBuffer.allocateDirect(SIZE)));
            BlobResource blob = new BlobResource(transfers, store, KEY);
            BlobResponse.send(blob, new MockHttpServletRequest("GET", "/"), new CountingResponse()); // loads classes
            CountingResponse response = new CountingResponse();

            long allocated =
                    AllocatedBytes.of(() -> BlobResponse.send(blob, new MockHttpServletRequest("GET", "/"), response));

            assertThat(response.bytes).isEqualTo(SIZE);
            assertThat(allocated).isLessThan(SIZE / 16);
        }
    }
}
