package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobSource;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.MergedContent.MissingObjectException;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads streams with random damage. Compressed chunks have no checksum: what the format cannot notice, the id of the
 * stream does.
 */
@ExtendWith(LeakCheck.class)
class RandomDamageTest {
    private static final ObjectHash HASH = ObjectHash.SHA_256;

    /** Offset in a stream of the claim to how many bytes it merges. */
    private static final int SIZE_FIELD = 104;

    @TempDir
    Path temporary;

    private SplitContent content(String name) throws IOException {
        return SplitContent.of(
                BlobSource.of(Vectors.decompress("tars/" + name + ".tar.zst")),
                Splitter.tar(),
                HASH,
                ContentType.OCI_LAYER,
                temporary);
    }

    private static byte[] flipped(byte[] stream, Random random) {
        byte[] damaged = stream.clone();
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            damaged[random.nextInt(stream.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        }
        return damaged;
    }

    /** Replaces a field of 64 bits by a number that is often at a border. */
    private static byte[] withOtherField(byte[] stream, Random random) {
        long[] borders = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, stream.length, stream.length + 1L, 1L << 62};
        byte[] damaged = stream.clone();
        int field = 16 + Long.BYTES * random.nextInt(12);
        long value = random.nextBoolean() ? borders[random.nextInt(borders.length)] : random.nextInt(stream.length);
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putLong(field, value);
        return damaged;
    }

    private static byte[] damaged(byte[] stream, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(stream, random.nextInt(stream.length));
            case 1 -> withOtherField(stream, random);
            default -> flipped(stream, random);
        };
    }

    @Test
    void damagedStreamsFailWithATypedExceptionOrHaveAnotherId() throws IOException {
        int typed = 0;
        int rounds = CampaignScale.of(20_000);
        List<String> names = List.of("mixed", "gnu-long", "duplicates", "pax", "trailing-garbage", "no-bytes");
        for (String name : names) {
            SplitContent content = content(name);
            byte[] stream = content.stream().array();
            for (int round = 0; round < rounds / names.size(); round++) {
                byte[] damaged = damaged(stream, new Random(round));
                if (Arrays.equals(damaged, stream)) {
                    continue;
                }
                ByteBuffer bytes = ByteBuffer.wrap(damaged);
                assertThat(VerityDigest.of(HASH, BlobSource.of(bytes))).isNotEqualTo(content.id());
                AtomicLong merged = new AtomicLong();
                try {
                    MergedContent.merge(bytes, HASH, content.objects(), piece -> merged.addAndGet(piece.remaining()));
                    assertThat(merged.get()).isEqualTo(claimedSize(damaged));
                } catch (SplitStreamException | UnsupportedSplitStreamException | MissingObjectException e) {
                    typed++;
                    assertThat(e).message().isNotBlank();
                }
                assertThat(merged.get()).isLessThanOrEqualTo(Math.max(claimedSize(damaged), 0));
            }
        }
        assertThat(typed).isGreaterThan(rounds / 2);
    }

    private static long claimedSize(byte[] stream) {
        return stream.length < SIZE_FIELD + Long.BYTES
                ? 0
                : ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN).getLong(SIZE_FIELD);
    }

    @Test
    void damagedObjectsAreNoticed() throws IOException {
        SplitContent content = content("mixed");
        Random random = new Random(1);
        for (ObjectId id : List.copyOf(content.objects().keySet())) {
            ByteBuffer whole = content.objects().get(id);
            byte[] damaged = flipped(whole.array(), random);
            if (Arrays.equals(damaged, whole.array())) {
                continue;
            }
            content.objects().put(id, ByteBuffer.wrap(damaged));
            assertThat(catchThrowable(
                            () -> MergedContent.merge(content.stream(), HASH, content.objects(), piece -> {})))
                    .isInstanceOf(SplitStreamException.class)
                    .hasMessageContaining(id.hex());
            content.objects().put(id, whole);
        }
    }
}
