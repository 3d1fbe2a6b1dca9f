package io.blobstore.split.internal.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.RetainedSource;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.split.ScriptedChannel;
import io.blobstore.split.SplitInput;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream is inspected and kept like a source, in bounded memory. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class StreamInputTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private final Flow flow = new Flow();

    /** Collects what arrives, and makes room by releasing what the test retains. */
    private static final class Flow implements StreamFlow {
        private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();
        private final List<RetainedSource> retained = new ArrayList<>();
        private int waits;

        @Override
        public void awaitRoom(BooleanSupplier hasRoom) {
            waits++;
            while (!hasRoom.getAsBoolean()) {
                retained.remove(0).close();
            }
        }

        @Override
        public void arrived(RetainedSource content) {
            try (content) {
                arrived.write(bytes(content).array(), 0, (int) content.size());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void beforeRead() {}
    }

    private static ByteBuffer bytes(RetainedSource source) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
        source.forEachBuffer(10_007, bytes::put);
        return bytes.flip();
    }

    private static byte[] random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private StreamInput input(byte[] content, Random random) {
        return new StreamInput(new ScriptedChannel(content, random), StreamInput.MIN_MEMORY, directory, flow);
    }

    private long files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void itIsInspectedRetainedAndForgottenAtRandom(long seed) throws IOException {
        Random random = new Random(seed);
        byte[] content = random(random.nextInt(20 * MIB), seed);
        try (StreamInput input = input(content, random)) {
            int at = 0;
            while (at < content.length) {
                int wanted = random.nextInt(4) == 0 ? random.nextInt(SplitInput.MAX_PEEK + 1) : random.nextInt(2000);
                int expected = Math.min(wanted, content.length - at);
                assertThat(input.position()).isEqualTo(at);
                ByteBuffer bytes = input.peek(wanted);
                assertThat(bytes.isReadOnly()).isTrue();
                assertThat(bytes).isEqualTo(ByteBuffer.wrap(content, at, expected));
                int ahead = random.nextInt(20) == 0 ? random.nextInt(3 * MIB) : random.nextInt(100_000);
                int available = (int) input.available(ahead);
                assertThat(available).isEqualTo(Math.min(ahead, content.length - at));
                int consumed = random.nextInt(available + 1);
                input.consume(consumed);
                RetainedSource retained = input.retain(at, consumed);
                input.forget(at + consumed);
                assertThat(bytes(retained)).isEqualTo(ByteBuffer.wrap(content, at, consumed));
                flow.retained.add(retained);
                at += consumed;
            }
            assertThat(input.peek(1).hasRemaining()).isFalse();
            assertThat(input.available(Long.MAX_VALUE)).isZero();
            assertThatThrownBy(() -> input.consume(1)).isInstanceOf(EOFException.class);
        }
        assertThat(flow.arrived.toByteArray()).isEqualTo(content);
        assertThat(files()).isZero();
    }

    @Test
    void itWaitsForMemoryThatOthersUse() throws IOException {
        byte[] content = random(40 * MIB, 1);
        try (StreamInput input = input(content, new Random(1))) {
            for (int at = 0; at < content.length; at += MIB) {
                input.consume(MIB);
                flow.retained.add(input.retain(at, MIB));
                input.forget(at + MIB);
            }
            assertThat(flow.waits).isPositive();
            assertThat(flow.retained).hasSizeBetween(10, 16);
            int first = 40 - flow.retained.size();
            assertThat(bytes(flow.retained.get(0))).isEqualTo(ByteBuffer.wrap(content, first * MIB, MIB));
            flow.retained.forEach(RetainedSource::close);
        }
        assertThat(files()).isZero();
    }

    @Test
    void whatIsTooLargeForMemoryIsInOneFileUntilItIsReleased() throws IOException {
        byte[] content = random(8 * MIB, 1);
        OpenDescriptors before = OpenDescriptors.now();
        try (StreamInput input = input(content, new Random(1))) {
            assertThat(input.peek(512)).isEqualTo(ByteBuffer.wrap(content, 0, 512));
            assertThat(input.available(5 * MIB)).isEqualTo(5 * MIB);
            input.consume(5 * MIB);
            RetainedSource large = input.retain(1000, 5 * MIB - 1000);
            input.forget(5 * MIB);
            assertThat(input.peek(512)).isEqualTo(ByteBuffer.wrap(content, 5 * MIB, 512));
            assertThat(bytes(large)).isEqualTo(ByteBuffer.wrap(content, 1000, 5 * MIB - 1000));
            large.close();
            large.close();
            if (Files.exists(OpenDescriptors.DIRECTORY)) {
                before.requireNoMore();
            }
            assertThat(files()).isZero();
        }
    }

    @Test
    void aFileIsInspectedToo() throws IOException {
        byte[] content = random(8 * MIB, 1);
        try (StreamInput input = input(content, new Random(1))) {
            assertThat(input.available(Long.MAX_VALUE)).isEqualTo(content.length);
            for (int at = 0; at < content.length; at += 300_000) {
                int left = content.length - at;
                assertThat(input.peek(MIB)).isEqualTo(ByteBuffer.wrap(content, at, Math.min(MIB, left)));
                input.consume(Math.min(300_000, left));
                input.forget(input.position());
            }
        }
        assertThat(flow.arrived.toByteArray()).isEqualTo(content);
    }

    @Test
    void closingReleasesWhatIsStillRetained() throws IOException {
        OpenDescriptors before = OpenDescriptors.now();
        StreamInput input = input(random(4 * MIB, 1), new Random(1));
        input.consume(3 * MIB);
        RetainedSource retained = input.retain(0, 3 * MIB);
        input.close();
        input.close();
        if (Files.exists(OpenDescriptors.DIRECTORY)) {
            before.requireNoMore();
        }
        retained.close();
        assertThatThrownBy(() -> input.peek(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> input.available(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aPartBeyondTheEndIsRefused() throws IOException {
        try (StreamInput input = input(random(1000, 1), new Random(1))) {
            input.consume(10);
            assertThatThrownBy(() -> input.consume(991))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContainingAll("byte 1000", "991", "byte 10");
            assertThat(input.position()).isEqualTo(10);
            assertThatThrownBy(() -> input.retain(5, 1001)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> input.available(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> input.peek(MIB + 1)).isInstanceOf(IllegalArgumentException.class);
            input.consume(990);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, Integer.MIN_VALUE, 1 << 30})
    void impossibleResultsOfReadsAreNamed(int result) {
        InputStream broken = new InputStream() {
            @Override
            public int read() {
                throw new AssertionError();
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                return result;
            }
        };
        try (StreamInput input =
                new StreamInput(new InputStreamChannel(broken), StreamInput.MIN_MEMORY, directory, flow)) {
            assertThatThrownBy(() -> input.peek(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("returned " + result, "broken");
        }
    }

    @Test
    void aChannelThatLiesAboutWhatItReadIsNamed() {
        ScriptedChannel lying = new ScriptedChannel(new byte[100], new Random(1)) {
            @Override
            public int read(ByteBuffer target) throws IOException {
                return super.read(target) + 1;
            }
        };
        try (StreamInput input = new StreamInput(lying, StreamInput.MIN_MEMORY, directory, flow)) {
            assertThatThrownBy(() -> input.peek(100))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("broken");
        }
    }
}
