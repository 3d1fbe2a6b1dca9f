package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about reading by a {@link BlobReader}. */
abstract class ReaderContract extends EngineReadContract {
    /**
     * Reads sequentially up to a length or the end of the blob, and checks the content. Returns the number of bytes.
     */
    private static int readOn(BlobReader blob, byte[] content, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        int from = (int) blob.position();
        int bytes = blob.read(target);
        assertSame(target, content, from, Math.min(length, content.length - from));
        return bytes;
    }

    private static void assertSame(ByteBuffer target, byte[] content, int from, int length) {
        assertThat(target.position()).isEqualTo(length);
        byte[] actual = new byte[length];
        target.flip().get(actual);
        assertThat(Arrays.mismatch(actual, 0, length, content, from, from + length))
                .as("first difference of the content read at %d", from)
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {100_001, 1_000_003})
    void aReaderGoesToTheEndAndBackAgain(int length) throws IOException {
        byte[] content = bytes(largeSize(), 21);
        store.store(KEY, source(content));
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            for (int round = 0; round < 2; round++) {
                while (blob.position() < content.length) {
                    assertThat(readOn(blob, content, length)).isPositive();
                }
                assertThat(blob.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                blob.position(content.length / 2);
            }
            assertThat(blob.size()).isEqualTo(content.length);
            assertThat(blob.metadata().version()).isEqualTo(store.head(KEY).version());
        }
    }

    @Test
    void aReaderReadsAtRandomPositions() throws IOException {
        byte[] content = bytes(largeSize(), 22);
        store.store(KEY, source(content));
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            for (int from : new int[] {content.length - 10, 0, 4_000_000, 77, content.length - 1, 1_000_000}) {
                ByteBuffer target = ByteBuffer.allocate(50_000);
                blob.read(target, from);
                assertSame(target, content, from, Math.min(50_000, content.length - from));
            }
            for (int i = 20; i >= 0; i--) { // at regular distances
                blob.position(i * 200_000L);
                readOn(blob, content, 1000);
            }
            assertThat(blob.read(ByteBuffer.allocate(1), content.length)).isEqualTo(-1);
            assertThat(blob.read(ByteBuffer.allocate(1), content.length + 1L)).isEqualTo(-1);
        }
    }

    @Test
    void aReaderReadsTheTail() throws IOException {
        byte[] content = bytes(100_000, 27);
        store.store(KEY, source(content));
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY);
                BlobReader whole = reader.openReader(store, KEY)) {
            for (int length : new int[] {1000, 1, 99_999, 100_000}) {
                ByteBuffer target = ByteBuffer.allocateDirect(length);
                assertThat(blob.readTail(target)).isEqualTo(length);
                assertSame(target, content, content.length - length, length);
            }
            ByteBuffer large = ByteBuffer.allocate(200_000);
            assertThat(whole.readTail(large)).isEqualTo(100_000);
            assertSame(large, content, 0, 100_000);
            assertThat(whole.readTail(ByteBuffer.allocate(0))).isZero();
            assertThat(whole.position()).isZero();
        }
    }

    @Test
    void aReaderIsAStream() throws IOException {
        byte[] content = bytes(largeSize(), 23);
        store.store(KEY, source(content));
        try (TransferManager reader = TransferManager.create();
                InputStream stream = reader.openReader(store, KEY).inputStream()) {
            assertThat(stream.read()).isEqualTo(content[0] & 0xFF);
            assertThat(stream.skip(9)).isEqualTo(9);
            byte[] rest = stream.readAllBytes();
            assertThat(Arrays.mismatch(rest, 0, rest.length, content, 10, content.length))
                    .isEqualTo(-1);
            assertThat(stream.read()).isEqualTo(-1);
        }
    }

    @Test
    void aDamagedBlobThatIsReadToItsEndIsRefused() throws IOException {
        store.store(KEY, source(bytes(300_000, 26)));
        assumeTrue(keepsChecksums(), "the store keeps no checksums");
        assumeTrue(damage(KEY), "the test cannot access the stored bytes");
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> {
                while (blob.read(ByteBuffer.allocateDirect(50_000)) >= 0) {
                    assertThat(blob.position()).isLessThan(300_000);
                }
            });
            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> blob.position(0).inputStream().readAllBytes());
        }
    }

    @Test
    void aReaderOfAnEmptyBlobIsAtItsEnd() throws IOException {
        store.store(KEY, source(new byte[0]));
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            assertThat(blob.read(ByteBuffer.allocate(10))).isEqualTo(-1);
            assertThat(blob.read(ByteBuffer.allocate(10), 0)).isEqualTo(-1);
            assertThat(blob.readTail(ByteBuffer.allocate(10))).isEqualTo(-1);
            assertThat(blob.size()).isZero();
        }
    }

    @Test
    void aReaderOfAMissingBlobThrows() throws IOException {
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY)) {
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> blob.read(ByteBuffer.allocate(10)));
            assertThatExceptionOfType(BlobNotFoundException.class)
                    .isThrownBy(() -> blob.read(ByteBuffer.allocate(10), 5));
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(blob::size);
        }
    }

    @Test
    void aReaderReadsOneVersionOnly() throws IOException {
        byte[] old = bytes(100_000, 24);
        store.store(KEY, source(old));
        BlobMetadata first = store.head(KEY);
        ReaderOptions wanted = ReaderOptions.builder()
                .read(ReadOptions.ifMatch(first.version()))
                .build();
        try (TransferManager reader = TransferManager.create();
                BlobReader blob = reader.openReader(store, KEY);
                BlobReader fresh = reader.openReader(store, KEY, wanted)) {
            readOn(blob, old, 1000);
            store.store(KEY, source(bytes(100_000, 25)));

            if (readsReplacedVersions()) {
                readOn(blob, old, 1000);
                readOn(fresh, old, 1000);
                return;
            }
            ByteBuffer target = ByteBuffer.allocate(1000);
            assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> blob.read(target));
            assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> blob.read(target, 5));
            assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> fresh.read(target));
            assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(fresh::size);
            assertThat(target.position()).isZero();
            assertThat(blob.position()).isEqualTo(1000);
        }
    }
}
