package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.blobstore.s3.FaultyS3.Fault;
import io.blobstore.s3.FaultyS3.Moment;
import io.blobstore.s3.FaultyS3.Operation;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Bytes that are corrupted in transit, or that change between two reads, are never taken for those of the blob. */
@ExtendWith({LeakCheck.class, S3ProxyServer.Shared.class})
class CorruptContentTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final int PART = 5 << 20;
    private static final byte[] OLD = bytes(1, (1 << 20) + 4); // larger than what a reader keeps

    private static S3ProxyServer server;
    private static TestBucket bucket;

    private final String prefix = UUID.randomUUID() + "/";

    private static byte[] bytes(int seed, int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    @BeforeAll
    static void createBucket(S3ProxyServer shared) {
        server = shared;
        bucket = server.newBucket();
    }

    /** Deletes the blobs: the server has little memory, and is used by other tests after this one. */
    @AfterEach
    void deleteBlobs() throws IOException {
        try (BlobStore direct = server.store(bucket.name()).open()) {
            direct.deleteAll(prefix);
        }
    }

    private interface Action {
        void run(BlobStore store, FaultyS3 proxy) throws IOException, InterruptedException;
    }

    /** Runs an action with a store behind the proxy, after the old bytes are stored at the key. */
    private void throughProxy(Action action) throws IOException, InterruptedException {
        try (FaultyS3 proxy = new FaultyS3(server.endpoint());
                ImmediateRetryClient client =
                        new ImmediateRetryClient(proxy.endpoint(), S3ProxyServer.REGION, S3ProxyServer.credentials());
                BlobStore store = client.store(bucket.name()).prefix(prefix).open()) {
            store.store(KEY, BlobSource.of(ByteBuffer.wrap(OLD)));
            action.run(store, proxy);
        }
    }

    private static byte[] read(BlobStore store) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(3 * PART);
        store.read(KEY, ByteRange.all(), target);
        return Arrays.copyOf(target.array(), target.position());
    }

    // ---- corruption of requests

    @Test
    void theServerRefusesACorruptBlob() throws Exception {
        throughProxy((store, proxy) -> {
            proxy.inject(Operation.PUT_OBJECT, Fault.FLIPPED_REQUEST, Moment.AFTER, 1);

            assertThat(catchThrowableOfType(
                            IntegrityException.class,
                            () -> store.store(KEY, BlobSource.of(ByteBuffer.wrap(bytes(2, 1000))))))
                    .hasMessageContaining("received something else than was sent");
            assertThat(read(store)).isEqualTo(OLD);
        });
    }

    /** The part is not sent again, as corruption by memory or network needs attention. */
    @Test
    void aCorruptPartFailsTheUpload() throws Exception {
        byte[] content = bytes(2, 2 * PART + 100);
        throughProxy((store, proxy) -> {
            proxy.inject(Operation.UPLOAD_PART, Fault.FLIPPED_REQUEST, Moment.AFTER, 1);
            try (TransferManager uploader = TransferManager.create()) {
                UploadOptions options =
                        UploadOptions.builder().partSize(PART).concurrency(1).build();

                assertThat(catchThrowableOfType(
                                IntegrityException.class,
                                () -> uploader.upload(store, KEY, BlobSource.of(ByteBuffer.wrap(content)), options)
                                        .join()))
                        .hasMessageContaining("received something else than was sent");
            }
            assertThat(read(store)).isEqualTo(OLD);
            assertThat(bucket.uploads(prefix)).isEmpty();
            assertThat(proxy.forwarded(Operation.COMPLETE_MULTIPART_UPLOAD)).isZero();
        });
    }

    // ---- corruption of responses

    @Test
    void aWholeBlobIsComparedWithItsChecksum() throws Exception {
        throughProxy((store, proxy) -> {
            for (ByteRange whole : new ByteRange[] {ByteRange.all(), ByteRange.of(0, OLD.length)}) {
                ByteBuffer target = ByteBuffer.allocateDirect(OLD.length);
                proxy.inject(Operation.GET_OBJECT, Fault.FLIPPED_RESPONSE, Moment.AFTER, 1);

                assertThat(catchThrowableOfType(IntegrityException.class, () -> store.read(KEY, whole, target)))
                        .hasMessageContaining("read again");
                assertThat(target.position()).isZero();
                store.read(KEY, whole, target);
                assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(OLD));
            }
        });
    }

    @Test
    void aBlobThatAReaderReadsToItsEndIsComparedWithItsChecksum() throws Exception {
        throughProxy((store, proxy) -> {
            for (int flipped = 0; flipped < 4; flipped++) {
                try (TransferManager manager = TransferManager.create();
                        BlobReader blob = manager.openReader(store, KEY)) {
                    ByteBuffer target = ByteBuffer.allocateDirect(OLD.length / 4);
                    for (int i = 0; i < 3; i++) {
                        if (i == flipped) {
                            proxy.inject(Operation.GET_OBJECT, Fault.FLIPPED_RESPONSE, Moment.AFTER, 1);
                        }
                        blob.read(target.clear());
                    }
                    if (flipped < 3) {
                        assertThat(catchThrowableOfType(IntegrityException.class, () -> blob.read(target.clear())))
                                .hasMessageContaining("read again");
                    } else {
                        assertThat(blob.read(target.clear())).isEqualTo(OLD.length / 4);
                    }
                }
            }
        });
    }

    /** S3 has no checksums of ranges, so the caller compares. */
    @Test
    void theChecksumOfARangeIsThatOfTheReceivedBytes() throws Exception {
        throughProxy((store, proxy) -> {
            ByteBuffer target = ByteBuffer.allocateDirect(1000);
            Crc32c right = Crc32c.of(ByteBuffer.wrap(OLD, 500, 1000));
            proxy.inject(Operation.GET_OBJECT, Fault.FLIPPED_RESPONSE, Moment.AFTER, 1);

            ReadResult flipped = store.read(KEY, ByteRange.of(500, 1000), target);
            assertThat(flipped.checksum()).isNotEqualTo(right).isEqualTo(Crc32c.of(target.flip()));
            assertThat(store.read(KEY, ByteRange.of(500, 1000), target.clear()).checksum())
                    .isEqualTo(right);
        });
    }

    // ---- between two reads

    @Test
    void rangesOfAPinnedVersionAreNeverMixed() throws Exception {
        byte[] replacement = bytes(3, OLD.length);
        throughProxy((store, proxy) -> {
            BlobVersion pinned = store.head(KEY).version();
            ByteBuffer target = ByteBuffer.allocateDirect(OLD.length);
            int half = OLD.length / 2;
            store.read(KEY, ByteRange.of(0, half), target, ReadOptions.ifMatch(pinned));
            store.store(KEY, BlobSource.of(ByteBuffer.wrap(replacement)));

            for (ByteRange rest :
                    new ByteRange[] {ByteRange.of(half, half), ByteRange.from(half), ByteRange.from(OLD.length)}) {
                assertThat(catchThrowableOfType(
                                PreconditionFailedException.class,
                                () -> store.read(KEY, rest, target, ReadOptions.ifMatch(pinned))))
                        .as("%s", rest)
                        .isNotNull();
                assertThat(target.position()).isEqualTo(half);
            }
            assertThat(target.duplicate().flip()).isEqualTo(ByteBuffer.wrap(OLD, 0, half));
            assertThat(target.duplicate().limit(OLD.length)).isEqualTo(ByteBuffer.allocate(OLD.length - half));
        });
    }
}
