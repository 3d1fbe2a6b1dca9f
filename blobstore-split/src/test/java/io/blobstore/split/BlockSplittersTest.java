package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks of a fixed size, and blocks whose ends the content defines. */
@ExtendWith(LeakCheck.class)
class BlockSplittersTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final ObjectHash HASH = ObjectHash.SHA_256;

    @TempDir
    Path temporary;

    private SplitContent split(byte[] content, Splitter splitter) throws IOException {
        SplitContent split =
                SplitContent.of(BlobSource.of(ByteBuffer.wrap(content)), splitter, HASH, ContentType.NONE, temporary);
        assertThat(MergedContent.merge(split.stream(), HASH, split.objects(), content.length))
                .isEqualTo(ByteBuffer.wrap(content));
        return split;
    }

    private static byte[] random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static List<Integer> sizes(SplitContent content) {
        return content.objects().values().stream().map(ByteBuffer::remaining).toList();
    }

    /** Returns the number of bytes of the objects that the first split does not have. */
    private static long sent(SplitContent before, SplitContent after) {
        Set<ObjectId> missing = new HashSet<>(after.objects().keySet());
        missing.removeAll(before.objects().keySet());
        return missing.stream()
                .mapToLong(id -> after.objects().get(id).remaining())
                .sum();
    }

    @Test
    void fixedBlocksAreObjectsAndTheLastOneMayBeShort() throws IOException {
        SplitContent content = split(random(3 * 64 * KIB + 5, 1), Splitter.fixed(64 * KIB));
        assertThat(content.chunks()).containsExactly("e0", "e1", "e2", "e3");
        assertThat(sizes(content)).containsExactly(64 * KIB, 64 * KIB, 64 * KIB, 5);
        assertThat(split(new byte[0], Splitter.fixed(64 * KIB)).chunks()).isEmpty();
    }

    @Test
    void blocksOfZerosAreOneObject() throws IOException {
        byte[] memory = new byte[40 * 64 * KIB];
        System.arraycopy(random(100, 2), 0, memory, 7 * 64 * KIB, 100);
        assertThat(split(memory, Splitter.fixed(64 * KIB)).objects()).hasSize(2);
    }

    @Test
    void aChangedPageSendsItsBlockOnly() throws IOException {
        byte[] memory = random(4 * MIB, 3);
        SplitContent before = split(memory, Splitter.fixed(64 * KIB));
        memory[MIB + 17]++;
        assertThat(sent(before, split(memory, Splitter.fixed(64 * KIB)))).isEqualTo(64 * KIB);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 4096, 65535, 3 * 64 * KIB, 32 * MIB})
    void otherBlockSizesAreRefused(int size) {
        assertThatThrownBy(() -> Splitter.fixed(size))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("power of two from 65536 to 16777216");
    }

    @Test
    void contentDefinedChunksHaveTheirSizes() throws IOException {
        SplitContent content = split(random(32 * MIB, 4), Splitter.contentDefined());
        List<Integer> sizes = sizes(content);
        List<Integer> whole = sizes.subList(0, sizes.size() - 1);
        assertThat(whole).allMatch(size -> size >= 16 * KIB && size <= MIB);
        double average = whole.stream().mapToInt(size -> size).average().orElseThrow();
        assertThat(average).isBetween(200.0 * KIB, 320.0 * KIB);
        // Normalized: sizes far from the average are rare.
        assertThat(whole.stream().filter(size -> size < 64 * KIB).count()).isLessThan(whole.size() / 10);
        assertThat(whole.stream().filter(size -> size == MIB).count()).isLessThan(whole.size() / 50);
    }

    /**
     * They are part of what is stored: content that is split again must find its objects. Computed independently, with
     * arbitrary-precision numbers.
     */
    @Test
    void theCutsOfKnownContentNeverChange() throws IOException {
        assertThat(sizes(split(random(2 * MIB, 5), Splitter.contentDefined())))
                .containsExactly(324059, 266591, 363107, 306504, 150550, 478745, 207596);
    }

    @Test
    void contentWithoutCutsIsCutAtTheMaximum() throws IOException {
        assertThat(split(new byte[3 * MIB + 1], Splitter.contentDefined()).chunks())
                .containsExactly("e0", "e0", "e0", "e1");
        assertThat(split(new byte[100], Splitter.contentDefined()).chunks()).containsExactly("e0");
        assertThat(split(new byte[0], Splitter.contentDefined()).chunks()).isEmpty();
    }

    @Test
    void aByteInsertedAtTheFrontSendsOneChunk() throws IOException {
        byte[] content = random(32 * MIB, 6);
        SplitContent before = split(content, Splitter.contentDefined());
        byte[] inserted = new byte[content.length + 1];
        inserted[0] = 42;
        System.arraycopy(content, 0, inserted, 1, content.length);
        assertThat(sent(before, split(inserted, Splitter.contentDefined()))).isLessThan(inserted.length / 50);
    }

    @Test
    void bytesRemovedInTheMiddleSendTheChunksAround() throws IOException {
        byte[] content = random(16 * MIB, 7);
        SplitContent before = split(content, Splitter.contentDefined());
        byte[] removed = Arrays.copyOf(content, content.length - 1000);
        System.arraycopy(content, content.length / 2, removed, content.length / 2 - 1000, content.length / 2);
        assertThat(sent(before, split(removed, Splitter.contentDefined()))).isLessThan(removed.length / 16);
    }

    @Test
    void anyContentComesBack() throws IOException {
        Random random = new Random(8);
        for (int round = 0; round < 10; round++) {
            byte[] content = random(random.nextInt(3 * MIB), round);
            Arrays.fill(content, content.length / 3, content.length / 2, (byte) round);
            split(content, Splitter.contentDefined());
            split(content, Splitter.fixed(64 * KIB << random.nextInt(3)));
        }
    }
}
