package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.FakeClock;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Fails every request of a read in turn, and others at random, and compares the content that was read with the stored
 * content.
 */
@ExtendWith(LeakCheck.class)
class ReadUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final byte[] OLD = ContractFixture.bytes(10, 1);
    private static final int PART = 2000;
    private static final int PARTS = 7;
    private static final byte[] CONTENT = ContractFixture.bytes(PART * (PARTS - 1) + 1, 2);

    @TempDir
    Path temporary;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();

    /** A store whose responses with a part of a blob lack its checksum, as those of S3 do. */
    private final ForwardingBlobStore plain = new ForwardingBlobStore(memory) {
        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            ReadResult read = super.read(key, range, target, options);
            BlobMetadata blob = read.blob();
            if (read.length() == blob.size()) {
                return read;
            }
            BlobMetadata described = BlobMetadata.builder(key, blob.size(), blob.version(), blob.lastModified())
                    .contentType(blob.contentType())
                    .userMetadata(blob.userMetadata())
                    .build();
            return ReadResult.of(described, read.length(), read.checksum());
        }
    };

    private final FakeClock clock = new FakeClock();

    private final TransferManager.Builder readers = clock.managers(1);

    private static DownloadOptions options(int concurrency) {
        return DownloadOptions.builder().partSize(PART).concurrency(concurrency).build();
    }

    @ParameterizedTest
    @CsvSource({"ERROR, 1", "ERROR, 8", "RESPONSE_LOST, 8", "THROTTLED, 8", "TRUNCATED_READ, 1", "TRUNCATED_READ, 8"})
    void aReadSurvivesTheFailureOfAnyRequest(Fault fault, int concurrency) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        for (int n = 1; n <= PARTS; n++) {
            FaultyBlobStore store = FaultyBlobStore.over(plain)
                    .seed(n)
                    .at(Operation.READ, n, fault)
                    .build();
            ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
            try (TransferManager reader = readers.build()) {
                reader.download(store, KEY, ByteRange.all(), BlobTarget.of(target), options(concurrency))
                        .join();
            }
            assertThat(store.injected(fault)).isEqualTo(1);
            assertThat(store.requests(Operation.READ)).isEqualTo(PARTS + 1);
            assertThat(store.requests(Operation.HEAD)).isEqualTo(1);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        }
    }

    @ParameterizedTest
    @CsvSource({"FATAL_ERROR, 1", "FATAL_ERROR, 8", "FLIPPED_READ, 1", "FLIPPED_READ, 8"})
    void aPermanentFailureLeavesTheFileAsItWas(Fault fault, int concurrency) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        Path path = Files.write(temporary.resolve("file"), OLD);
        for (int n = 1; n <= PARTS; n++) {
            FaultyBlobStore store = FaultyBlobStore.over(plain)
                    .seed(n)
                    .at(Operation.READ, n, fault)
                    .build();
            try (TransferManager reader = readers.build()) {
                Transfer<ReadResult> transfer =
                        reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path), options(concurrency));
                assertThat(catchThrowable(transfer::join))
                        .isInstanceOf(
                                fault == Fault.FLIPPED_READ ? IntegrityException.class : BlobStoreException.class);
            }
            assertThat(store.injected(fault)).isEqualTo(1);
            assertThat(path).hasBinaryContent(OLD);
            assertThat(temporary).isDirectoryNotContaining(file -> !file.equals(path));
        }
    }

    @ParameterizedTest
    @CsvSource({"READ, 1", "READ, 2", "HEAD, 1"})
    void aStalledReadIsCancelled(Operation stalled, int number) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        FaultyBlobStore store =
                FaultyBlobStore.over(plain).at(stalled, number, Fault.STALL).build();
        try (TransferManager reader = readers.build()) {
            MappedFile file = MappedFile.create(temporary.resolve("file"), CONTENT.length);
            Transfer<ReadResult> transfer = reader.download(store, KEY, ByteRange.all(), file.region(), options(4));
            file.close();
            store.awaitStall();

            assertThat(transfer.cancel()).isTrue();

            assertThat(catchThrowable(transfer::join)).isInstanceOf(CancellationException.class);
            assertThat(file.isReleased()).isTrue();
        }
    }

    // ---- random faults

    /** A read of a random range into a random target. */
    private final class Round {
        final long seed;
        final Random random;
        final byte[] content;
        final ByteRange range;
        final byte[] expected;
        final DownloadOptions options;

        Round(long seed, int attempts) throws IOException {
            this.seed = seed;
            random = new Random(seed);
            content = ContractFixture.bytes(random.nextInt(200_000), seed);
            memory.store(KEY, ByteBuffer.wrap(content));
            int from = random.nextBoolean() ? 0 : random.nextInt(content.length + 1);
            int length = random.nextInt(content.length - from + 1);
            range = switch (random.nextInt(4)) {
                case 0 -> ByteRange.of(from, length);
                case 1 -> ByteRange.atMost(from, random.nextBoolean() ? length : Long.MAX_VALUE - from);
                case 2 -> ByteRange.last(length);
                default -> ByteRange.from(from);
            };
            expected = ContractFixture.bytesOf(range, content);
            options = DownloadOptions.builder()
                    .partSize(1024 + random.nextInt(30_000))
                    .concurrency(1 + random.nextInt(8))
                    .retry(RetryPolicy.builder().maxAttempts(attempts).build())
                    .build();
        }

        /**
         * Reads, and returns the content of the target; empty if the read failed. In that case the target must be
         * unchanged.
         */
        Optional<byte[]> read(BlobStore store) throws Exception {
            int spare = random.nextInt(3);
            switch (random.nextInt(3)) {
                case 0 -> {
                    ByteBuffer target = ByteBuffer.allocateDirect(expected.length + spare + 2)
                            .position(2);
                    Throwable problem = outcome(store, BlobTarget.of(target));
                    assertThat(target.position())
                            .as("seed %d", seed)
                            .isEqualTo(problem == null ? 2 + expected.length : 2);
                    return when(problem, bytes(target.clear().slice(2, expected.length)));
                }
                case 1 -> {
                    Path path = Files.createTempFile(temporary, "mapped", "");
                    Files.write(path, new byte[expected.length + spare]);
                    MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE);
                    Throwable problem;
                    try (file) {
                        problem = outcome(store, file.region());
                        assertThat(file.leases()).isZero();
                    }
                    return when(problem, Arrays.copyOf(Files.readAllBytes(path), expected.length));
                }
                default -> {
                    Path path = Files.createTempDirectory(temporary, "path").resolve("file");
                    Files.write(path, OLD);
                    Throwable problem = outcome(store, BlobTarget.ofPath(path));
                    assertThat(path.getParent()).isDirectoryNotContaining(file -> !file.equals(path));
                    byte[] now = Files.readAllBytes(path);
                    assertThat(problem == null || Arrays.equals(now, OLD))
                            .as("seed %d", seed)
                            .isTrue();
                    return when(problem, now);
                }
            }
        }

        private Throwable outcome(BlobStore store, BlobTarget target) throws IOException {
            try (TransferManager reader = readers.build()) {
                Transfer<ReadResult> transfer = reader.download(store, KEY, range, target, options);
                Throwable problem = catchThrowable(() -> {
                    ReadResult read = transfer.join();
                    assertThat(read.length()).isEqualTo(expected.length);
                    assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(expected)));
                });
                assertThat(problem == null || problem instanceof BlobStoreException)
                        .as("seed %d: %s", seed, problem)
                        .isTrue();
                return problem;
            }
        }

        private Optional<byte[]> when(Throwable problem, byte[] bytes) {
            return problem == null ? Optional.of(bytes) : Optional.empty();
        }

        private byte[] bytes(ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        }
    }

    @Test
    void aReadSurvivesManyFailures() throws Exception {
        int faults = 0;
        for (long seed = 0; seed < 150; seed++) {
            Round round = new Round(seed, 100);
            FaultyBlobStore store = FaultyBlobStore.over(plain)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.15)
                    .chance(Fault.THROTTLED, 0.1)
                    .chance(Fault.TRUNCATED_READ, 0.2)
                    .build();
            assertThat(Arrays.equals(round.read(store).orElseThrow(), round.expected))
                    .as("seed %d", seed)
                    .isTrue();
            faults += store.injected();
        }
        assertThat(faults).isGreaterThan(200);
    }

    @Test
    void bytesThatArrivedAreNotRequestedAgain() throws Exception {
        for (long seed = 0; seed < 50; seed++) {
            Round round = new Round(seed, 100);
            FaultyBlobStore cutting = FaultyBlobStore.over(plain)
                    .seed(seed)
                    .chance(Fault.TRUNCATED_READ, 0.4)
                    .build();
            AtomicLong arrived = new AtomicLong();
            round.read(new ForwardingBlobStore(cutting) {
                        @Override
                        public ReadResult read(
                                BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                                throws IOException {
                            try {
                                ReadResult read = super.read(key, range, target, options);
                                arrived.addAndGet(read.length());
                                return read;
                            } catch (PartialReadException e) {
                                arrived.addAndGet(e.received().length());
                                throw e;
                            }
                        }
                    })
                    .orElseThrow();

            assertThat(arrived).as("seed %d", seed).hasValue(round.expected.length);
        }
    }

    @Test
    void aReadGivesTheContentOrAnErrorWhateverHappens() throws Exception {
        int failed = 0;
        int succeeded = 0;
        for (long seed = 1000; seed < 1200; seed++) {
            Round round = new Round(seed, 3);
            // A flipped bit in a part can be detected only if the whole blob is read.
            boolean verifiable = round.expected.length == round.content.length;
            FaultyBlobStore store = FaultyBlobStore.over(plain)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.1)
                    .chance(Fault.RESPONSE_LOST, 0.05)
                    .chance(Fault.FATAL_ERROR, 0.02)
                    .chance(Fault.TRUNCATED_READ, 0.1)
                    .chance(Fault.FLIPPED_READ, verifiable ? 0.05 : 0)
                    .build();
            Optional<byte[]> read = round.read(store);
            read.ifPresent(bytes -> assertThat(Arrays.equals(bytes, round.expected))
                    .as("seed %d", round.seed)
                    .isTrue());
            if (read.isPresent()) {
                succeeded++;
                assertThat(store.injected(Fault.FLIPPED_READ))
                        .as("seed %d", seed)
                        .isZero();
            } else {
                failed++;
            }
        }
        assertThat(failed).isGreaterThan(10);
        assertThat(succeeded).isGreaterThan(10);
    }
}
