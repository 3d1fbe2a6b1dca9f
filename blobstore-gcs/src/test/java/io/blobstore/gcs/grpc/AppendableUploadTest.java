package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.RecordedEvents;
import io.blobstore.gcs.AppendableUpload;
import io.blobstore.gcs.FencedUploadException;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsTransport;
import io.blobstore.gcs.UnsupportedTransportException;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifies appendable uploads, and stores and transfers that use them, of a store whose transport is gRPC. */
@ExtendWith(LeakCheck.class)
class AppendableUploadTest {
    private static final BlobKey KEY = BlobKey.of("some/blob");
    private static final int MIB = 1 << 20;

    private FakeGrpcStorage fake;
    private GcsBlobStore store;

    @BeforeAll
    static void keepEventLoops() {
        GrpcReadsBase.requireEventLoops();
    }

    @BeforeEach
    void open() throws IOException {
        fake = FakeGrpcStorage.start();
        store = builder().transport(GcsTransport.GRPC).open();
    }

    @AfterEach
    void close() throws IOException {
        store.close();
        fake.close();
    }

    private GcsBlobStore.Builder builder() {
        return GcsBlobStore.builder(FakeGrpcStorage.BUCKET)
                .endpoint(fake.endpoint())
                .credentials(NoCredentials.getInstance())
                .prefix("p/");
    }

    // ---- appendable uploads

    @Test
    void anUploadGrowsVisiblyAndIsFinalized() throws IOException {
        byte[] content = random(3 * MIB);
        StoreOptions options = StoreOptions.builder()
                .contentType("text/plain")
                .userMetadata("a", "b")
                .build();
        try (AppendableUpload upload = store.createAppendableUpload(KEY, options)) {
            assertThat(content()).isEmpty();
            upload.append(source(content, 0, MIB));
            assertThat(upload.size()).isEqualTo(MIB);
            assertThat(upload.flush()).isEqualTo(MIB);
            assertThat(upload.persistedSize()).isEqualTo(MIB);
            assertThat(content()).isEqualTo(Arrays.copyOf(content, MIB));
            ByteBuffer rest = ByteBuffer.wrap(content, MIB, 2 * MIB);
            upload.append(rest);
            assertThat(rest.hasRemaining()).isFalse();

            StoredBlob blob = upload.finalizeObject();

            assertThat(blob.size()).isEqualTo(content.length);
            assertThat(blob.version()).isEqualTo(upload.version());
            assertThat(blob.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
            assertThat(content()).isEqualTo(content);
            assertThatThrownBy(upload::flush).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(upload::finalizeObject).isInstanceOf(IllegalStateException.class);
        }
        var metadata = fake.objects.find("p/" + KEY).orElseThrow().metadata();
        assertThat(metadata.getContentType()).isEqualTo("text/plain");
        assertThat(metadata.getMetadataMap()).containsEntry("a", "b");
    }

    @Test
    void anUploadIsResumedAfterItsBeginningWasCompared() throws IOException {
        byte[] content = random(2 * MIB);
        AppendableUpload first = store.createAppendableUpload(KEY, StoreOptions.DEFAULT);
        first.append(source(content, 0, 1_000_001));
        assertThat(first.closeUnfinalized()).isEqualTo(1_000_001);
        first.close();
        first.close();

        byte[] other = content.clone();
        other[1_000_000] ^= 1;
        try (AppendableUpload wrong = store.resumeAppendableUpload(KEY, first.generation())) {
            assertThatThrownBy(() -> wrong.appendRest(source(other, 0, other.length)))
                    .isInstanceOf(IntegrityException.class);
        }
        try (AppendableUpload shorter = store.resumeAppendableUpload(KEY, first.generation())) {
            assertThatThrownBy(() -> shorter.appendRest(source(content, 0, 1_000_000)))
                    .isInstanceOf(IntegrityException.class);
        }
        try (AppendableUpload second = store.resumeAppendableUpload(KEY, first.generation())) {
            assertThat(second.persistedSize()).isEqualTo(1_000_001);
            second.appendRest(source(content, 0, content.length));
            second.finalizeObject();
        }
        assertThat(content()).isEqualTo(content);
    }

    @Test
    void twoWritersEndInOneFinalizedObjectAndATypedException() throws IOException {
        byte[] content = random(MIB);
        try (AppendableUpload first = store.createAppendableUpload(KEY, StoreOptions.DEFAULT)) {
            first.append(source(content, 0, 10));
            first.flush();
            try (AppendableUpload second = store.resumeAppendableUpload(KEY, first.generation())) {
                second.appendRest(source(content, 0, content.length));
                second.finalizeObject();
            }
            first.append(source(content, 10, 20));
            assertThatThrownBy(first::finalizeObject)
                    .isInstanceOf(FencedUploadException.class)
                    .hasMessageContaining("append 'some/blob': another writer");
        }
        assertThat(content()).isEqualTo(content);
        long generation = fake.objects.find("p/" + KEY).orElseThrow().generation();
        assertThatThrownBy(() -> store.resumeAppendableUpload(KEY, generation))
                .isInstanceOf(FencedUploadException.class);
        assertThatThrownBy(() -> store.resumeAppendableUpload(KEY, generation + 1))
                .isInstanceOf(BlobNotFoundException.class);
    }

    @Test
    void aPreconditionIsEvaluatedWhenTheObjectIsCreated() throws IOException {
        fake.put("p/" + KEY, new byte[1]);
        StoreOptions absent =
                StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
        assertThatThrownBy(() -> store.createAppendableUpload(KEY, absent))
                .isInstanceOf(BlobAlreadyExistsException.class);
        assertThat(content()).hasSize(1);
    }

    @Test
    void closingTheStoreEndsUploads() throws IOException {
        AppendableUpload upload = store.createAppendableUpload(KEY, StoreOptions.DEFAULT);
        upload.append(source(random(10), 0, 10));
        store.close();
        assertThatThrownBy(upload::flush).isInstanceOf(IllegalStateException.class);
        upload.close();
    }

    @Test
    void otherTransportsAndBucketsHaveNoAppendableUploads() throws IOException {
        try (GcsBlobStore http = builder().open()) {
            assertThatThrownBy(() -> http.createAppendableUpload(KEY, StoreOptions.DEFAULT))
                    .isInstanceOf(UnsupportedTransportException.class);
        }
    }

    @Test
    void eachCallIsARequestOfTheObserver() throws IOException {
        RecordedEvents events = new RecordedEvents();
        try (GcsBlobStore observed =
                builder().transport(GcsTransport.GRPC).observer(events).open()) {
            AppendableUpload first = observed.createAppendableUpload(KEY, StoreOptions.DEFAULT);
            first.append(source(random(100), 0, 100));
            first.append(ByteBuffer.allocate(20));
            first.flush();
            try (AppendableUpload second = observed.resumeAppendableUpload(KEY, first.generation())) {
                second.append(ByteBuffer.allocate(3));
                second.closeUnfinalized();
            }
            assertThatThrownBy(() -> {
                        first.append(ByteBuffer.allocate(4));
                        first.finalizeObject();
                    })
                    .isInstanceOf(FencedUploadException.class);
            assertThatThrownBy(first::flush).isInstanceOf(IllegalStateException.class); // no request
            byte[] whole = fake.content("p/" + KEY);
            try (AppendableUpload third = observed.resumeAppendableUpload(KEY, first.generation())) {
                third.appendRest(source(Arrays.copyOf(whole, 200), 0, 200));
                third.finalizeObject();
            }
            assertThatThrownBy(() -> observed.resumeAppendableUpload(KEY, first.generation()))
                    .isInstanceOf(FencedUploadException.class);
        }
        List<RequestEnded> uploads = events.requests().stream()
                .filter(ended -> ended.request().operation() != Operation.HEAD)
                .toList();
        assertThat(uploads)
                .extracting(ended -> ended.request().operation())
                .startsWith(Operation.CREATE_UPLOAD, Operation.APPEND)
                .filteredOn(operation -> operation != Operation.APPEND)
                .hasSize(1);
        assertThat(uploads)
                .extracting(RequestEnded::bytesSent)
                .containsExactly(0L, 100L, 20L, 0L, 0L, 3L, 0L, 4L, 0L, 0L, 77L, 0L, 0L);
        assertThat(uploads)
                .filteredOn(ended -> ended.outcome() != Outcome.SUCCESS)
                .extracting(ended -> ended.problem().orElseThrow())
                .hasSize(2)
                .hasOnlyElementsOfType(FencedUploadException.class);
    }

    @Test
    void littleOfTheHeapIsUsed() throws IOException {
        ByteBuffer content = ByteBuffer.allocateDirect(8 * MIB);
        try (AppendableUpload upload = store.createAppendableUpload(KEY, StoreOptions.DEFAULT)) {
            upload.append(content.duplicate());
            upload.flush();
            long allocated = AllocatedBytes.of(() -> {
                for (int i = 0; i < 8; i++) {
                    upload.append(content.duplicate());
                    upload.flush();
                }
            });
            // The arrays of the first append are used again; 64 MiB would be a copy of everything.
            assertThat(allocated).isLessThan(4 * MIB);
        }
    }

    // ---- stores and transfers

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 17 * MIB})
    void aStoredBlobAppearsWhenItIsComplete(int size) throws IOException {
        byte[] content = random(size);
        fake.put("p/" + KEY, new byte[7]);
        BlobSource source = source(content, 0, size);

        StoredBlob blob = store.store(KEY, source, StoreOptions.DEFAULT);

        assertThat(content()).isEqualTo(content);
        assertThat(blob.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
        assertThat(blob.version().value())
                .isEqualTo(Long.toString(
                        fake.objects.find("p/" + KEY).orElseThrow().generation()));
        assertThat(fake.objects.list("", "")).hasSize(1);
    }

    @Test
    void aFailedStoreLeavesThePreviousBlobAndNothingElse() throws IOException {
        fake.put("p/" + KEY, new byte[7]);
        fake.faults.writes(1, new WriteFault.DamageAtFinish());
        assertThatThrownBy(() -> store.store(KEY, source(random(MIB), 0, MIB), StoreOptions.DEFAULT))
                .isInstanceOf(IntegrityException.class);
        StoreOptions absent =
                StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
        assertThatThrownBy(() -> store.store(KEY, source(random(MIB), 0, MIB), absent))
                .isInstanceOf(BlobAlreadyExistsException.class);
        assertThat(content()).hasSize(7);
        assertThat(fake.objects.list("", "")).hasSize(1);
    }

    @Test
    void aStoreWithAPreconditionReplacesThatVersionOnly() throws IOException {
        StoredBlob first = store.store(KEY, source(random(10), 0, 10), StoreOptions.DEFAULT);
        StoreOptions unchanged = StoreOptions.builder()
                .precondition(Precondition.ifMatch(first.version()))
                .build();
        store.store(KEY, source(random(11), 0, 11), unchanged);
        assertThatThrownBy(() -> store.store(KEY, source(random(12), 0, 12), unchanged))
                .isInstanceOf(PreconditionFailedException.class);
        assertThat(content()).hasSize(11);
    }

    @Test
    void aMoveWhoseAnswerIsLostIsNoFailure() throws IOException {
        fake.faults.loseMoves(1, WriteFault.unavailable());
        byte[] content = random(MIB);
        StoredBlob blob = store.store(KEY, source(content, 0, MIB), StoreOptions.DEFAULT);
        assertThat(blob.size()).isEqualTo(MIB);
        assertThat(content()).isEqualTo(content);
    }

    @Test
    void anUploadOfAnySizeIsOneStream() throws Exception {
        byte[] content = random(40 * MIB);
        try (TransferManager transfers = TransferManager.create()) {
            transfers.upload(store, KEY, source(content, 0, content.length)).join();
        }
        assertThat(content()).isEqualTo(content);
        assertThat(fake.counts.writeStreams).hasValue(1);
    }

    private byte[] content() {
        return fake.content("p/" + KEY);
    }

    private static BlobSource source(byte[] content, int from, int to) {
        return BlobSource.of(ByteBuffer.wrap(content, from, to - from));
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
