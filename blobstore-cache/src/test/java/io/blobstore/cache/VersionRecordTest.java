package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Records are read as they were written, or not at all. */
class VersionRecordTest {
    private static final BlobMetadata BLOB = BlobMetadata.builder(
                    BlobKey.of("a/\u00E9\uD83D\uDE00"),
                    42,
                    new BlobVersion("\"etag\""),
                    Instant.parse("2024-02-03T04:05:06.000000007Z"))
            .checksum(Optional.of(new Crc32c(-7)))
            .contentHeaders(Map.of("Content-Type", "image/png", "Cache-Control", "max-age=1"))
            .userMetadata(Map.of("Name", "\u00FC", "empty", ""))
            .build();
    private static final Digest CONTENT = new Digest(Sha256.of(ByteBuffer.wrap(new byte[] {1, 2})), 42);

    @Test
    void aRecordIsReadAsItWasWritten() {
        VersionRecord record = new VersionRecord(BLOB, CONTENT);
        VersionRecord bare = new VersionRecord(
                BlobMetadata.builder(BLOB.key(), 42, BLOB.version(), Instant.EPOCH)
                        .build(),
                CONTENT);

        assertThat(VersionRecord.decode(record.encode())).contains(record);
        assertThat(VersionRecord.decode(bare.encode())).contains(bare);
    }

    @Test
    void noByteOfARecordCanBeChangedCutOffOrAdded() {
        byte[] bytes = new VersionRecord(BLOB, CONTENT).encode().array();
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 0x40;
            assertThat(VersionRecord.decode(ByteBuffer.wrap(changed)))
                    .as("byte %d", i)
                    .isEmpty();
            assertThat(VersionRecord.decode(ByteBuffer.wrap(bytes, 0, i)))
                    .as("%d bytes", i)
                    .isEmpty();
        }
        assertThat(VersionRecord.decode(
                        ByteBuffer.allocate(bytes.length + 1).put(bytes).rewind()))
                .isEmpty();
    }

    @Test
    void noByteOfAPendingRecordCanBeChanged() {
        PendingRecord record = new PendingRecord(77, BLOB, CONTENT);
        byte[] bytes = record.encode().array();

        assertThat(PendingRecord.decode(bytes)).contains(record);
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 1;
            assertThat(PendingRecord.decode(changed)).as("byte %d", i).isEmpty();
            assertThat(PendingRecord.decode(Arrays.copyOf(bytes, i)))
                    .as("%d bytes", i)
                    .isEmpty();
        }
    }

    @Test
    void keysOfRecordsTellStoresKeysAndVersionsApart() {
        VersionKey version = VersionKey.of(BLOB);
        assertThat(VersionRecord.key("s", version)).isEqualTo(VersionRecord.key("s", version));
        assertThat(VersionRecord.key("s", version)).isNotEqualTo(VersionRecord.key("t", version));
        // The texts of both are the same if they are only put together.
        assertThat(VersionRecord.key("s", new VersionKey(BlobKey.of("ab"), new BlobVersion("c"))))
                .isNotEqualTo(VersionRecord.key("s", new VersionKey(BlobKey.of("a"), new BlobVersion("bc"))));
    }
}
