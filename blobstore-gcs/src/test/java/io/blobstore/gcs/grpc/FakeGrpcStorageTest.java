package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.core.ApiFuture;
import com.google.cloud.storage.BlobAppendableUpload;
import com.google.cloud.storage.BlobAppendableUpload.AppendableUploadWriteableByteChannel;
import com.google.cloud.storage.BlobAppendableUploadConfig;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.BlobReadSession;
import com.google.cloud.storage.RangeSpec;
import com.google.cloud.storage.ReadProjectionConfigs;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Verifies the fake with the SDK: what it says about the SDK is what our code relies on, or guards against. */
class FakeGrpcStorageTest {
    @Test
    void theSdkReadsRangesOverOneStreamAndTheFakeCounts() throws Exception {
        byte[] content = random(5 << 20);
        try (FakeGrpcStorage fake = FakeGrpcStorage.start();
                Storage client = fake.newClient()) {
            long generation = fake.put("a", content);
            try (BlobReadSession session = open(client, BlobId.of(FakeGrpcStorage.BUCKET, "a", generation))) {
                ApiFuture<byte[]> first = read(session, 0, 5 << 20);
                ApiFuture<byte[]> second = read(session, 1_000_000, 17);

                assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo(content);
                assertThat(second.get(30, TimeUnit.SECONDS))
                        .isEqualTo(Arrays.copyOfRange(content, 1_000_000, 1_000_017));
            }
            assertThat(fake.connections()).isEqualTo(1);
            assertThat(fake.counts.readSessions).hasValue(1);
            assertThat(fake.counts.ranges).hasValue(2);
            assertThat(fake.counts.messages).hasValue(4);
            assertThat(fake.counts.bytesSent).hasValue((5 << 20) + 17);
        }
    }

    @Test
    void theSdkTakesAShortRangeForAWholeOne() throws Exception {
        try (FakeGrpcStorage fake = FakeGrpcStorage.start();
                Storage client = fake.newClient()) {
            fake.put("a", random(3 << 20));
            fake.faults.nextRange(new ReadFault.Short(1));
            try (BlobReadSession session = open(client, BlobId.of(FakeGrpcStorage.BUCKET, "a"))) {
                assertThat(read(session, 1, (3 << 20) - 1).get(30, TimeUnit.SECONDS))
                        .hasSize(2 << 20);
            }
        }
    }

    @Test
    void theSdkAsksAgainForALastMessageWithAWrongChecksum() throws Exception {
        byte[] content = random(3 << 20);
        try (FakeGrpcStorage fake = FakeGrpcStorage.start();
                Storage client = fake.newClient()) {
            fake.put("a", content);
            fake.faults.nextRange(new ReadFault.WrongCrc(2));
            try (BlobReadSession session = open(client, BlobId.of(FakeGrpcStorage.BUCKET, "a"))) {
                assertThat(read(session, 1, (3 << 20) - 1).get(30, TimeUnit.SECONDS))
                        .isEqualTo(Arrays.copyOfRange(content, 1, 3 << 20));
            }
            assertThat(fake.counts.ranges).hasValue(2);
        }
    }

    @Test
    void anObjectGrowsByFlushesAndIsTakenOverAndFinalized() throws Exception {
        byte[] content = random(3_000_000);
        try (FakeGrpcStorage fake = FakeGrpcStorage.start();
                Storage client = fake.newClient()) {
            BlobAppendableUpload fenced = upload(client, BlobId.of(FakeGrpcStorage.BUCKET, "a"));
            AppendableUploadWriteableByteChannel first = fenced.open();
            write(first, content, 0, 1_000_000);
            first.flush();
            assertThat(fake.content("a")).isEqualTo(Arrays.copyOf(content, 1_000_000));
            long generation = client.get(FakeGrpcStorage.BUCKET, "a").getGeneration();

            AppendableUploadWriteableByteChannel second =
                    appendTo(client, BlobId.of(FakeGrpcStorage.BUCKET, "a", generation));
            write(second, content, 1_000_000, 3_000_000);
            second.flush();
            write(first, content, 0, 1);
            first.flush(); // returns, although the upload fails
            assertThatThrownBy(() -> fenced.getResult().get(30, TimeUnit.SECONDS))
                    .hasStackTraceContaining("different writer");
            second.finalizeAndClose();

            assertThat(fake.content("a")).isEqualTo(content);
            assertThat(client.get(FakeGrpcStorage.BUCKET, "a").getSize()).isEqualTo(3_000_000);
            BlobAppendableUpload late = upload(client, BlobId.of(FakeGrpcStorage.BUCKET, "a", generation));
            late.open();
            assertThatThrownBy(() -> late.getResult().get(30, TimeUnit.SECONDS))
                    .hasStackTraceContaining("already-finalized");
        }
    }

    @Test
    void bucketsListsAndDeletions() throws Exception {
        try (FakeGrpcStorage fake = FakeGrpcStorage.start();
                Storage client = fake.newClient()) {
            assertThat(client.get(FakeGrpcStorage.BUCKET).getStorageClass()).hasToString("RAPID");
            fake.put("a/1", new byte[1]);
            fake.put("a/2", new byte[2]);
            fake.put("b", new byte[3]);
            assertThat(client.list(
                                    FakeGrpcStorage.BUCKET,
                                    Storage.BlobListOption.prefix("a/"),
                                    Storage.BlobListOption.pageSize(1))
                            .iterateAll())
                    .extracting(BlobInfo::getName)
                    .isEqualTo(List.of("a/1", "a/2"));
            assertThat(client.readAllBytes(FakeGrpcStorage.BUCKET, "b")).hasSize(3);
            assertThat(client.delete(BlobId.of(FakeGrpcStorage.BUCKET, "b"))).isTrue();
            assertThat(client.get(FakeGrpcStorage.BUCKET, "b")).isNull();
            assertThatThrownBy(() -> client.readAllBytes(FakeGrpcStorage.BUCKET, "b"))
                    .isInstanceOf(StorageException.class);
        }
    }

    private static BlobReadSession open(Storage client, BlobId id) throws Exception {
        return client.blobReadSession(id).get(30, TimeUnit.SECONDS);
    }

    private static ApiFuture<byte[]> read(BlobReadSession session, long offset, long length) {
        return session.readAs(ReadProjectionConfigs.asFutureBytes().withRangeSpec(RangeSpec.of(offset, length)));
    }

    private static AppendableUploadWriteableByteChannel appendTo(Storage client, BlobId id) throws IOException {
        return upload(client, id).open();
    }

    private static BlobAppendableUpload upload(Storage client, BlobId id) {
        return client.blobAppendableUpload(BlobInfo.newBuilder(id).build(), BlobAppendableUploadConfig.of());
    }

    private static void write(AppendableUploadWriteableByteChannel channel, byte[] content, int from, int to)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(content, from, to - from);
        while (buffer.hasRemaining()) {
            if (channel.write(buffer) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
