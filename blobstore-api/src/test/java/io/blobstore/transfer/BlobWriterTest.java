package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoredBlob;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what is stored, in which requests and how much memory. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class BlobWriterTest {
    static final int PART = 1000;
    static final UploadOptions OPTIONS =
            UploadOptions.builder().partSize(PART).concurrency(3).build();

    private final ScriptedStore store = new ScriptedStore();

    static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(size).nextBytes(bytes);
        return bytes;
    }

    static BlobWriter open(TransferManager transfers, ScriptedStore store) {
        return transfers.openWriter(store, KEY, TransferProgress.UNKNOWN, OPTIONS);
    }

    private void assertStored(byte[] content) {
        assertThat(store.stored())
                .hasValueSatisfying(stored -> assertThat(stored).isEqualTo(content));
    }

    @Test
    void partsGrowAfterTheFirstThousand() throws IOException {
        InMemoryBlobStore memory = new InMemoryBlobStore(InMemoryBlobStore.DEFAULT_CAPABILITIES.toBuilder()
                .maxParts(1_100)
                .maxBlobSize(1_000L * 1024 + (100L << 20))
                .build());
        byte[] content = bytes((3 << 20) + 1_000 * 1024);
        UploadOptions options = UploadOptions.builder().partSize(1024).build();
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(memory, KEY, TransferProgress.UNKNOWN, options)) {
            writer.write(ByteBuffer.wrap(content));
            assertThat(writer.complete().size()).isEqualTo(content.length);
            assertThat(writer.progress().totalParts()).isEqualTo(1_003);
        }
        ByteBuffer read = ByteBuffer.allocate(content.length);
        memory.read(KEY, ByteRange.all(), read);
        assertThat(Arrays.equals(read.array(), content)).isTrue();
    }

    @Test
    void aStreamThatIsClosedLeavesTheWriterOpen() throws IOException {
        byte[] content = bytes(5 * PART);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            OutputStream stream = writer.asOutputStream();
            for (OutputStream target : List.of(expected, stream)) {
                try (OutputStream zipped = new GZIPOutputStream(target)) {
                    zipped.write(content);
                }
            }
            assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> stream.write(1));
            writer.complete();
        }
        assertStored(expected.toByteArray());
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 0", "1, 1, 0", "999, 100, 0", "1000, 7, 0", "1001, 1001, 2", "3000, 1000, 3", "5500, 333, 6"})
    void contentIsStoredInPartsOrWithOneRequestIfItFitsOne(int size, int piece, int parts) throws IOException {
        byte[] content = bytes(size);
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            for (int at = 0; at < size; at += piece) {
                int length = Math.min(piece, size - at);
                assertThat(writer.write(ByteBuffer.wrap(content, at, length))).isEqualTo(length);
            }
            assertThat(writer.size()).isEqualTo(size);
            StoredBlob stored = writer.complete();
            assertThat(stored.size()).isEqualTo(size);
            assertThat(writer.isOpen()).isFalse();
            assertThat(writer.progress().bytesTransferred()).isEqualTo(size);
            assertThat(writer.progress().totalParts()).isEqualTo(Math.max(1, parts));
        }
        assertStored(content);
        assertThat(store.requests()).hasSize(parts == 0 ? 1 : parts + 2);
        assertThat(store.count("STORE")).isEqualTo(parts == 0 ? 1 : 0);
        assertThat(store.count("ABORT")).isZero();
    }

    @Test
    void aPartIsSentWhileFurtherOnesAreWritten() throws IOException {
        try (TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                BlobWriter writer = open(transfers, store)) {
            writer.write(ByteBuffer.allocate(PART));
            assertThat(store.requests()).isEmpty();
            writer.write(ByteBuffer.allocate(1));
            assertThat(store.requests()).containsExactly("CREATE", "PART 1");
        }
        assertThat(store.requests()).endsWith("ABORT");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBufferBelongsToTheCallerAgainAfterItWasWritten(boolean direct) throws IOException {
        byte[] content = bytes(2500);
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(100) : ByteBuffer.allocate(100);
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            for (int at = 0; at < content.length; at += 50) {
                buffer.clear().position(25).put(content, at, 50).flip().position(25);
                writer.write(buffer.asReadOnlyBuffer());
                assertThat(writer.write(buffer.position(75))).isZero();
                buffer.clear().put(new byte[100]);
            }
            writer.complete();
        }
        assertStored(content);
    }

    @Test
    void aWriterIsAChannelOfTheJdk() throws IOException {
        byte[] content = bytes(3333);
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            OutputStream stream = Channels.newOutputStream(writer);
            stream.write(content, 0, 33);
            stream.write(content, 33, 3300);
            writer.complete();
        }
        assertStored(content);
    }

    // ---- room at the start

    @ParameterizedTest
    @CsvSource({"0, 10", "990, 10", "991, 10", "5500, 10", "0, 1000", "1, 1000", "4000, 1000"})
    void whatIsReservedAtTheStartIsSetAtTheEnd(int size, int reserved) throws IOException {
        byte[] content = bytes(reserved + size);
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            writer.reserve(reserved);
            writer.write(ByteBuffer.wrap(content, reserved, size));
            writer.setReserved(ByteBuffer.allocate(reserved));
            writer.setReserved(ByteBuffer.wrap(content, 0, reserved));
            assertThat(writer.size()).isEqualTo(content.length);
            writer.complete();
        }
        assertStored(content);
        if (content.length > PART) {
            assertThat(store.count("PART 1")).isEqualTo(1);
        }
    }

    /** The buffers of a part grow: the reserved bytes may be in several of them. */
    @Test
    void roomMayBeLargerThanABuffer() throws IOException {
        byte[] content = bytes(3 << 20);
        UploadOptions large = UploadOptions.builder().partSize(2 << 20).build();
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(store, KEY, TransferProgress.UNKNOWN, large)) {
            writer.reserve(1_500_000);
            writer.write(ByteBuffer.wrap(content).position(1_500_000));
            writer.setReserved(ByteBuffer.wrap(content).limit(1_500_000));
            writer.complete();
        }
        assertStored(content);
        assertThat(store.requests()).containsExactlyInAnyOrder("CREATE", "PART 1", "PART 2", "COMPLETE");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3000})
    void roomThatWasNotFilledIsNoBlob(int size) throws IOException {
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store)) {
            writer.reserve(10);
            writer.write(ByteBuffer.allocate(size));
            assertThatIllegalStateException().isThrownBy(writer::complete).withMessageContaining("10 bytes");
        }
        assertThat(store.stored()).isEmpty();
        assertThat(store.requests()).doesNotContain("COMPLETE", "STORE");
        assertThat(store.count("ABORT")).isEqualTo(store.count("CREATE"));
    }

    @Test
    void roomIsReservedOnceBeforeAnythingElseAndSetAsAWhole() throws IOException {
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, store);
                BlobWriter other = open(transfers, store)) {
            assertThatIllegalArgumentException().isThrownBy(() -> writer.reserve(0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.reserve(PART + 1))
                    .withMessageContaining("the size of a part");
            assertThatIllegalArgumentException().isThrownBy(() -> writer.setReserved(ByteBuffer.allocate(1)));
            writer.reserve(7);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.setReserved(ByteBuffer.allocate(8)))
                    .withMessageContaining("7 bytes were reserved; got 8");
            assertThatIllegalStateException().isThrownBy(() -> writer.reserve(7));
            other.write(ByteBuffer.allocate(1));
            assertThatIllegalStateException().isThrownBy(() -> other.reserve(7));
        }
    }

    // ---- limits

    private static StoreCapabilities.Builder limits() {
        return StoreCapabilities.builder().minPartSize(1).maxPartSize(1 << 20).maxParts(10);
    }

    @Test
    void theSizeOfThePartsIsPlannedFromTheMaximumSize() throws IOException {
        ScriptedStore tight = new ScriptedStore(limits().build());
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(tight, KEY, 25_000, OPTIONS)) {
            writer.write(ByteBuffer.allocate(25_000)); // in parts of 1 MiB, as the planned size is a number of MiB
            writer.complete();
        }
        assertThat(tight.requests()).containsExactly("STORE");

        ScriptedStore strict = new ScriptedStore(limits().maxPartSize(3000).build());
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(strict, KEY, 25_000, OPTIONS)) {
            writer.write(ByteBuffer.allocate(25_000));
            writer.complete();
        }
        assertThat(strict.requests()).hasSize(2 + 9);
        assertThat(strict.stored())
                .hasValueSatisfying(stored -> assertThat(stored).hasSize(25_000));
    }

    @Test
    void moreThanTheAnnouncedSizeIsRefused() throws IOException {
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(store, KEY, 2500, OPTIONS)) {
            writer.write(ByteBuffer.allocate(2000));
            ByteBuffer more = ByteBuffer.allocate(501);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write(more))
                    .withMessageContaining("2501 bytes or more is larger than 2500");
            assertThat(more.position()).isZero();
            writer.write(more.limit(500));
            assertThat(writer.complete().size()).isEqualTo(2500);
        }
    }

    @Test
    void moreThanTheStoreAllowsIsRefusedWithAWayOut() throws IOException {
        ScriptedStore tight = new ScriptedStore(limits().build());
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(tight, KEY, TransferProgress.UNKNOWN, OPTIONS)) {
            writer.write(ByteBuffer.allocate(10 * PART));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(1)))
                    .withMessageContaining("10 parts of 1000 or more; announce a larger maximum size");
            assertThat(writer.complete().size()).isEqualTo(10 * PART);
        }
        ScriptedStore small = new ScriptedStore(limits().maxBlobSize(50).build());
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(small, KEY, 1 << 20, OPTIONS)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(51)))
                    .withMessageContaining("larger than 50");
        }
    }

    @Test
    void aStoreWithoutMultipartUploadsTakesOnePart() throws IOException {
        ScriptedStore simple = new ScriptedStore(limits().multipart(false).build());
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, simple)) {
            writer.write(ByteBuffer.allocate(PART));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(1)))
                    .withMessageContaining("no multipart uploads")
                    .withMessageContaining("choose larger parts");
            assertThat(writer.complete().size()).isEqualTo(PART);
        }
        assertThat(simple.requests()).containsExactly("STORE");
    }

    @Test
    void aNegativeMaximumIsRefused() {
        try (TransferManager transfers = TransferManager.create()) {
            assertThatIllegalArgumentException().isThrownBy(() -> transfers.openWriter(store, KEY, -2, OPTIONS));
        }
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @ParameterizedTest
    @CsvSource({"2, 268435456", "8, 6291456"})
    void memoryIsThePartsInFlightAndOneMoreAndLittleForLittleContent(int concurrency, long maxBytesInFlight)
            throws IOException {
        int part = 3 << 20;
        UploadOptions options =
                UploadOptions.builder().partSize(part).concurrency(concurrency).build();
        System.gc();
        long before = directMemory();
        AtomicInteger parts = new AtomicInteger();
        ScriptedStore measured = new ScriptedStore(
                        limits().maxParts(100).maxPartSize(part).build())
                .on(Request.PART, number -> {
                    parts.incrementAndGet();
                    assertThat(directMemory() - before).isLessThanOrEqualTo((2 + 1) * (4L << 20));
                });
        ByteBuffer piece = ByteBuffer.allocate(100_000);
        try (TransferManager transfers = TransferManager.builder()
                        .maxBytesInFlight(maxBytesInFlight)
                        .build();
                BlobWriter writer = transfers.openWriter(measured, KEY, TransferProgress.UNKNOWN, options)) {
            writer.write(piece.clear().limit(1));
            assertThat(directMemory() - before).isLessThanOrEqualTo(64 << 10);
            for (int i = 0; i < 400; i++) {
                writer.write(piece.clear());
            }
            writer.complete();
        }
        assertThat(parts).hasValue(13);
    }

    // ---- executors

    @Test
    void anExecutorThatRunsNothingRejectsOrRunsInTheCallerBlocksNothing() throws IOException {
        byte[] content = bytes(8 * PART + 1);
        List<Runnable> never = new ArrayList<>();
        for (TransferManager.Builder manager : List.of(
                TransferManager.builder().executor(never::add),
                TransferManager.builder().executor(Runnable::run),
                TransferManager.builder().executor(task -> {
                    throw new RejectedExecutionException("for a test");
                }))) {
            try (TransferManager transfers = manager.build();
                    BlobWriter writer = open(transfers, store)) {
                writer.write(ByteBuffer.wrap(content));
                writer.complete();
            }
            assertStored(content);
        }
        never.forEach(Runnable::run); // too late: nothing happens
        assertThat(store.count("COMPLETE")).isEqualTo(3);
    }

    @Test
    void oneThreadIsEnoughForManyWriters() throws IOException {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        byte[] content = bytes(7 * PART + 1);
        try (TransferManager transfers =
                TransferManager.builder().executor(thread).build()) {
            List<BlobWriter> writers = List.of(open(transfers, store), open(transfers, store));
            for (byte[] piece : List.of(Arrays.copyOf(content, 4000), Arrays.copyOfRange(content, 4000, 7001))) {
                for (BlobWriter writer : writers) {
                    writer.write(ByteBuffer.wrap(piece));
                }
            }
            for (BlobWriter writer : writers) {
                writer.complete();
                assertStored(content);
            }
        } finally {
            thread.shutdown();
        }
    }

    // ---- the end

    @Test
    void nothingCanBeWrittenAfterTheEnd() throws IOException {
        try (TransferManager transfers = TransferManager.create()) {
            BlobWriter writer = open(transfers, store);
            writer.write(ByteBuffer.allocate(10));
            writer.complete();
            assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(1)));
            assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(writer::complete);
            writer.close();
            writer.close();
            assertThat(writer.cancel()).isFalse();
        }
        assertThat(store.requests()).containsExactly("STORE");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 3500})
    void closingWithoutCompletionDiscardsWhatWasSent(int size) throws IOException {
        try (TransferManager transfers = TransferManager.create()) {
            BlobWriter writer = open(transfers, store);
            writer.write(ByteBuffer.allocate(size));
            writer.close();
            assertThat(store.inside()).isZero();
            assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(1)));
            writer.close();
        }
        assertThat(store.stored()).isEmpty();
        assertThat(store.requests()).doesNotContain("STORE", "COMPLETE");
        assertThat(store.count("ABORT")).isEqualTo(size > PART ? 1 : 0);
    }

    @Test
    void closingTheManagerEndsAWriterThatWasForgotten() throws IOException {
        BlobWriter writer;
        try (TransferManager transfers = TransferManager.create()) {
            writer = open(transfers, store);
            writer.write(ByteBuffer.allocate(3500));
        }
        assertThat(store.requests()).endsWith("ABORT");
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> writer.write(ByteBuffer.allocate(1)));
        writer.close();
    }

    @Test
    void aClosedManagerOpensNoWriter() {
        TransferManager transfers = TransferManager.create();
        transfers.close();
        assertThatIllegalStateException().isThrownBy(() -> open(transfers, store));
    }

    @ParameterizedTest
    @CsvSource({"CREATE, 3500", "PART, 3500", "COMPLETE, 3500", "STORE, 10"})
    void aFailureIsThrownByTheNextCallAndNothingIsKept(Request request, int size) throws IOException {
        ScriptedStore failing = new ScriptedStore().on(request, part -> {
            throw ScriptedStore.failure("for good", false);
        });
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = open(transfers, failing)) {
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> {
                        writer.write(ByteBuffer.allocate(size));
                        writer.complete();
                    })
                    .withMessageContaining("for good");
        }
        assertThat(failing.stored()).isEmpty();
        assertThat(failing.count("ABORT")).isEqualTo(request == Request.STORE || request == Request.CREATE ? 0 : 1);
    }

    @Test
    void aPartThatFailsOnceIsSentAgainFromItsBuffer() throws IOException {
        byte[] content = bytes(4500);
        AtomicInteger failures = new AtomicInteger();
        ScriptedStore shaky = new ScriptedStore().on(Request.PART, part -> {
            if (part == 2 && failures.getAndIncrement() < 2) {
                throw ScriptedStore.failure("try again", true);
            }
        });
        try (TransferManager transfers = new FakeClock().managers(1).build();
                BlobWriter writer = open(transfers, shaky)) {
            writer.write(ByteBuffer.wrap(content));
            writer.complete();
            assertThat(writer.progress().retries()).isEqualTo(2);
        }
        assertThat(shaky.stored())
                .hasValueSatisfying(stored -> assertThat(stored).isEqualTo(content));
    }
}
