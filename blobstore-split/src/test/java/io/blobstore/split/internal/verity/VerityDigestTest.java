package io.blobstore.split.internal.verity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
class VerityDigestTest {
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Computes a digest as the definition says, level by level. */
    private static ObjectId byDefinition(ObjectHash hash, byte[] data) {
        byte[] level = data;
        byte[] root = new byte[hash.bytes()];
        for (boolean complete = data.length == 0; !complete; ) {
            ByteArrayOutputStream digests = new ByteArrayOutputStream();
            for (int at = 0; at < level.length; at += BLOCK) {
                byte[] block = Arrays.copyOf(Arrays.copyOfRange(level, at, Math.min(at + BLOCK, level.length)), BLOCK);
                digests.writeBytes(hash.newMessageDigest().digest(block));
            }
            level = digests.toByteArray();
            complete = level.length == hash.bytes();
            root = level;
        }
        ByteBuffer descriptor = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        descriptor.put((byte) 1).put((byte) hash.code()).put((byte) 12).put((byte) 0);
        descriptor.putInt(0).putLong(data.length).put(root);
        return ObjectId.of(hash, hash.newMessageDigest().digest(descriptor.array()));
    }

    private static ObjectId digest(ObjectHash hash, byte[] data) throws IOException {
        return VerityDigest.of(hash, BlobSource.of(ByteBuffer.wrap(data)));
    }

    @ParameterizedTest
    @CsvSource({
        "SHA_256, '', 3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
        "SHA_256, hello world, 1e2eaa4202d750a41174ee454970b92c1bc2f925b1e35076d8c7d5f56362ba64"
    })
    void digestsOfKnownContentsAreThoseOfTheKernel(ObjectHash hash, String text, String expected) throws IOException {
        assertThat(digest(hash, text.getBytes(StandardCharsets.UTF_8)).hex()).isEqualTo(expected);
    }

    /** At the borders of blocks, and of the levels of the tree: 128 digests of SHA-256 fill a block, 64 of SHA-512. */
    @ParameterizedTest
    @EnumSource
    void digestsFollowTheDefinitionAtAllBorders(ObjectHash hash) throws IOException {
        int span = VerityTree.span(hash);
        for (int border : new int[] {0, BLOCK, 2 * BLOCK, span, 2 * span}) {
            for (int length = Math.max(0, border - 1); length <= border + 1; length++) {
                byte[] data = random(length, length);
                assertThat(digest(hash, data)).as("%d bytes", length).isEqualTo(byDefinition(hash, data));
            }
        }
    }

    /** Where a third level of digests begins: with SHA-512, at 16 MiB. */
    @Test
    void digestsFollowTheDefinitionWithThreeLevels() throws IOException {
        ObjectHash hash = ObjectHash.SHA_512;
        byte[] data = random(BLOCK / hash.bytes() * VerityTree.span(hash) + 1, 7);
        assertThat(digest(hash, data)).isEqualTo(byDefinition(hash, data));
        byte[] shorter = Arrays.copyOf(data, data.length - 1);
        assertThat(digest(hash, shorter)).isEqualTo(byDefinition(hash, shorter));
    }

    @ParameterizedTest
    @EnumSource
    void blocksOfZerosCountAsAnyOthers(ObjectHash hash) throws IOException {
        byte[] data = random(5 * BLOCK + 17, 1);
        Arrays.fill(data, BLOCK, 3 * BLOCK, (byte) 0);
        assertThat(digest(hash, data)).isEqualTo(byDefinition(hash, data));
        byte[] zeros = new byte[3 * BLOCK + 1];
        assertThat(digest(hash, zeros)).isEqualTo(byDefinition(hash, zeros));
    }

    @Test
    void theSizesOfTheBuffersDoNotMatter() {
        byte[] data = random(3 * BLOCK + 100, 2);
        ObjectId expected = byDefinition(ObjectHash.SHA_256, data);
        VerityDigest digest = new VerityDigest(ObjectHash.SHA_256);
        Random random = new Random(3);
        for (int round = 0; round < 50; round++) {
            for (int at = 0, length; at < data.length; at += length) {
                length = Math.min(1 + random.nextInt(BLOCK + 1), data.length - at);
                ByteBuffer piece = ByteBuffer.allocateDirect(length + 2)
                        .position(1)
                        .put(data, at, length)
                        .position(1)
                        .limit(length + 1);
                digest.update(piece);
                assertThat(piece.hasRemaining()).isFalse();
            }
            assertThat(digest.size()).isEqualTo(data.length);
            assertThat(digest.digest()).isEqualTo(expected);
        }
    }

    @Test
    void bytesThatWereAddedCanBeForgotten() {
        VerityDigest digest = new VerityDigest(ObjectHash.SHA_256);
        digest.update(ByteBuffer.wrap(random(BLOCK + 5, 4)));
        digest.reset();
        digest.update(ByteBuffer.wrap("hello world".getBytes(StandardCharsets.UTF_8)));
        assertThat(digest.digest().hex()).startsWith("1e2eaa4202d7");
    }

    @Test
    void mappedContentIsNotCopiedToTheHeap() throws IOException {
        Path path = Files.write(directory.resolve("data"), random(16 << 20, 5));
        try (MappedFile file = MappedFile.open(path)) {
            VerityDigest digest = new VerityDigest(ObjectHash.SHA_256);
            ObjectId first = digest.digest(file.region()); // with the classes that are loaded once
            ObjectId[] again = new ObjectId[1];
            long allocated = AllocatedBytes.of(() -> again[0] = digest.digest(file.region()));
            assertThat(again[0]).isEqualTo(first);
            // Of the 16 MiB: a few views of each window.
            assertThat(allocated).isLessThan(128 << 10);
        }
    }

    @ParameterizedTest
    @EnumSource
    void subtreesInAnyOrderMakeTheSameDigest(ObjectHash hash) throws IOException {
        int span = VerityTree.span(hash);
        for (int length : new int[] {span + 1, 2 * span - 1, 2 * span, 2 * span + BLOCK, 5 * span + 17}) {
            byte[] data = random(length, length);
            Arrays.fill(data, span / 2, span, (byte) 0);
            BlobSource source = BlobSource.of(ByteBuffer.wrap(data));
            VerityTree tree = new VerityTree(hash, length);
            assertThat(tree.subtrees()).isEqualTo((length + span - 1) / span);
            VerityDigest scratch = new VerityDigest(hash);
            for (int subtree = tree.subtrees() - 1; subtree >= 0; subtree--) {
                tree.hash(subtree, source.slice(tree.offset(subtree), tree.length(subtree)), scratch);
            }
            assertThat(tree.root()).isEqualTo(byDefinition(hash, data)).isEqualTo(tree.root());
            assertThat(scratch.digest(source)).isEqualTo(tree.root());
        }
    }

    @Test
    void severalThreadsHashOneObject() throws IOException {
        ObjectHash hash = ObjectHash.SHA_256;
        byte[] data = random(20 * VerityTree.span(hash) + 1, 6);
        Path path = Files.write(directory.resolve("data"), data);
        try (MappedFile file = MappedFile.open(path)) {
            VerityTree tree = new VerityTree(hash, data.length);
            IntStream.range(0, tree.subtrees()).parallel().forEach(subtree -> {
                try {
                    tree.hash(
                            subtree,
                            file.region().slice(tree.offset(subtree), tree.length(subtree)),
                            new VerityDigest(hash));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(tree.root()).isEqualTo(byDefinition(hash, data));
        }
    }

    @Test
    void theSubtreesCoverTheObject() {
        VerityTree tree = new VerityTree(ObjectHash.SHA_512, (1L << 34) + 5);
        long end = 0;
        for (int subtree = 0; subtree < tree.subtrees(); subtree++) {
            assertThat(tree.offset(subtree)).isEqualTo(end);
            end += tree.length(subtree);
        }
        assertThat(end).isEqualTo((1L << 34) + 5);
    }

    @Test
    void objectsOfOneSubtreeAreNoTree() {
        assertThatThrownBy(() -> new VerityTree(ObjectHash.SHA_256, VerityTree.span(ObjectHash.SHA_256)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
