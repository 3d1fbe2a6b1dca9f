package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifies appendable objects against the fake: what is stored, and every fault of a stream. */
class GrpcWritesTest {
    private static final Operation OPERATION = Operation.STORE;
    private static final BlobKey KEY = BlobKey.of("a");
    private static final int MIB = 1 << 20;

    private FakeGrpcStorage fake;
    private TestWrites writes;

    @BeforeEach
    void start() throws IOException {
        fake = FakeGrpcStorage.start();
        writes = new TestWrites(fake.endpoint(), Duration.ofSeconds(30));
    }

    @AfterEach
    void close() {
        writes.close();
        fake.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_537, 2 * MIB, 17 * MIB, 21 * MIB + 1})
    void storesContentOfAnySize(int size) throws IOException {
        byte[] content = random(size);
        ObjectWriter writer = create();

        append(writer, content, 0, size);
        StoredBlob stored = writer.finish(OPERATION);

        assertThat(fake.content("a")).isEqualTo(content);
        assertThat(stored.size()).isEqualTo(size);
        assertThat(stored.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
        assertThat(stored.version().value()).isEqualTo(Long.toString(writer.generation()));
        assertThat(fake.objects.find("a").orElseThrow().isFinalized()).isTrue();
    }

    @Test
    void aFlushReturnsWhatIsPersisted() throws IOException {
        byte[] content = random(5 * MIB);
        ObjectWriter writer = create();
        assertThat(writer.flush(OPERATION)).isZero();
        int position = 0;
        for (int end : new int[] {1, 2, 1000, 4 * MIB, 4 * MIB + 1, 5 * MIB}) {
            append(writer, content, position, end);
            assertThat(writer.flush(OPERATION)).isEqualTo(end);
            assertThat(fake.content("a")).isEqualTo(Arrays.copyOf(content, end));
            position = end;
        }
        assertThat(writer.close(OPERATION)).isEqualTo(content.length);
        assertThat(fake.objects.find("a").orElseThrow().isFinalized()).isFalse();
        assertThatThrownBy(() -> writer.flush(OPERATION)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void manySmallAppendsAreFewMessages() throws IOException {
        byte[] content = random(300_000);
        ObjectWriter writer = create();
        for (int i = 0; i < content.length; i += 1000) {
            append(writer, content, i, i + 1000);
        }
        writer.finish(OPERATION);
        assertThat(fake.content("a")).isEqualTo(content);
        assertThat(fake.counts.writeMessages).hasValue(1);
    }

    @Test
    void anObjectIsResumedWhereItEnds() throws IOException {
        byte[] content = random(3 * MIB);
        ObjectWriter first = create();
        append(first, content, 0, MIB);
        first.close(OPERATION);

        ObjectWriter second = writes.all.resume(OPERATION, KEY, "a", first.generation());
        assertThat(second.persistedSize()).isEqualTo(MIB);
        assertThat(second.crc32c()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content, 0, MIB)));
        append(second, content, MIB, content.length);
        second.finish(OPERATION);
        assertThat(fake.content("a")).isEqualTo(content);
    }

    @Test
    void ofTwoWritersTheOlderOneIsFenced() throws IOException {
        byte[] content = random(2 * MIB);
        ObjectWriter first = create();
        append(first, content, 0, MIB);
        first.flush(OPERATION);
        ObjectWriter second = writes.all.resume(OPERATION, KEY, "a", first.generation());

        append(first, content, 0, 10);
        assertThatThrownBy(() -> first.flush(OPERATION)).isInstanceOf(FencedException.class);
        append(second, content, MIB, content.length);
        second.finish(OPERATION);

        assertThat(fake.content("a")).isEqualTo(content);
        assertThatThrownBy(() -> writes.all.resume(OPERATION, KEY, "a", first.generation()))
                .isInstanceOf(FencedException.class)
                .hasMessageContaining("finalized");
    }

    @Test
    void aFencedWriterDoesNotFinalize() throws IOException {
        ObjectWriter first = create();
        append(first, random(10), 0, 10);
        writes.all.resume(OPERATION, KEY, "a", first.generation());

        assertThatThrownBy(() -> first.finish(OPERATION)).isInstanceOf(FencedException.class);
        assertThat(fake.objects.find("a").orElseThrow().isFinalized()).isFalse();
    }

    @Test
    void aConditionIsTheServers() throws IOException {
        fake.put("a", new byte[1]);
        assertThatThrownBy(() -> writes.all.create(OPERATION, KEY, "a", attributes(Optional.of(0L))))
                .isInstanceOf(PreconditionFailedException.class);
        writes.all.create(OPERATION, KEY, "b", attributes(Optional.of(0L))).close(OPERATION);
        assertThat(fake.content("b")).isEmpty();
    }

    // ---- faults

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8})
    void aStreamThatFailsIsContinued(int message) throws IOException {
        fake.faults.writes(1, new WriteFault.Fail(message, WriteFault.unavailable()));
        storeAndCompare(20 * MIB);
        assertThat(fake.counts.writeStreams).hasValue(2);
    }

    @Test
    void manyBreaksWithProgressAreNoFailure() throws IOException {
        fake.faults.writes(8, new WriteFault.Fail(3, WriteFault.unavailable()));
        storeAndCompare(40 * MIB);
    }

    @Test
    void brokenConnectionsAreReplaced() throws IOException {
        fake.faults.writes(2, new WriteFault.Cut(2));
        storeAndCompare(8 * MIB);
        assertThat(fake.connections()).isEqualTo(3);
    }

    @Test
    void aFlushWhoseAnswerIsLostIsNoFailure() throws IOException {
        fake.faults.writes(1, new WriteFault.FailAfterFlush(1, WriteFault.unavailable()));
        storeAndCompare(9 * MIB);
    }

    @Test
    void aFinishWhoseAnswerIsLostIsNoFailure() throws IOException {
        fake.faults.writes(1, new WriteFault.FailAfterFinish(WriteFault.unavailable()));
        storeAndCompare(3 * MIB);
    }

    @Test
    void aFinishThatFailsIsRepeated() throws IOException {
        fake.faults.writes(1, new WriteFault.FailFinish(WriteFault.unavailable()));
        storeAndCompare(3 * MIB);
    }

    @Test
    void redirectsAreFollowed() throws IOException {
        fake.faults.failWriteOpens(2, WriteFault.redirect());
        fake.faults.writes(1, new WriteFault.Fail(2, WriteFault.redirect()));
        storeAndCompare(6 * MIB);
    }

    @Test
    void endlessRedirectsEnd() {
        fake.faults.failWriteOpens(1000, WriteFault.redirect());
        assertThatThrownBy(this::create).isInstanceOf(BlobStoreException.class);
    }

    @Test
    void failuresWithoutProgressEnd() throws IOException {
        ObjectWriter writer = create();
        fake.faults.failWriteOpens(100, WriteFault.unavailable());
        fake.cutConnections();
        append(writer, random(10), 0, 10);
        assertThatThrownBy(() -> writer.flush(OPERATION)).isInstanceOfSatisfying(BlobStoreException.class, e -> {
            assertThat(e.isRetryable()).isTrue();
            assertThat(e.attempts()).isEqualTo(TestWrites.ATTEMPTS);
        });
    }

    @Test
    void aServerWithoutPermissionIsNotAskedAgain() {
        fake.faults.failWriteOpens(
                1, Status.PERMISSION_DENIED.withDescription("no").asRuntimeException());
        assertThatThrownBy(this::create).isInstanceOf(io.blobstore.PermissionDeniedException.class);
        assertThat(fake.counts.writeStreams).hasValue(1);
    }

    @Test
    void anObjectThatIsStoredWronglyIsReported() throws IOException {
        fake.faults.writes(1, new WriteFault.DamageAtFinish());
        ObjectWriter damaged = create();
        append(damaged, random(MIB), 0, MIB);
        assertThatThrownBy(() -> damaged.finish(OPERATION)).isInstanceOf(IntegrityException.class);

        fake.faults.writes(1, new WriteFault.WrongChecksum());
        ObjectWriter described = create();
        append(described, random(MIB), 0, MIB);
        assertThatThrownBy(() -> described.finish(OPERATION)).isInstanceOf(IntegrityException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void aSilentServerIsNotWaitedForForever(int message) throws IOException {
        try (TestWrites impatient = new TestWrites(fake.endpoint(), Duration.ofMillis(300))) {
            fake.faults.writes(1, new WriteFault.Silence(message));
            assertThatThrownBy(() -> {
                        ObjectWriter writer = impatient.all.create(OPERATION, KEY, "a", attributes(Optional.empty()));
                        append(writer, random(40 * MIB), 0, 40 * MIB);
                        writer.finish(OPERATION);
                    })
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("no progress");
        }
    }

    @Test
    void anInterruptEndsAFlush() throws Exception {
        fake.faults.writes(1, new WriteFault.Silence(1));
        ObjectWriter writer = create();
        append(writer, random(10), 0, 10);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> writer.flush(OPERATION))
                .satisfies(e -> assertThat(e).hasRootCauseInstanceOf(InterruptedException.class));
        assertThat(Thread.interrupted()).isTrue();
        awaitNoStreams();
    }

    @Test
    void closingAllEndsACallUnderWay() throws Exception {
        fake.faults.writes(1, new WriteFault.Silence(1));
        ObjectWriter writer = create();
        append(writer, random(10), 0, 10);
        CompletableFuture<Long> flush = CompletableFuture.supplyAsync(() -> {
            try {
                return writer.flush(OPERATION);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        while (fake.counts.flushes.get() == 0) {
            Thread.onSpinWait();
        }
        writes.all.close();
        assertThatThrownBy(() -> flush.get(30, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasStackTraceContaining("aborted");
        awaitNoStreams();
    }

    private void storeAndCompare(int size) throws IOException {
        byte[] content = random(size);
        ObjectWriter writer = create();
        append(writer, content, 0, size / 2);
        append(writer, content, size / 2, size);
        StoredBlob stored = writer.finish(OPERATION);
        assertThat(fake.content("a")).isEqualTo(content);
        assertThat(stored.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
    }

    private ObjectWriter create() throws IOException {
        return writes.all.create(OPERATION, KEY, "a", attributes(Optional.empty()));
    }

    private void awaitNoStreams() {
        while (fake.counts.openWriteStreams.get() > 0) {
            Thread.onSpinWait();
        }
    }

    private static ObjectAttributes attributes(Optional<Long> ifGeneration) {
        return new ObjectAttributes(StoreOptions.DEFAULT, Optional.empty(), Optional.empty(), ifGeneration);
    }

    private static void append(ObjectWriter writer, byte[] content, int from, int to) throws IOException {
        writer.append(OPERATION, ByteBuffer.wrap(content, from, to - from), 0);
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
