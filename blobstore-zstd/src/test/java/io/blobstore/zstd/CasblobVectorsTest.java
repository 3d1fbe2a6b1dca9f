package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Sha256;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Reads files that bazel-remote wrote, and damaged ones, as their tables say. */
class CasblobVectorsTest {
    private static final Path VECTORS = vectors();
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final int MIB = 1 << 20;

    /** Every zstd decodes it as nothing: those that differ from the good file only where readers do not look. */
    private static final Set<String> ACCEPTED = Set.of("bad/good", "bad/swapped-chunks");

    /** The header is right, but a frame is damaged: frame number by file. */
    private static final Map<String, Integer> DAMAGED_FRAME =
            Map.of("bad/flip-chunk1", 1, "bad/checksum-chunk2", 2, "bad/offset1+3", 0);

    private static Path vectors() {
        try {
            return Path.of(Objects.requireNonNull(CasblobVectorsTest.class.getResource("/casblob"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Map<String, String>> table(String name) throws IOException {
        List<String> lines = Files.readAllLines(VECTORS.resolve(name));
        List<String> columns = List.of(lines.get(0).split("\t"));
        return lines.stream()
                .skip(1)
                .map(line -> List.of(line.split("\t")))
                .map(cells -> columns.stream()
                        .collect(Collectors.toMap(Function.identity(), column -> cells.get(columns.indexOf(column)))))
                .toList();
    }

    private static BlobStore storeWith(Path file) throws IOException {
        BlobStore store = BlobStores.open("mem:");
        store.store(KEY, BlobSource.ofPath(file));
        return store;
    }

    private static byte[] read(BlobStore contents, ByteRange range, int room) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(room);
        contents.read(KEY, range, target);
        byte[] bytes = new byte[target.flip().remaining()];
        target.get(bytes);
        return bytes;
    }

    @TestFactory
    Stream<DynamicTest> everyFileReadsAsItsTableSays() throws IOException {
        return table("blobs.tsv").stream()
                .filter(row -> !row.get("impl").equals("raw"))
                .filter(row -> Files.exists(VECTORS.resolve(row.get("stored_as"))))
                .map(row -> DynamicTest.dynamicTest(row.get("stored_as"), () -> readsAsItsRowSays(row)));
    }

    private static void readsAsItsRowSays(Map<String, String> row) throws IOException {
        int size = Integer.parseInt(row.get("size"));
        byte[] content = GoldenContent.of(row.get("kind"), Long.parseLong(row.get("seed")), size);
        try (BlobStore store = storeWith(VECTORS.resolve(row.get("stored_as")))) {
            CompressedBlobs blobs = CompressedBlobs.of(store);

            CompressedBlob blob = blobs.stat(KEY);
            assertThat(blob.format()).isEqualTo(FrameFormat.CASBLOB);
            assertThat(blob.frameCount()).isEqualTo(Integer.parseInt(row.get("N")) - 1);
            assertThat(blob.content().size()).isEqualTo(size);
            assertThat(blob.stored().size()).isEqualTo(Long.parseLong(row.get("size_on_disk")));

            byte[] whole = read(blobs.contents(), ByteRange.all(), size);
            assertThat(Sha256.of(ByteBuffer.wrap(whole)).hex()).isEqualTo(row.get("sha256_of_content"));
            for (int edge : List.of(0, 1, 42, 1023, 1024, 1025, 2048, 2303, MIB - 1, MIB, MIB + 1, 2 * MIB + 7)) {
                for (int length : List.of(0, 1, 100, MIB, MIB + 2)) {
                    int from = Math.min(edge, size);
                    int to = Math.min(from + length, size);
                    assertThat(read(blobs.contents(), ByteRange.of(from, to - from), to - from))
                            .as("range of %s bytes at %s", to - from, from)
                            .isEqualTo(java.util.Arrays.copyOfRange(content, from, to));
                }
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> everyDamagedFileIsRefused() throws IOException {
        return table("bad.tsv").stream()
                .filter(row -> Files.exists(VECTORS.resolve(row.get("file"))))
                .map(row -> DynamicTest.dynamicTest(row.get("file"), () -> getsItsVerdict(row)));
    }

    private static void getsItsVerdict(Map<String, String> row) throws IOException {
        String name = row.get("file");
        int size = Integer.parseInt(row.get("logical_size"));
        try (BlobStore store = storeWith(VECTORS.resolve(name))) {
            CompressedBlobs blobs = CompressedBlobs.of(store);
            if (ACCEPTED.contains(name)) {
                assertThat(read(blobs.contents(), ByteRange.all(), size)).containsOnly(0);
            } else if (DAMAGED_FRAME.containsKey(name)) {
                int damaged = DAMAGED_FRAME.get(name);
                for (int frame = 0; frame < 3; frame++) {
                    int start = frame * MIB;
                    int length = Math.min(MIB, size - start);
                    if (frame == damaged || (name.equals("bad/offset1+3") && frame == 1)) {
                        assertThatThrownBy(() -> read(blobs.contents(), ByteRange.of(start, length), length))
                                .isInstanceOf(IntegrityException.class);
                    } else {
                        assertThat(read(blobs.contents(), ByteRange.of(start, length), length))
                                .containsOnly(0);
                    }
                }
            } else if (name.equals("bad/size+1")) {
                // The header is consistent: only who knows the size, as a cache does by the file's name, can refuse it.
                assertThatThrownBy(() -> read(blobs.contents(), ByteRange.all(), size + 1))
                        .isInstanceOf(IntegrityException.class);
            } else {
                assertThatThrownBy(() -> blobs.stat(KEY))
                        .isInstanceOfAny(IntegrityException.class, NotCompressedException.class);
            }
        }
    }

    @Test
    void aTableIsFetchedOnce() throws IOException {
        Path file = VECTORS.resolve("bad/good");
        try (BlobStore store = storeWith(file)) {
            CountedReads counted = new CountedReads(store);
            BlobStore contents = CompressedBlobs.of(counted).contents();
            read(contents, ByteRange.of(0, 10), 10);
            assertThat(counted.reads()).isEqualTo(2);
            read(contents, ByteRange.of(MIB - 5, 10), 10);
            assertThat(counted.reads()).isEqualTo(3);
        }
    }
}
