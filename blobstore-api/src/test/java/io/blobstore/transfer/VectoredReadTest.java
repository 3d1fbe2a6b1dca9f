package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakCheck.class)
class VectoredReadTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final byte[] CONTENT = new byte[100_000];

    static {
        new SplittableRandom(7).nextBytes(CONTENT);
    }

    private final ConcurrentLinkedQueue<ByteRange> requested = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Integer> allocated = new ConcurrentLinkedQueue<>();
    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final BlobStore store = new ForwardingBlobStore(memory) {
        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            requested.add(range);
            return delegate().read(key, range, target, options);
        }
    };
    private final TransferManager reader = TransferManager.create();

    @BeforeEach
    void fillStore() throws IOException {
        memory.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)));
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private List<ByteBuffer> read(long maxGap, long partSize, ByteRange... ranges) throws Exception {
        DownloadOptions options =
                DownloadOptions.builder().partSize(partSize).concurrency(3).build();
        return reader.downloadRanges(store, KEY, List.of(ranges), this::allocate, maxGap, options)
                .join();
    }

    private ByteBuffer allocate(int bytes) {
        allocated.add(bytes);
        return ByteBuffer.allocateDirect(bytes);
    }

    private static void assertContent(List<ByteBuffer> buffers, ByteRange... ranges) {
        assertThat(buffers).hasSameSizeAs(ranges);
        for (int i = 0; i < ranges.length; i++) {
            byte[] actual = new byte[buffers.get(i).remaining()];
            buffers.get(i).duplicate().get(actual);
            int from = (int) ranges[i].offset();
            assertThat(actual).isEqualTo(Arrays.copyOfRange(CONTENT, from, from + (int) ranges[i].length()));
        }
    }

    @Test
    void adjacentRangesAreCoalesced() throws Exception {
        ByteRange[] ranges = {ByteRange.of(500, 10), ByteRange.of(0, 100), ByteRange.of(150, 50), ByteRange.of(9000, 1)
        };

        List<ByteBuffer> buffers = read(50, 1000, ranges);

        assertContent(buffers, ranges);
        assertThat(requested)
                .containsExactlyInAnyOrder(ByteRange.of(0, 200), ByteRange.of(500, 10), ByteRange.of(9000, 1));
        assertThat(allocated).containsExactlyInAnyOrder(200, 10, 1);
    }

    @Test
    void rangesTooFarApartOrTooLargeTogetherAreNot() throws Exception {
        ByteRange[] ranges = {ByteRange.of(0, 600), ByteRange.of(600, 600), ByteRange.of(1251, 10)};

        assertContent(read(50, 1000, ranges), ranges);
        assertThat(requested).hasSize(3);
    }

    @Test
    void aRangeLargerThanAPartIsSplit() throws Exception {
        ByteRange[] ranges = {ByteRange.of(10, 2500)};

        assertContent(read(0, 1000, ranges), ranges);
        assertThat(requested)
                .containsExactlyInAnyOrder(ByteRange.of(10, 1000), ByteRange.of(1010, 1000), ByteRange.of(2010, 500));
        assertThat(allocated).containsExactly(2500);
    }

    @Test
    void overlappingAndEqualRangesShareTheirBytes() throws Exception {
        ByteRange[] ranges = {ByteRange.of(0, 100), ByteRange.of(50, 100), ByteRange.of(0, 100), ByteRange.of(20, 5)};

        assertContent(read(0, 1000, ranges), ranges);
        assertThat(requested).containsExactly(ByteRange.of(0, 150));
    }

    @Test
    void emptyRangesCauseNoRequest() throws Exception {
        assertThat(read(0, 1000)).isEmpty();
        assertContent(read(0, 1000, ByteRange.of(7, 0)), ByteRange.of(7, 0));
        assertThat(requested).isEmpty();
    }

    @Test
    void aRangeBeyondTheEndIsAnError() {
        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> read(0, 1000, ByteRange.of(0, 1), ByteRange.of(CONTENT.length - 1L, 2)));
    }

    @Test
    void invalidRangesAreRefusedBeforeAnyRequest() {
        assertThatIllegalArgumentException().isThrownBy(() -> read(0, 1000, ByteRange.all()));
        assertThatIllegalArgumentException().isThrownBy(() -> read(0, 1000, ByteRange.atMost(0, 5)));
        assertThatIllegalArgumentException().isThrownBy(() -> read(0, 1000, ByteRange.of(0, 1L << 31)));
        assertThatIllegalArgumentException().isThrownBy(() -> read(-1, 1000, ByteRange.of(0, 1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> reader.downloadRanges(
                        store, KEY, List.of(ByteRange.of(0, 5)), bytes -> ByteBuffer.allocate(bytes - 1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> reader.downloadRanges(
                        store,
                        KEY,
                        List.of(ByteRange.of(0, 5)),
                        bytes -> ByteBuffer.allocate(bytes).asReadOnlyBuffer()));
        assertThat(requested).isEmpty();
    }

    static LongStream seeds() {
        return LongStream.range(0, 50);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anyRangesHaveTheBytesOfAnArray(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        FaultyBlobStore faulty = FaultyBlobStore.over(memory)
                .seed(seed)
                .chance(Fault.ERROR, 0.05)
                .chance(Fault.TRUNCATED_READ, 0.2)
                .chanceOnlyFor(Operation.READ)
                .build();
        List<ByteRange> ranges = new ArrayList<>();
        int count = random.nextInt(60);
        for (int i = 0; i < count; i++) {
            int offset = random.nextInt(CONTENT.length);
            int most = Math.min(CONTENT.length - offset, 5000);
            ranges.add(ByteRange.of(offset, random.nextInt(most + 1)));
        }
        DownloadOptions options = DownloadOptions.builder()
                .partSize(1 + random.nextInt(10_000))
                .concurrency(1 + random.nextInt(8))
                .retry(RetryPolicy.builder()
                        .maxAttempts(30)
                        .baseDelay(Duration.ZERO)
                        .maxDelay(Duration.ZERO)
                        .maxRetryAfter(Duration.ZERO)
                        .build())
                .build();

        List<ByteBuffer> buffers = reader.downloadRanges(
                        faulty, KEY, ranges, ByteBuffer::allocate, random.nextInt(3000), options)
                .join();

        assertContent(buffers, ranges.toArray(ByteRange[]::new));
    }
}
