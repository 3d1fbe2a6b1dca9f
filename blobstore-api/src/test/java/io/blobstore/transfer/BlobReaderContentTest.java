package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobNotFoundException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the content that a reader returns: up to the end of the blob, into all kinds of buffers, and of one version
 * only.
 */
class BlobReaderContentTest extends BlobReaderFixture {
    private static ByteBuffer one() {
        return ByteBuffer.allocate(1);
    }

    // ---- the end

    @Test
    void atTheEndAndBehindItThereIsNothing() throws IOException {
        store = new PatternStore(2 * M);
        try (BlobReader blob = open()) {
            for (long position : new long[] {2 * M, 2 * M + 1, 1L << 40, Long.MAX_VALUE}) {
                assertThat(blob.read(one(), position)).isEqualTo(-1);
                assertThat(blob.position(position).read(one())).isEqualTo(-1);
                assertThat(blob.position()).isEqualTo(position);
            }
            assertThat(blob.read(ByteBuffer.allocate(50), 2 * M - 10)).isEqualTo(10);
            blob.position(2 * M - 10);
            read(blob, 50);
        }
        assertThat(store.bytes()).isEqualTo(20);
        assertThat(store.heads()).isZero();
    }

    @Test
    void aBlobMayHaveTheLargestSize() throws IOException {
        store = new PatternStore(Long.MAX_VALUE);
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            blob.position(Long.MAX_VALUE - 10 * M - 5);
            read(blob, M, 10);
            read(blob, M); // 5 bytes
            assertThat(blob.read(one())).isEqualTo(-1);
            assertThat(blob.read(ByteBuffer.allocate(10), Long.MAX_VALUE - 3)).isEqualTo(3);
            for (int i = 0; i < 4; i++) { // the next distances overflow
                blob.position(((1L << 62) - 1) / 2 * i + (1L << 61));
                read(blob, 100);
            }
        }
    }

    @Test
    void anEmptyBlobIsEmpty() throws IOException {
        store = new PatternStore(0);
        try (BlobReader blob = open()) {
            assertThat(blob.read(one())).isEqualTo(-1);
            assertThat(blob.read(one())).isEqualTo(-1);
            assertThat(blob.read(one(), 0)).isEqualTo(-1);
            assertThat(blob.read(one(), 1)).isEqualTo(-1);
            assertThat(blob.size()).isZero();
        }
        assertThat(store.reads()).hasSize(1);
        assertThat(store.heads()).isZero();
    }

    @Test
    void aMissingBlobIsMissingUntilThereIsOne() throws IOException {
        store.delete(KEY);
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(10).position(3);
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> blob.read(target));
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> blob.read(target, 0));
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> blob.read(target, 5));
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(blob::size);
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(blob::metadata);
            assertThat(target.position()).isEqualTo(3);
            assertThat(target.limit()).isEqualTo(10);
            assertThat(blob.position()).isZero();

            store.replace(20);
            assertThat(blob.read(target)).isEqualTo(7);
            assertThat(blob.size()).isEqualTo(20);
        }
    }

    // ---- buffers

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTargetIsFilledBetweenPositionAndLimit(boolean direct) throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            for (int i = 0; i < 10; i++) { // by requests and from prefetched memory
                ByteBuffer whole = direct ? ByteBuffer.allocateDirect(1100) : ByteBuffer.allocate(1100);
                ByteBuffer target = whole.slice(20, 1060).position(10).limit(1010);
                boolean positional = i % 3 == 2;
                long from = blob.position();

                assertThat(positional ? blob.read(target, from) : blob.read(target))
                        .isEqualTo(1000);

                assertThat(target.position()).isEqualTo(1010);
                assertThat(target.limit()).isEqualTo(1010);
                assertThat(blob.position()).isEqualTo(from + (positional ? 0 : 1000));
                PatternStore.assertContent(from, target.flip().position(10));
                for (int at = 0; at < 1100; at++) {
                    if (at < 30 || at >= 1030) {
                        assertThat(whole.get(at)).isZero();
                    }
                }
            }
        }
    }

    @Test
    void aReadOnlyTargetIsRefused() throws IOException {
        try (BlobReader blob = open()) {
            ByteBuffer target = one().asReadOnlyBuffer();
            assertThatIllegalArgumentException().isThrownBy(() -> blob.read(target));
            assertThatIllegalArgumentException().isThrownBy(() -> blob.read(target, 0));
        }
        assertThat(store.reads()).isEmpty();
    }

    @Test
    void invalidArgumentsAreRefused() throws IOException {
        try (BlobReader blob = open()) {
            assertThatIllegalArgumentException().isThrownBy(() -> blob.position(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> blob.read(one(), -1));
            assertThatExceptionOfType(NonWritableChannelException.class).isThrownBy(() -> blob.write(one()));
            assertThatExceptionOfType(NonWritableChannelException.class).isThrownBy(() -> blob.truncate(0));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReaderOptions.builder().concurrency(0).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReaderOptions.builder().maxReadAhead(-1).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TransferManager.builder().readAheadMemory(-1).build());
        assertThat(store.reads()).isEmpty();
    }

    // ---- versions

    private static void assertReplaced(BlobReader blob, long position) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(M).position(5);
        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> blob.position(position).read(target));
        assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> blob.read(target, position));
        assertThat(target.position()).isEqualTo(5);
        assertThat(blob.position()).isEqualTo(position);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10})
    void aReplacedBlobIsNotReadOn(int reads) throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, reads);
            store.replace(1L << 40);
            long fetched = store.reads().stream()
                    .mapToLong(PatternStore.Read::end)
                    .max()
                    .orElseThrow();
            // Prefetched bytes are of the first version, and are returned. The read after them fails.
            if (blob.position() < fetched) {
                read(blob, M, (int) (fetched - blob.position()) / M);
            }
            assertReplaced(blob, fetched);
            assertReplaced(blob, 0);
            assertThat(reader.readAheadMemory().taken()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 2", "1, 3", "1, 4", "8, 1", "8, 2", "8, 3", "8, 4"})
    void aReadIsOfOneVersionWheneverTheBlobIsReplaced(int concurrency, int replacedAt) throws IOException {
        int size = 40 * M; // five requests
        store = new PatternStore(size);
        CountDownLatch countdown = new CountDownLatch(replacedAt);
        store.onRead(read -> {
            countdown.countDown();
            if (countdown.getCount() == 0) {
                store.replace(size);
            }
        });
        try (BlobReader blob = open(ONE_TRY.toBuilder().concurrency(concurrency).build())) {
            ByteBuffer target = ByteBuffer.allocate(size);
            try {
                assertThat(blob.read(target)).isEqualTo(size);
                assertThat(concurrency).isGreaterThan(1); // the last request may have been in flight
                PatternStore.assertContent(0, target.flip());
            } catch (PreconditionFailedException e) {
                assertThat(target.position()).isZero();
            }
        }
    }

    /** Both responses arrive before a version is pinned. */
    @Test
    void ofTwoFirstReadsThatMeetDifferentVersionsOneFails() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        CountDownLatch oldMet = new CountDownLatch(1);
        CountDownLatch newRead = new CountDownLatch(1);
        store.onRead(read -> {
            if (oldMet.getCount() > 0) {
                oldMet.countDown();
                ScriptedStore.await(newRead);
            }
        });
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(100).position(7);
            Future<Integer> first = threads.submit(() -> blob.read(target, 0));
            ScriptedStore.await(oldMet);
            store.replace(1000);
            assertThat(blob.read(one(), 0)).isEqualTo(1);
            newRead.countDown();

            assertThatExceptionOfType(Exception.class)
                    .isThrownBy(first::get)
                    .havingCause()
                    .isInstanceOf(PreconditionFailedException.class);
            assertThat(target.position()).isEqualTo(7); // although the bytes had arrived
            assertThat(target.limit()).isEqualTo(100);
            assertThat(blob.metadata().version()).isEqualTo(PatternStore.version(2));
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void theRequestedVersionIsRead() throws IOException {
        ReaderOptions wanted = ONE_TRY.toBuilder()
                .read(ReadOptions.ifMatch(PatternStore.version(1)))
                .build();
        try (BlobReader blob = open(wanted)) {
            read(blob, M, 5);
        }
        List<BlobReader> fresh = new ArrayList<>(List.of(open(wanted), open(wanted), open(wanted)));
        store.replace(1000);
        assertReplaced(fresh.get(0), 0);
        assertReplaced(fresh.get(1), 7);
        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> fresh.get(2).size());
        fresh.forEach(BlobReader::close);
        assertThat(store.reads()).allMatch(read -> read.end() <= 16L * M);
    }
}
