package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.internal.format.SplitStreamWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Streams that are well-formed, and exceed what a reader or a writer may need. */
@ExtendWith(LeakCheck.class)
class StreamLimitsTest {
    private static final ObjectHash HASH = ObjectHash.SHA_256;
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private static byte[] compressed(byte[] content, int windowLog) {
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            context.setLevel(3).setWindowLog(windowLog);
            ByteBuffer source =
                    ByteBuffer.allocateDirect(content.length).put(content).flip();
            ByteBuffer target = ByteBuffer.allocateDirect(content.length + 1000);
            context.compressDirectByteBufferStream(target, source, EndDirective.CONTINUE); // the size is unknown
            context.compressDirectByteBufferStream(target, source, EndDirective.END);
            byte[] frame = new byte[target.flip().remaining()];
            target.get(frame);
            return frame;
        }
    }

    private static void merge(StreamBuilder stream) throws IOException {
        MergedContent.merge(stream.build(), HASH, Map.of(), bytes -> {});
    }

    @Test
    void windowsUpToEightMebibytesAreRead() throws IOException {
        byte[] content = new byte[1000];
        byte[] chunk = StreamBuilder.inline(content);
        merge(new StreamBuilder().chunks(compressed(chunk, 23)).size(content.length));
        assertThatThrownBy(() ->
                        merge(new StreamBuilder().chunks(compressed(chunk, 24)).size(content.length)))
                .isInstanceOf(UnsupportedSplitStreamException.class)
                .hasMessageContaining("chunks cannot be decompressed");
    }

    @Test
    void manyFramesAmongSkippableOnesAreOneSection() throws IOException {
        byte[] chunk = StreamBuilder.inline(new byte[100]);
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (byte b : chunk) { // a frame for each byte
            frames.writeBytes(Zstd.compress(new byte[] {b}));
            frames.writeBytes(Zstd.compress(new byte[0]));
            frames.writeBytes(new byte[] {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3});
        }
        merge(new StreamBuilder().chunks(frames.toByteArray()).size(100));
        frames.writeBytes(new byte[] {0x50, 0x2a, 0x4d, 0x18, -1, -1, -1, -1, 1, 2, 3}); // of 4 GiB, it says
        assertThatThrownBy(() ->
                        merge(new StreamBuilder().chunks(frames.toByteArray()).size(100)))
                .isInstanceOf(SplitStreamException.class)
                .hasMessageContaining("ends inside a zstd frame");
    }

    @Test
    void namesAreLimited() throws IOException {
        StreamBuilder stream = new StreamBuilder().streamRefs(new byte[32]);
        merge(stream.names(Zstd.compress(names(100_000, "0:"))));
        assertThatThrownBy(() -> merge(stream.names(Zstd.compress(names(100_001, "0:")))))
                .isInstanceOf(UnsupportedSplitStreamException.class)
                .hasMessageContaining("more than 100000 names");
        byte[] one = new byte[16 * MIB];
        Arrays.fill(one, (byte) 'n');
        System.arraycopy("0:".getBytes(StandardCharsets.US_ASCII), 0, one, 0, 2);
        one[one.length - 1] = 0;
        merge(stream.names(Zstd.compress(one)));
        assertThatThrownBy(() -> merge(stream.names(Zstd.compress(Arrays.copyOf(one, one.length + 1)))))
                .isInstanceOf(UnsupportedSplitStreamException.class)
                .hasMessageContaining("more than 16777216 bytes");
    }

    private static byte[] names(int count, String prefix) {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < count; i++) {
            names.append(prefix).append(i).append('\0');
        }
        return names.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void indicesOfNamesAreNumbersInsideTheStream() {
        for (String name : new String[] {"1:x", "-1:x", ":x", "+0:x", "0 :x", "99999999999999999999:x"}) {
            byte[] section = Zstd.compress((name + "\0").getBytes(StandardCharsets.US_ASCII));
            assertThatThrownBy(() ->
                            merge(new StreamBuilder().streamRefs(new byte[32]).names(section)))
                    .as(name)
                    .isInstanceOf(SplitStreamException.class)
                    .hasMessageContaining("a name has the index");
        }
    }

    /** The section of 200 MiB exists, as a hole in a file of this size; the JVM has a heap of 64 MiB. */
    @Test
    void idsAreReadWhenTheyAreNeeded() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(LargeSection.class, directory)
                .with("-Xmx64m", "-XX:MaxDirectMemorySize=8m")
                .run(Duration.ofMinutes(2));
        assertThat(exit.output()).endsWith("ids 6553600");
        assertThat(exit.code()).isZero();
    }

    /** Reads all ids of a section that is larger than the heap. */
    static final class LargeSection {
        private static final int BYTES = 200 * MIB;

        private LargeSection() {}

        public static void main(String[] args) throws IOException {
            ByteBuffer stream = new StreamBuilder().build();
            long end = stream.remaining() + BYTES;
            stream.order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(48, stream.remaining())
                    .putLong(56, end);
            Path file = Path.of("stream");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                channel.write(stream);
                channel.write(ByteBuffer.allocate(1), end - 1);
                try (SplitStreamReader reader = SplitStreamReader.open(channel, HASH, "large")) {
                    long sum = 0;
                    for (long i = 0; i < reader.objectRefs().count(); i++) {
                        sum += reader.objectRefs().get(i).hashCode();
                    }
                    System.out.println("ids " + (reader.objectRefs().count() + sum));
                }
            }
        }
    }

    @Test
    void anInterruptEndsTheWritingOfATemporaryFile() throws IOException {
        byte[] content = new byte[3 * MIB];
        new Random(1).nextBytes(content);
        try (SplitStreamWriter writer = SplitStreamWriter.create(HASH, ContentType.NONE, directory)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> writer.inline(ByteBuffer.wrap(content)))
                    .hasCauseInstanceOf(ClosedByInterruptException.class);
            assertThat(Thread.interrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertThat(directory).isEmptyDirectory();
    }
}
