package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads end with the right bytes or a named exception, whatever the server does. */
@ExtendWith(LeakCheck.class)
class GrpcReadsTest extends GrpcReadsBase {
    /** What a server may do that must not be noticed, except in the log. */
    static Stream<ReadFault> recoverable() {
        return Stream.of(
                new ReadFault.Short(3),
                new ReadFault.Extra(1L << 30),
                new ReadFault.HalfClose(3),
                new ReadFault.Cut(3),
                new ReadFault.WrongCrc(3),
                new ReadFault.NoCrc(3),
                new ReadFault.WrongOffset(3, -1),
                new ReadFault.WrongOffset(3, 1),
                ReadFault.unavailable(1),
                ReadFault.unavailable(3),
                ReadFault.cancelled(3),
                ReadFault.redirected(1),
                ReadFault.redirected(3));
    }

    @ParameterizedTest
    @MethodSource("recoverable")
    void onlyTheRestIsRequestedAgain(ReadFault fault) throws IOException {
        fake.put("blob", CONTENT);
        fake.faults.nextRange(fault);

        readAndCompare();

        assertThat(clock.passed()).isLessThan(Duration.ofMillis(100));
        assertThat(fake.counts.bytesSent.get())
                .as("bytes that were sent in all")
                .isLessThanOrEqualTo(CONTENT.length + 8L * MIB);
    }

    @Test
    void aStreamThatBreaksTwiceCostsLittleTime() throws IOException {
        fake.put("blob", CONTENT);
        fake.faults.everyMessage(3, 2);

        readAndCompare();

        assertThat(fake.counts.ranges.get()).isEqualTo(3);
        assertThat(clock.passed()).isLessThan(Duration.ofMillis(100));
    }

    @Test
    void aServerThatIsSilentEndsInAPartialRead() throws IOException {
        fake.put("blob", CONTENT);
        fake.faults.ranges(2, range -> true, new ReadFault.Silence(3));
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        try (GrpcReads impatient = GrpcReads.create(settings(1, Duration.ofMillis(500)))) {
            assertThatThrownBy(() -> read(impatient, ByteRange.all(), Optional.empty(), target))
                    .isInstanceOfSatisfying(
                            PartialReadException.class,
                            e -> assertThat(e.received().length()).isEqualTo(4L * MIB))
                    .hasMessageContaining("nothing arrived for 500 ms");
        }
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, 0, 4 * MIB));
    }

    @Test
    void aServerThatDoesNotOpenAStreamEndsInAnException() throws IOException {
        fake.put("blob", CONTENT);
        fake.faults.latency(Duration.ofMinutes(5));
        try (GrpcReads impatient = GrpcReads.create(settings(1, Duration.ofMillis(500)))) {
            assertThatThrownBy(() -> read(impatient, ByteRange.all(), Optional.empty(), ByteBuffer.allocate(MIB)))
                    .isInstanceOfSatisfying(
                            BlobStoreException.class,
                            e -> assertThat(e.isRetryable()).isTrue())
                    .hasMessageContaining("no answer within 500 ms");
        }
        assertThat(fake.counts.readSessions.get()).isEqualTo(1);
    }

    @Test
    void contentThatNeverHasItsChecksumIsNamedAChecksumError() throws IOException {
        fake.put("blob", CONTENT);
        fake.faults.ranges(100, range -> range.getReadOffset() >= 2 * MIB, new ReadFault.WrongCrc(1));
        fake.faults.nextRange(new ReadFault.WrongCrc(2));

        assertThatThrownBy(this::readAndCompare)
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining("checksum error: 2097152 bytes from offset 2097152 on");

        assertThat(fake.counts.ranges.get()).isEqualTo(5);
    }

    @Test
    void aFlippedBitUnderItsOwnChecksumIsCaughtByThatOfTheBlob() {
        fake.put("blob", CONTENT);
        fake.faults.nextRange(new ReadFault.Flipped(3));

        assertThatThrownBy(this::readAndCompare).isInstanceOf(IntegrityException.class);
    }

    @Test
    void aServerThatAlwaysFailsEndsInItsError() {
        fake.put("blob", CONTENT);
        fake.faults.failReadOpens(
                100, Status.UNAVAILABLE.withDescription("overloaded").asRuntimeException());

        assertThatThrownBy(this::readAndCompare)
                .isInstanceOfSatisfying(
                        BlobStoreException.class,
                        e -> assertThat(e.isRetryable()).isTrue())
                .hasMessageContaining("UNAVAILABLE: overloaded");

        assertThat(fake.counts.readSessions.get()).isEqualTo(5);
        assertThat(clock.passed()).isLessThan(Duration.ofMillis(150 + 1));
    }

    // ---- ranges and versions

    @Test
    void rangesArePartsOfTheBlobAndNeverSentPastItsEnd() throws IOException {
        fake.put("blob", CONTENT);
        List<Long> ends = new CopyOnWriteArrayList<>();
        fake.faults.ranges(
                Integer.MAX_VALUE,
                range -> {
                    ends.add(range.getReadOffset() + range.getReadLength());
                    return false;
                },
                new ReadFault.Short(1));
        ByteBuffer target = ByteBuffer.allocate(100);

        ReadResult tail = read(reads, ByteRange.atMost(CONTENT.length - 7, 100), Optional.empty(), target);
        ReadResult none = read(reads, ByteRange.atMost(CONTENT.length, 100), Optional.empty(), target);

        assertThat(tail.length()).isEqualTo(7);
        assertThat(none.length()).isZero();
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, CONTENT.length - 7, 7));
        assertThatThrownBy(() -> read(reads, ByteRange.of(CONTENT.length, 1), Optional.empty(), target.clear()))
                .isInstanceOf(RangeNotSatisfiableException.class);
        assertThatThrownBy(() -> read(reads, ByteRange.of(CONTENT.length - 1, 2), Optional.empty(), target.clear()))
                .isInstanceOf(RangeNotSatisfiableException.class);
        assertThat(ends).containsExactly((long) CONTENT.length);
    }

    @Test
    void aReadWithoutAVersionSeesTheCurrentOneAndOneWithAVersionNoOther() throws IOException {
        long first = fake.put("blob", new byte[] {1});
        ByteBuffer target = ByteBuffer.allocate(1);
        read(reads, ByteRange.all(), Optional.empty(), target);
        long second = fake.put("blob", new byte[] {2});

        read(reads, ByteRange.all(), Optional.empty(), target.clear());
        assertThat(target.get(0)).isEqualTo((byte) 2);
        read(reads, ByteRange.all(), Optional.of(second), target.clear());
        assertThat(target.get(0)).isEqualTo((byte) 2);
        assertThat(fake.counts.readSessions.get()).isEqualTo(2);

        read(reads, ByteRange.all(), Optional.of(first), target.clear()); // a session keeps its version readable
        assertThat(target.get(0)).isEqualTo((byte) 1);
        assertThatThrownBy(() -> read(reads, ByteRange.all(), Optional.of(first + 1_000), target.clear()))
                .isInstanceOf(PreconditionFailedException.class);
        fake.objects.delete(fake.objects.find("blob").orElseThrow());
        assertThatThrownBy(() -> read(reads, ByteRange.all(), Optional.empty(), target.clear()))
                .isInstanceOf(BlobNotFoundException.class);
    }

    private void readAndCompare() throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        assertThat(read(reads, ByteRange.all(), Optional.empty(), target).length())
                .isEqualTo(CONTENT.length);
        assertThat(target.flip().equals(ByteBuffer.wrap(CONTENT))).isTrue();
    }
}
