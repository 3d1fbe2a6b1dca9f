package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.util.ZstdVersion;
import io.blobstore.BlobSource;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.split.internal.format.ChunkReader;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Writes streams and reads them again. */
@ExtendWith(LeakCheck.class)
class SplitStreamFormatTest {
    private static final ObjectHash HASH = ObjectHash.SHA_256;
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private SplitStreamWriter writer() {
        return SplitStreamWriter.create(HASH, ContentType.OCI_LAYER, directory);
    }

    private static ObjectId id(long number) {
        byte[] bytes = new byte[HASH.bytes()];
        new Random(number).nextBytes(bytes);
        return ObjectId.of(HASH, bytes);
    }

    private static SplitStreamReader read(ByteBuffer stream) throws IOException {
        return SplitStreamReader.open(new BufferChannel(stream), HASH, "under test");
    }

    /** Returns the chunks as "i" with a length, or "e" with an index. */
    private static List<String> chunks(SplitStreamReader reader, ByteBuffer inline) throws IOException {
        List<String> chunks = new ArrayList<>();
        try (ChunkReader chunk = reader.chunks()) {
            while (chunk.next()) {
                if (chunk.isInline()) {
                    chunks.add("i" + chunk.length());
                    for (ByteBuffer piece = chunk.inline(); piece.hasRemaining(); piece = chunk.inline()) {
                        assertThat(piece.isDirect() && piece.isReadOnly()).isTrue();
                        inline.put(piece);
                    }
                } else {
                    chunks.add("e" + chunk.objectIndex());
                }
            }
        }
        return chunks;
    }

    private static ByteBuffer random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    /** Returns the open files without names in the directory; none of them may have a name. */
    private int temporaryFiles() throws IOException {
        assertThat(directory).isEmptyDirectory();
        return OpenDescriptors.now().targets().entrySet().stream()
                .filter(file -> file.getKey().startsWith(directory + "/"))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    /** Streams with names of other streams, as composefs-rs writes them for an image. */
    @TestFactory
    Stream<DynamicTest> streamsOfImagesAreWrittenAsComposefsWritesThem() {
        assumeTrue(ZstdVersion.VERSION.startsWith("1.5.7"), () -> "another libzstd: " + ZstdVersion.VERSION);
        return Stream.of(ObjectHash.values())
                .flatMap(hash -> Vectors.names("oci/" + hash.label(), ".stream")
                        .map(name -> DynamicTest.dynamicTest(name, () -> rewrites(hash, name))));
    }

    private void rewrites(ObjectHash hash, String name) throws IOException {
        ByteBuffer stream = Vectors.read("oci/" + hash.label() + "/" + name + ".stream");
        assertThat(VerityDigest.of(hash, BlobSource.of(stream)).hex()).isEqualTo(name);
        try (SplitStreamReader reader = SplitStreamReader.open(new BufferChannel(stream), hash, name);
                ChunkReader chunks = reader.chunks();
                SplitStreamWriter writer =
                        SplitStreamWriter.create(hash, reader.header().contentType(), directory)) {
            Map<Long, List<String>> namesByIndex = new TreeMap<>();
            reader.namedRefs()
                    .forEach((ref, id) -> namesByIndex
                            .computeIfAbsent(indexOf(reader.streamRefs(), id), i -> new ArrayList<>())
                            .add(ref));
            for (Map.Entry<Long, List<String>> refs : namesByIndex.entrySet()) {
                for (String ref : refs.getValue()) {
                    writer.streamRef(ref, reader.streamRefs().get(refs.getKey()));
                }
            }
            long objectBytes = reader.header().size() - inlineBytes(reader);
            while (chunks.next()) {
                if (chunks.isInline()) {
                    for (ByteBuffer piece = chunks.inline(); piece.hasRemaining(); piece = chunks.inline()) {
                        writer.inline(piece);
                    }
                } else {
                    writer.object(chunks.object(), objectBytes); // those of all, with the first
                    objectBytes = 0;
                }
            }
            WrittenStream written = writer.finish();
            assertThat(SplitContent.bytes(written.content())).isEqualTo(stream);
            assertThat(written.id().hex()).isEqualTo(name);
        }
    }

    private static long inlineBytes(SplitStreamReader reader) throws IOException {
        long bytes = 0;
        try (ChunkReader chunks = reader.chunks()) {
            while (chunks.next()) {
                bytes += chunks.isInline() ? chunks.length() : 0;
            }
        }
        return bytes;
    }

    private static long indexOf(ObjectRefs refs, ObjectId id) {
        try {
            for (long i = 0; i < refs.count(); i++) {
                if (refs.get(i).equals(id)) {
                    return i;
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError(id + " is not there");
    }

    @Test
    void idsAreStoredOnceInTheOrderOfTheirFirstAppearance() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            for (int number : new int[] {5, 3, 5, 9, 3}) {
                writer.object(id(number), 100);
            }
            WrittenStream written = writer.finish();
            assertThat(written.objects()).isEqualTo(3);
            assertThat(written.size()).isEqualTo(500);
            try (SplitStreamReader reader = read(SplitContent.bytes(written.content()))) {
                assertThat(reader.header().size()).isEqualTo(500);
                assertThat(reader.header().contentType()).isEqualTo(ContentType.OCI_LAYER);
                assertThat(reader.objectRefs().count()).isEqualTo(3);
                assertThat(List.of(
                                reader.objectRefs().get(0),
                                reader.objectRefs().get(1),
                                reader.objectRefs().get(2)))
                        .containsExactly(id(5), id(3), id(9));
                assertThat(chunks(reader, ByteBuffer.allocate(0))).containsExactly("e0", "e1", "e0", "e2", "e1");
                assertThatThrownBy(() -> reader.objectRefs().get(3)).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @Test
    void inlineBytesBetweenObjectsAreOneChunk() throws IOException {
        ByteBuffer expected = random(30, 1);
        try (SplitStreamWriter writer = writer()) {
            writer.inline(expected.slice(0, 10));
            writer.inline(ByteBuffer.allocateDirect(0));
            writer.inline(
                    ByteBuffer.allocateDirect(5).put(expected.slice(10, 5)).flip());
            writer.object(id(1), 7);
            writer.inline(expected.slice(15, 5));
            writer.inlineRun(BlobSource.of(expected.slice(20, 5)));
            writer.object(id(1), 7);
            writer.inlineRun(BlobSource.of(expected.slice(25, 5)));
            WrittenStream written = writer.finish();
            assertThat(written.size()).isEqualTo(44);
            try (SplitStreamReader reader = read(SplitContent.bytes(written.content()))) {
                ByteBuffer inline = ByteBuffer.allocate(30);
                assertThat(chunks(reader, inline)).containsExactly("i15", "e0", "i10", "e0", "i5");
                assertThat(inline.flip()).isEqualTo(expected);
            }
        }
    }

    /** More than the memory for inline bytes, and for compressed ones. */
    @Test
    void longRunsAndLargeStreamsAreKeptInTemporaryFiles() throws IOException {
        ByteBuffer expected = random(7 * MIB + 123, 2);
        ByteBuffer kept;
        ByteBuffer atOnce;
        try (SplitStreamWriter writer = writer()) {
            for (int at = 0, length; at < expected.limit(); at += length) {
                length = Math.min(100_000, expected.limit() - at);
                writer.inline(expected.slice(at, length));
            }
            assertThat(temporaryFiles()).isEqualTo(1);
            WrittenStream written = writer.finish();
            assertThat(temporaryFiles()).isEqualTo(1); // of the stream: that of the run is deleted
            kept = SplitContent.bytes(written.content());
            try (SplitStreamReader reader = read(kept)) {
                ByteBuffer inline = ByteBuffer.allocate(expected.limit());
                assertThat(chunks(reader, inline)).containsExactly("i" + expected.limit());
                assertThat(inline.flip()).isEqualTo(expected);
            }
        }
        assertThat(temporaryFiles()).isZero();
        try (SplitStreamWriter writer = writer()) {
            writer.inlineRun(BlobSource.of(expected));
            atOnce = SplitContent.bytes(writer.finish().content());
        }
        assertThat(atOnce).isEqualTo(kept);
    }

    @Test
    void aWriterThatIsNotFinishedLeavesNoFile() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            writer.inline(random(3 * MIB, 3));
            assertThat(temporaryFiles()).isPositive();
        }
        assertThat(temporaryFiles()).isZero();
    }

    @Test
    void aWriterWhoseDirectoryIsGoneFails() throws IOException {
        try (SplitStreamWriter writer = SplitStreamWriter.create(HASH, ContentType.NONE, directory.resolve("none"))) {
            assertThatThrownBy(() -> writer.inline(random(3 * MIB, 3))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFinishedWriterIsNotUsedAgain() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            writer.finish();
            assertThatThrownBy(() -> writer.object(id(1), 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> writer.inline(random(1, 1))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void idsOfAnotherHashFunctionAreRefused() throws IOException {
        ObjectId other = ObjectId.of(ObjectHash.SHA_512, new byte[64]);
        try (SplitStreamWriter writer = writer()) {
            assertThatThrownBy(() -> writer.object(other, 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void manyIdsAreFoundAgain() throws IOException {
        int ids = 100_000; // more pages than are kept while they are read
        try (SplitStreamWriter writer = writer()) {
            for (int number = 0; number < 2 * ids; number++) {
                writer.object(id(number % ids), 1);
            }
            WrittenStream written = writer.finish();
            assertThat(written.objects()).isEqualTo(ids);
            try (SplitStreamReader reader = read(SplitContent.bytes(written.content()));
                    ChunkReader chunks = reader.chunks()) {
                for (int number = 0; number < 2 * ids; number++) {
                    assertThat(chunks.next()).isTrue();
                    assertThat(chunks.objectIndex()).isEqualTo(number % ids);
                    if (number % 1000 == 0) {
                        assertThat(chunks.object()).isEqualTo(id(number % ids));
                    }
                    chunks.addObjectSize(1);
                }
                assertThat(chunks.next()).isFalse();
                assertThat(reader.objectRefs().get(0)).isEqualTo(id(0));
            }
        }
    }

    @Test
    void namesOfStreamsAreSortedAndTheLastOfANameCounts() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            writer.streamRef("b", id(1));
            writer.streamRef("ü:x", id(2));
            writer.streamRef("", id(1));
            writer.streamRef("b", id(3));
            try (SplitStreamReader reader =
                    read(SplitContent.bytes(writer.finish().content()))) {
                assertThat(reader.namedRefs())
                        .containsExactly(Map.entry("", id(1)), Map.entry("b", id(3)), Map.entry("ü:x", id(2)));
                assertThat(reader.streamRefs().count()).isEqualTo(3);
            }
            assertThatThrownBy(() -> writer.streamRef("late", id(1))).isInstanceOf(IllegalStateException.class);
        }
        try (SplitStreamWriter writer = writer()) {
            assertThatThrownBy(() -> writer.streamRef("a\0b", id(1))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void moreNamesThanCanBeReadAreNotWritten() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            for (int i = 0; i < 100_000; i++) {
                writer.streamRef("n" + i, id(1));
            }
            writer.streamRef("n1", id(2));
            assertThatThrownBy(() -> writer.streamRef("more", id(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("100000");
            try (SplitStreamReader reader =
                    read(SplitContent.bytes(writer.finish().content()))) {
                assertThat(reader.namedRefs()).hasSize(100_000);
            }
        }
        try (SplitStreamWriter writer = writer()) {
            String long1 = "x".repeat(8 * MIB);
            writer.streamRef(long1, id(1));
            assertThatThrownBy(() -> writer.streamRef(long1 + "y", id(1))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void inlineBytesThatNobodyReadsAreSkipped() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            writer.inline(random(MIB, 4));
            writer.object(id(1), 1);
            writer.inline(random(10, 5));
            try (SplitStreamReader reader =
                            read(SplitContent.bytes(writer.finish().content()));
                    ChunkReader chunks = reader.chunks()) {
                assertThat(chunks.next()).isTrue();
                assertThat(chunks.inline().remaining()).isPositive();
                assertThatThrownBy(chunks::objectIndex).isInstanceOf(IllegalStateException.class);
                assertThat(chunks.next()).isTrue();
                assertThat(chunks.object()).isEqualTo(id(1));
                assertThatThrownBy(chunks::inline).isInstanceOf(IllegalStateException.class);
                assertThat(chunks.next()).isTrue();
                assertThat(chunks.inline()).isEqualTo(random(10, 5));
                assertThat(chunks.next()).isFalse();
                assertThat(chunks.next()).isFalse();
            }
        }
    }

    @Test
    void objectsOfOtherSizesAreNoticed() throws IOException {
        try (SplitStreamWriter writer = writer()) {
            writer.object(id(1), 10);
            writer.object(id(2), 10);
            ByteBuffer stream = SplitContent.bytes(writer.finish().content());
            for (long size : new long[] {-1, 9, 11, 21, Long.MAX_VALUE}) {
                try (SplitStreamReader reader = read(stream);
                        ChunkReader chunks = reader.chunks()) {
                    chunks.next();
                    assertThatThrownBy(() -> {
                                chunks.addObjectSize(size);
                                chunks.next();
                                chunks.addObjectSize(10);
                                chunks.next();
                            })
                            .isInstanceOf(SplitStreamException.class);
                }
            }
            try (SplitStreamReader reader = read(stream);
                    ChunkReader chunks = reader.chunks()) {
                chunks.next();
                chunks.addObjectSize(10);
                assertThatThrownBy(() -> chunks.addObjectSize(10)).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void aChannelIsClosedWithItsReaderAndIfItHoldsNoStream() throws IOException {
        BufferChannel whole = new BufferChannel(Vectors.read("streams-sha256/mixed.stream"));
        SplitStreamReader.open(whole, null, "whole").close();
        assertThat(whole.isOpen()).isFalse();
        BufferChannel damaged = new BufferChannel(random(500, 6));
        assertThatThrownBy(() -> SplitStreamReader.open(damaged, null, "damaged"))
                .isInstanceOf(SplitStreamException.class)
                .hasMessageContaining("damaged");
        assertThat(damaged.isOpen()).isFalse();
    }
}
