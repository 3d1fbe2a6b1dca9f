package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Responses to requests that store blobs, and uploads that are interrupted or whose store is closed. */
@ExtendWith(LeakCheck.class)
class UploadResponsesTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final Script STORED = Script.responding(200, "", ScriptedS3.ETAG);

    private static BlobSource content() {
        return BlobSource.of(ByteBuffer.wrap(BYTES));
    }

    @Test
    void aFlippedBitInAStoredBlobIsDetected() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(
                        Script.responding(200, "", ScriptedS3.ETAG, "x-amz-checksum-crc32c: AAAAAA=="));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(IntegrityException.class, () -> store.store(KEY, content())))
                    .hasMessageContaining("the server received");
        }
    }

    @Test
    void theChecksumsOfTheBlobAndOfThePartsAreCompared() throws IOException {
        for (String mode : new String[] {"FULL_OBJECT", "COMPOSITE"}) {
            String wrong = mode.equals("COMPOSITE") ? "AAAAAA==-1" : "AAAAAA==";
            Script created = Script.responding(
                    200,
                    "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>",
                    "x-amz-checksum-algorithm: CRC32C",
                    "x-amz-checksum-type: " + mode);
            Script completed = Script.responding(
                    200,
                    "<CompleteMultipartUploadResult><ETag>\"1\"</ETag><ChecksumCRC32C>" + wrong
                            + "</ChecksumCRC32C></CompleteMultipartUploadResult>");
            try (ScriptedServer server =
                            ScriptedServer.plain(Script.responding(204, "")).then(created, STORED, completed);
                    BlobStore store = ScriptedS3.store(server).open();
                    MultipartUpload upload =
                            store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, content());

                assertThat(catchThrowableOfType(IntegrityException.class, () -> upload.complete(Crc32c.of(content()))))
                        .hasMessageContaining("the server has stored");
            }
        }
    }

    /** The response has the id that is needed for the abort, so the request is not interrupted; the abort is sent. */
    @Test
    void anInterruptDoesNotEndTheCreationOfAnUpload() throws IOException {
        Thread caller = Thread.currentThread();
        Script created = exchange -> {
            caller.interrupt();
            exchange.respond(
                    200, "<InitiateMultipartUploadResult><UploadId>i-1</UploadId></InitiateMultipartUploadResult>");
        };
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(204, "")).then(created);
                BlobStore store = ScriptedS3.store(server).open()) {
            MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT);
            assertThat(caller.isInterrupted()).isTrue();
            upload.close();

            assertThat(Thread.interrupted()).isTrue();
            assertThat(server.requests()).hasSize(2);
            assertThat(server.requests().get(1).toString()).startsWith("DELETE").contains("uploadId=i-1");
        }
    }

    @Test
    void uploadsOfAClosedStoreAreAborted() throws IOException {
        Script created = Script.responding(
                200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
        try (ScriptedServer server =
                ScriptedServer.plain(Script.responding(204, "")).then(created)) {
            BlobStore store = ScriptedS3.store(server).open();
            store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT);
            store.close();

            assertThat(server.requests()).extracting(ScriptedExchange::method).containsExactly("POST", "DELETE");
        }
    }

    /** The id has not arrived when the store is closed, and the upload could not be aborted later. */
    @Test
    void anUploadThatIsBeingCreatedWhenItsStoreIsClosedIsAborted() throws Exception {
        CountDownLatch received = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        Script created = exchange -> {
            exchange.discardBody();
            received.countDown();
            closing.await();
            exchange.respond(
                    200, "<InitiateMultipartUploadResult><UploadId>i-1</UploadId></InitiateMultipartUploadResult>");
        };
        try (ScriptedServer server =
                ScriptedServer.plain(Script.responding(204, "")).then(created)) {
            BlobStore store = ScriptedS3.store(server).open();
            FutureTask<MultipartUpload> creation = new FutureTask<>(
                    () -> store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT));
            Thread creator = new Thread(creation);
            creator.start();
            assertThat(received.await(20, TimeUnit.SECONDS)).isTrue();
            FutureTask<?> close = new FutureTask<>(() -> {
                store.close();
                return null;
            });
            Thread closer = new Thread(close);
            closer.start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (closer.getState() != Thread.State.TIMED_WAITING
                    && closer.isAlive()
                    && System.nanoTime() - deadline < 0) {
                Thread.onSpinWait(); // until it waits for the creation
            }
            closing.countDown();
            close.get(20, TimeUnit.SECONDS);
            creator.join();

            assertThat(catchThrowableOfType(ExecutionException.class, creation::get))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed meanwhile");
            assertThat(server.requests()).hasSize(2);
            assertThat(server.requests().get(1).toString()).startsWith("DELETE").contains("uploadId=i-1");
        }
    }

    @Test
    void aCopyInPartsIsAbortedWhenItsStoreIsClosed() throws Exception {
        CountDownLatch copying = new CountDownLatch(1);
        Script head = ScriptedS3.head(10, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
        Script created = Script.responding(
                200, "<InitiateMultipartUploadResult><UploadId>i-1</UploadId></InitiateMultipartUploadResult>");
        Script part = exchange -> {
            exchange.discardBody();
            copying.countDown();
            exchange.stall();
        };
        try (ScriptedServer server =
                ScriptedServer.plain(Script.responding(204, "")).then(head, ScriptedS3.tags(""), created, part)) {
            BlobStore store = ScriptedS3.store(server).open(5, 5);
            FutureTask<StoredBlob> copy = new FutureTask<>(() -> store.copy(KEY, BlobKey.of("copy")));
            Thread copier = new Thread(copy);
            copier.start();
            assertThat(copying.await(20, TimeUnit.SECONDS)).isTrue();
            store.close();
            copier.join();

            assertThat(catchThrowableOfType(ExecutionException.class, copy::get))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed meanwhile");
            assertThat(server.requests()).hasSize(5);
            assertThat(server.requests().get(4).toString()).startsWith("DELETE").contains("uploadId=i-1");
        }
    }
}
