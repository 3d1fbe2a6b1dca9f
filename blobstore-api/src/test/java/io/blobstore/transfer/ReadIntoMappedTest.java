package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ReadResult;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.internal.memory.Mapper;
import io.blobstore.memory.MappedFile;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests reads into mapped memory: in place, across the buffers of a mapping, and its lifetime. */
@Tag("jdk")
@Timeout(120)
class ReadIntoMappedTest {
    private static final int SIZE = 1000;
    private static final byte[] CONTENT = ReadPlanTest.content(SIZE);

    @TempDir
    private Path directory;

    @AfterEach
    void everythingIsReleased() {
        assertThat(LeaseTicket.openLeases())
                .noneMatch(lease -> lease.getMessage().contains(directory.toString()));
    }

    private static DownloadOptions parts(long partSize) {
        return DownloadOptions.builder()
                .partSize(partSize)
                .concurrency(3)
                .retry(RetryPolicy.NEVER)
                .build();
    }

    // ---- placement

    @Test
    void aRegionIsFilledAndNothingBesideIt() throws Exception {
        Path path = directory.resolve("file");
        try (TransferManager reader = TransferManager.create();
                MappedFile file = MappedFile.create(path, SIZE + 200)) {
            ReadResult read = reader.download(
                            ScriptedReads.of(CONTENT), KEY, ByteRange.all(), file.region(70, SIZE + 20), parts(77))
                    .join();

            assertThat(read.length()).isEqualTo(SIZE);
            assertThat(file.leases()).isZero();
        }
        byte[] expected = new byte[SIZE + 200];
        System.arraycopy(CONTENT, 0, expected, 70, SIZE);
        assertThat(path).hasBinaryContent(expected);
    }

    /** Begins {@code before} bytes before the end of the first root buffer; after it if the number is negative. */
    @ParameterizedTest
    @CsvSource({
        "500, 1000, 10000",
        "500, 1000, 1000",
        "500, 1000, 300",
        "500, 1000, 500",
        "1, 1000, 7",
        "999, 1000, 100",
        "1000, 1000, 100",
        "0, 1000, 300",
        "-5, 1000, 300",
        "500, 1500, 300",
        "500, 1500, 10000"
    })
    void aRegionMayCrossTheBoundaryOfTwoBuffers(int before, int regionSize, int partSize) throws Exception {
        Path path = directory.resolve("sparse");
        long offset = Mapper.ROOT_SIZE - before;
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(Mapper.ROOT_SIZE + 3000L);
        }
        for (ByteRange range : new ByteRange[] {ByteRange.all(), ByteRange.of(0, SIZE), ByteRange.atMost(0, 5000)}) {
            ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksumInParts();
            try (TransferManager reader = TransferManager.create();
                    MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE)) {
                ReadResult read = reader.download(store, KEY, range, file.region(offset, regionSize), parts(partSize))
                        .join();

                assertThat(read.length()).isEqualTo(SIZE);
                assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT)));
                assertThat(read.blob().checksum()).contains(read.checksum());
            }
            byte[] around = new byte[regionSize + 20];
            try (RandomAccessFile written = new RandomAccessFile(path.toFile(), "rw")) {
                written.seek(offset - 10);
                written.readFully(around);
                written.seek(offset);
                written.write(new byte[regionSize]);
            }
            byte[] expected = new byte[regionSize + 20];
            System.arraycopy(CONTENT, 0, expected, 10, SIZE);
            assertThat(Arrays.mismatch(around, expected)).isEqualTo(-1);
        }
    }

    @Test
    void anEmptyRegionTakesAnEmptyRange() throws Exception {
        for (int size : new int[] {0, 5}) {
            try (TransferManager reader = TransferManager.create();
                    MappedFile file = MappedFile.create(directory.resolve("file" + size), size)) {
                assertThat(reader.download(
                                        ScriptedReads.of(CONTENT),
                                        KEY,
                                        ByteRange.from(SIZE),
                                        file.region(size, 0),
                                        parts(10))
                                .join()
                                .length())
                        .isZero();
            }
        }
    }

    // ---- lifetime

    @ParameterizedTest
    @EnumSource(Ending.class)
    void aFileThatIsClosedMeanwhileIsUnmappedWithTheEndAndNotBefore(Ending ending) throws Exception {
        CompletableFuture<Transfer<ReadResult>> begun = new CompletableFuture<>();
        CountDownLatch closed = new CountDownLatch(1);
        MappedFile file = MappedFile.create(directory.resolve("file"), SIZE);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            ScriptedStore.awaitUninterruptibly(closed);
            assertThat(file.isReleased()).isFalse();
            read.target().put(0, (byte) 1); // crashes, or throws, if it is unmapped
            if (read.offset() == 500) {
                ending.reach(begun.join());
            }
        });
        try (TransferManager reader = TransferManager.create()) {
            Transfer<ReadResult> transfer = reader.download(store, KEY, ByteRange.all(), file.region(), parts(100));
            CompletableFuture<Boolean> releasedAtCompletion =
                    transfer.toCompletableFuture().handle((read, problem) -> file.isReleased());
            begun.complete(transfer);
            file.close();
            assertThat(file.isReleased()).isFalse();
            closed.countDown();

            assertThat(releasedAtCompletion.get(1, TimeUnit.MINUTES)).isTrue();
            switch (ending) {
                case SUCCESS -> assertThat(transfer.join().length()).isEqualTo(SIZE);
                case CANCELLATION -> assertThatThrownBy(transfer::join).isInstanceOf(CancellationException.class);
                case FAILURE -> assertThatThrownBy(transfer::join).hasMessageContaining("for good");
            }
        }
        assertThat(store.inside()).isZero();
        if (ending == Ending.SUCCESS) {
            assertThat(directory.resolve("file")).hasBinaryContent(CONTENT);
        }
    }

    @Test
    void aRegionOfARetainedSourceMayBeReadIntoAfterItsFileWasClosed() throws Exception {
        MappedFile file = MappedFile.create(directory.resolve("file"), SIZE);
        try (TransferManager reader = TransferManager.create()) {
            var retained = file.region().retain();
            file.close();
            reader.download(
                            ScriptedReads.of(CONTENT),
                            KEY,
                            ByteRange.all(),
                            (BlobTarget) retained.slice(0, SIZE),
                            parts(100))
                    .join();
            assertThat(file.isReleased()).isFalse();
            retained.close();
        }
        assertThat(file.isReleased()).isTrue();
        assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo(CONTENT);
    }
}
