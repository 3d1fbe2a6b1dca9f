package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.WholeReads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which of the bytes that a reader delivers are verified. */
@ExtendWith(LeakCheck.class)
class BlobReaderVerificationTest {
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final int SIZE = 1_200_003; // more than what a reader keeps in memory
    private static final byte[] CONTENT = new byte[SIZE];

    static {
        new SplittableRandom(3).nextBytes(CONTENT);
    }

    /** Corrupts what reads return and, as S3, reports the checksum only with a whole blob and with metadata. */
    private static final class CorruptingStore extends ForwardingBlobStore {
        /** Returns whether the byte at an offset arrives corrupted; called once for each read of it. */
        volatile LongPredicate corrupt = offset -> false;

        volatile int failingHeads;
        volatile long sizeInReads = SIZE;
        final AtomicInteger heads = new AtomicInteger();

        CorruptingStore(BlobStore store) {
            super(store);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            return WholeReads.read(range, target, content -> {
                ReadResult read = super.read(key, range, BlobTarget.Window.of(content), options);
                for (int i = 0; i < read.length(); i++) {
                    if (corrupt.test(range.offset() + i)) {
                        content.put(i, (byte) (content.get(i) ^ 8));
                    }
                }
                BlobMetadata blob = read.blob();
                boolean whole = read.length() == blob.size();
                return ReadResult.of(
                        BlobMetadata.builder(key, sizeInReads, blob.version(), blob.lastModified())
                                .checksum(whole ? blob.checksum() : Optional.empty())
                                .build(),
                        read.length(),
                        Crc32c.of(content.duplicate().flip()));
            });
        }

        @Override
        public BlobMetadata head(BlobKey key) throws IOException {
            heads.incrementAndGet();
            if (failingHeads > 0) {
                failingHeads--;
                throw new BlobStoreException(Operation.HEAD, key, "no", null, false);
            }
            return super.head(key);
        }
    }

    private final CorruptingStore store = new CorruptingStore(new InMemoryBlobStore());

    @BeforeEach
    void storeBlob() throws IOException {
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)));
    }

    private interface Body {
        void run(BlobReader blob) throws IOException;
    }

    private void reading(Body body) throws IOException {
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            body.run(blob);
        }
    }

    /** Reads to the end; returns the number of bytes from the position on. */
    private static int toEnd(BlobReader blob, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        int bytes = 0;
        while (blob.read(target.clear()) >= 0) {
            bytes += target.position();
        }
        return bytes;
    }

    private static void assertRefused(BlobReader blob, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length + 3).position(3);
        long before = SIZE - length;
        for (int i = 0; i < 3; i++) { // repeating the last read is not enough
            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> blob.read(target))
                    .withMessageContaining("read again");
            assertThat(target.position()).isEqualTo(3);
            assertThat(blob.position()).isEqualTo(before);
        }
        assertThatExceptionOfType(IntegrityException.class)
                .isThrownBy(() -> blob.position(SIZE).read(target)); // never -1
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 65_536, 100_001, SIZE})
    void oneFlippedBitAnywhereIsDetectedBeforeTheEnd(int length) throws IOException {
        for (int offset : new int[] {0, 70_000, SIZE / 2, SIZE - 1}) {
            store.corrupt = at -> at == offset;
            reading(blob -> {
                ByteBuffer target = ByteBuffer.allocateDirect(length);
                assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> {
                    while (blob.read(target.clear()) >= 0) {
                        assertThat(blob.position()).as("the last bytes").isLessThan(SIZE);
                    }
                });
                assertThat(target.position()).isZero();
            });
            reading(blob -> {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (InputStream stream = blob.inputStream()) {
                    assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> stream.transferTo(out));
                }
                assertThat(out.size()).isLessThan(SIZE);
            });
        }
    }

    @Test
    void singleBytesAreVerified() throws IOException {
        store.corrupt = at -> at == 5;
        reading(blob -> {
            try (InputStream stream = blob.inputStream()) {
                assertThat(stream.read()).isEqualTo(CONTENT[0] & 0xff);
                for (int i = 1; i < 10; i++) {
                    assertThat(stream.read()).isNotNegative();
                }
                assertThatExceptionOfType(IntegrityException.class).isThrownBy(stream::readAllBytes);
            }
        });
    }

    @Test
    void readsInBetweenDoNotEndTheVerification() throws IOException {
        store.corrupt = at -> at == SIZE - 7;
        reading(blob -> {
            ByteBuffer target = ByteBuffer.allocate(10_000);
            blob.read(target.clear());
            blob.position(500_000).read(target.clear()); // elsewhere
            blob.position(0).read(target.clear().limit(100)); // the beginning again
            blob.position(5000).read(target.clear()); // some of what was read already, and more
            blob.read(target.clear(), 900_000); // by position
            blob.position(15_000);
            ByteBuffer rest = ByteBuffer.allocate(SIZE - 15_000 - 10);
            blob.read(rest);
            assertRefused(blob, 10);
        });
    }

    @Test
    void aBlobThatIsReadFromTheBeginningAgainIsVerifiedAgain() throws IOException {
        AtomicInteger times = new AtomicInteger();
        store.corrupt = at -> at == 20 && times.incrementAndGet() == 2; // only the second time
        reading(blob -> {
            assertThat(toEnd(blob, 100_000)).isEqualTo(SIZE);
            blob.position(0).read(ByteBuffer.allocate(SIZE - 10));
            assertRefused(blob, 10);
            assertThat(toEnd(blob.position(0), 77_777)).isEqualTo(SIZE);
        });
        times.set(1);
        reading(
                blob -> { // after a look at the beginning
                    blob.read(ByteBuffer.allocate(10));
                    blob.position(0).read(ByteBuffer.allocate(SIZE - 10));
                    assertRefused(blob, 10);
                });
    }

    @Test
    void partsAreNotVerified() throws IOException {
        store.corrupt = at -> at == 20;
        reading(blob -> assertThat(toEnd(blob.position(1), 100_000)).isEqualTo(SIZE - 1));
        reading(blob -> {
            blob.read(ByteBuffer.allocate(100));
            assertThat(toEnd(blob.position(101), 100_000)).isEqualTo(SIZE - 101);
        });
    }

    /** Random walks: what is delivered is right or refused, and what is right is not refused. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomWalksThatEndWithTheRestAreJudgedRightly(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        int damaged = random.nextInt(SIZE);
        for (boolean corrupt : new boolean[] {false, true}) {
            store.corrupt = at -> corrupt && at == damaged;
            reading(blob -> {
                int inOrder = 0;
                while (inOrder < SIZE - 1) {
                    int from = random.nextBoolean() ? inOrder : random.nextInt(SIZE - 1);
                    int length = Math.min(random.nextInt(1, 200_000), SIZE - 1 - from);
                    ByteBuffer target = ByteBuffer.allocate(length);
                    assertThat(blob.position(from).read(target)).isEqualTo(length);
                    if (!corrupt) {
                        assertThat(Arrays.mismatch(target.array(), 0, length, CONTENT, from, from + length))
                                .isEqualTo(-1);
                    }
                    if (from <= inOrder) {
                        inOrder = Math.max(inOrder, from + length);
                    }
                }
                blob.position(inOrder);
                if (corrupt) {
                    assertRefused(blob, 1);
                } else {
                    assertThat(toEnd(blob, 1)).isEqualTo(1);
                }
            });
        }
    }

    // ---- the checksum

    @Test
    void theChecksumIsRequestedOnceIfNoResponseHadIt() throws IOException {
        reading(blob -> {
            assertThat(toEnd(blob, 100_000)).isEqualTo(SIZE);
            assertThat(toEnd(blob.position(0), 100_000)).isEqualTo(SIZE);
        });
        assertThat(store.heads).hasValue(1);
        reading(blob -> {
            assertThat(blob.size()).isEqualTo(SIZE);
            assertThat(toEnd(blob, 100_000)).isEqualTo(SIZE);
        });
        assertThat(store.heads).hasValue(2);
        reading(blob -> assertThat(toEnd(blob, SIZE)).isEqualTo(SIZE)); // verified by the store
        assertThat(store.heads).hasValue(2);
    }

    @Test
    void withoutTheChecksumTheLastBytesAreNotDelivered() throws IOException {
        store.corrupt = at -> at == SIZE - 1;
        store.failingHeads = 1;
        reading(blob -> {
            blob.read(ByteBuffer.allocate(SIZE - 10));
            ByteBuffer target = ByteBuffer.allocate(20);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> blob.read(target))
                    .withMessageContaining("no");
            assertThat(target.position()).isZero();
            assertRefused(blob, 10);
        });
    }

    @Test
    void aChangeWithoutANewVersionIsRefused() throws IOException {
        reading(blob -> {
            blob.read(ByteBuffer.allocate(10));
            store.sizeInReads = SIZE + 1;
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> blob.read(ByteBuffer.allocate(10)))
                    .withMessageContaining("two sizes");
        });
    }

    // ---- other ways to read all of a blob

    @Test
    void rangesThatAreTheWholeBlobAreVerified() throws Exception {
        try (TransferManager reader = TransferManager.create()) {
            List<ByteRange> halves = List.of(ByteRange.of(SIZE / 2, SIZE - SIZE / 2), ByteRange.of(0, SIZE / 2));
            DownloadOptions options =
                    DownloadOptions.builder().partSize(100_000).build();
            for (int damaged : new int[] {0, 333_333, SIZE - 1}) {
                store.corrupt = at -> at == damaged;
                assertThatExceptionOfType(IntegrityException.class)
                        .isThrownBy(() -> reader.downloadRanges(store, KEY, halves, ByteBuffer::allocate, 0, options)
                                .join());
            }
            store.corrupt = at -> at == 3;
            reader.downloadRanges(store, KEY, halves.subList(0, 1), ByteBuffer::allocate, 0, options)
                    .join();
            store.corrupt = at -> false;
            assertThat(reader.downloadRanges(store, KEY, halves, ByteBuffer::allocate, 0, options)
                            .join()
                            .get(1))
                    .isEqualTo(ByteBuffer.wrap(CONTENT, 0, SIZE / 2));
        }
    }
}
