package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Operation;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any sequence of operations on a {@link BlobReader} over a failing store reads the bytes that an array would have. */
@ExtendWith(LeakCheck.class)
class BlobReaderUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final int SIZE = 24 << 20;
    private static final byte[] CONTENT = new byte[SIZE];

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    static LongStream seeds() {
        return LongStream.range(0, CampaignScale.of(40));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anySequenceOfReadsGivesWhatAnArrayWould(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        FaultyBlobStore store = FaultyBlobStore.over(new InMemoryBlobStore())
                .seed(seed)
                .chance(Fault.ERROR, 0.02)
                .chance(Fault.TRUNCATED_READ, 0.1)
                .chanceOnlyFor(Operation.READ)
                .build();
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)));
        RetryPolicy patient = RetryPolicy.builder()
                .maxAttempts(20)
                .baseDelay(Duration.ZERO)
                .maxDelay(Duration.ZERO)
                .maxRetryAfter(Duration.ZERO)
                .build();
        ReaderOptions options = ReaderOptions.builder()
                .retry(patient)
                .concurrency(1 + random.nextInt(8))
                .maxReadAhead(random.nextBoolean() ? 8 << 20 : 64 << 20)
                .build();
        try (TransferManager reader = TransferManager.builder()
                        .readAheadMemory(random.nextInt(40) << 20)
                        .build();
                BlobReader blob = reader.openReader(store, KEY, options)) {
            Model model = new Model(blob);
            for (int step = 0; step < 60; step++) {
                model.step(random);
            }
        }
    }

    private static final class Model {
        private final BlobReader blob;
        private final InputStream stream;
        private long position;

        Model(BlobReader blob) {
            this.blob = blob;
            this.stream = blob.inputStream();
        }

        void step(SplittableRandom random) throws IOException {
            switch (random.nextInt(10)) {
                case 0 -> seek(random.nextLong(SIZE + 10));
                case 1 -> seek(Math.max(0, position - random.nextInt(3 << 20)));
                case 2 -> seek(position + random.nextInt(3 << 20));
                case 3 -> positional(random.nextLong(SIZE + 10), random.nextInt(2 << 20));
                case 4 -> skip(random.nextInt(1 << 20));
                case 5 -> strided(random);
                default -> sequential(random);
            }
        }

        private void seek(long to) throws IOException {
            position = to;
            blob.position(to);
        }

        private void skip(int bytes) throws IOException {
            position += stream.skip(bytes);
            assertThat(blob.position()).isEqualTo(position);
        }

        private void strided(SplittableRandom random) throws IOException {
            int length = 1 + random.nextInt(100_000);
            int stride = random.nextInt(1 << 20);
            for (int i = 0; i < 6; i++) {
                read(length, random.nextBoolean());
                seek(position + stride);
            }
        }

        private void sequential(SplittableRandom random) throws IOException {
            int length = random.nextInt(random.nextBoolean() ? 2 << 20 : 5_000);
            int reads = 1 + random.nextInt(8);
            for (int i = 0; i < reads; i++) {
                read(length, random.nextBoolean());
            }
        }

        private void read(int length, boolean direct) throws IOException {
            ByteBuffer target = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
            int bytes = blob.read(target);
            check(position, target, bytes);
            position += Math.max(0, bytes);
            assertThat(blob.position()).isEqualTo(position);
        }

        private void positional(long from, int length) throws IOException {
            ByteBuffer target = ByteBuffer.allocate(length);
            check(from, target, blob.read(target, from));
        }

        private static void check(long from, ByteBuffer target, int bytes) {
            int expected = (int) Math.max(0, Math.min(target.capacity(), SIZE - from));
            assertThat(bytes).isEqualTo(target.capacity() > 0 && from >= SIZE ? -1 : expected);
            byte[] actual = new byte[expected];
            target.flip().get(actual);
            int start = (int) Math.min(from, SIZE);
            assertThat(Arrays.mismatch(actual, 0, expected, CONTENT, start, start + expected))
                    .as("first difference of the content read at %d", from)
                    .isEqualTo(-1);
        }
    }
}
