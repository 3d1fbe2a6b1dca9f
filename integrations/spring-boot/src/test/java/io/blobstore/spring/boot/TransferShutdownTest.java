package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What becomes of running transfers when the application stops. */
@Timeout(60)
class TransferShutdownTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    /** Holds each upload until it may end. */
    private BlobStore slowStore() throws IOException {
        return new ForwardingBlobStore(BlobStores.open("mem:")) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                begun.countDown();
                try {
                    mayEnd.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw (IOException) new InterruptedIOException("interrupted").initCause(e);
                }
                return super.store(key, content, options);
            }
        };
    }

    private Transfer<StoredBlob> stopDuringAnUpload(String timeout, boolean ends) throws Exception {
        try (BlobStore store = slowStore()) {
            AtomicReference<Transfer<StoredBlob>> upload = new AtomicReference<>();
            new ApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(BlobStoreAutoConfiguration.class))
                    .withPropertyValues("blobstore.transfer.shutdown-timeout=" + timeout)
                    .run(context -> {
                        TransferManager transfers = context.getBean(TransferManager.class);
                        upload.set(transfers.upload(store, KEY, BlobSource.of(ByteBuffer.wrap(new byte[10]))));
                        begun.await();
                        if (ends) {
                            mayEnd.countDown();
                        }
                        context.close();
                    });
            return upload.get();
        }
    }

    @Test
    void aTransferThatEndsInTimeIsAwaited() throws Exception {
        assertThat(stopDuringAnUpload("1m", true).join().size()).isEqualTo(10);
    }

    @Test
    void aTransferThatTakesLongerIsCancelled() throws Exception {
        assertThat(stopDuringAnUpload("50ms", false).toCompletableFuture()).isCompletedExceptionally();
    }
}
