package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.ByteRange;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTraceTest {
    private static final long BLOCK = 64 << 10;

    @TempDir
    private Path directory;

    @Test
    void aRecorderKeepsTheOrderOfFirstUseInWholeBlocks() {
        AccessTrace.Recorder recorder = AccessTrace.recorder();
        recorder.record(10 * BLOCK + 5, 10);
        recorder.record(0, 1);
        recorder.record(BLOCK, 2 * BLOCK); // continues the one before
        recorder.record(10 * BLOCK, BLOCK + 1); // half known
        recorder.record(BLOCK - 1, 2); // known
        recorder.record(5, 0);

        AccessTrace trace = recorder.trace();

        assertThat(trace.ranges())
                .containsExactly(
                        ByteRange.of(10 * BLOCK, BLOCK), ByteRange.of(0, 3 * BLOCK), ByteRange.of(11 * BLOCK, BLOCK));
        assertThat(trace.bytes()).isEqualTo(5 * BLOCK);
    }

    @Test
    void aSavedTraceIsLoadedAsItWas() throws Exception {
        Path path = directory.resolve("trace");
        for (List<ByteRange> ranges : List.of(
                List.<ByteRange>of(),
                List.of(ByteRange.of(0, 1), ByteRange.of(Long.MAX_VALUE - 1, 1), ByteRange.of(0, Long.MAX_VALUE)))) {
            AccessTrace trace = AccessTrace.of(ranges);

            trace.save(path);

            assertThat(AccessTrace.load(path)).isEqualTo(trace).hasSameHashCodeAs(trace);
        }
        assertThat(AccessTrace.load(path).bytes()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aTraceFitsAShorterBlob() {
        AccessTrace trace = AccessTrace.of(List.of(ByteRange.of(100, 50), ByteRange.of(20, 50), ByteRange.of(0, 10)));

        assertThat(trace.within(60)).containsExactly(ByteRange.of(20, 40), ByteRange.of(0, 10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "something else\nend 0\n",
                "blobstore-trace 1\n0 10\n",
                "blobstore-trace 1\n0 10\nend 2\n",
                "blobstore-trace 1\n0 -10\nend 1\n",
                "blobstore-trace 1\n0\nend 1\n",
                "blobstore-trace 1\n0 9223372036854775808\nend 1\n",
                "blobstore-trace 1\n10 9223372036854775807\nend 1\n",
                "blobstore-trace 2\nend 0\n"
            })
    void somethingElseIsAnError(String text) throws Exception {
        Path path = Files.writeString(directory.resolve("trace"), text);

        assertThatThrownBy(() -> AccessTrace.load(path))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("record it again");
    }

    @Test
    void badInputIsRefused() {
        assertThatThrownBy(() -> AccessTrace.load(directory.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> AccessTrace.of(List.of(ByteRange.all()))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRecorderIsBounded() {
        AccessTrace.Recorder recorder = AccessTrace.recorder();

        recorder.record(0, Long.MAX_VALUE);
        recorder.record(Long.MAX_VALUE - 1, 1);

        assertThat(recorder.trace().bytes()).isEqualTo(AccessTrace.MAX_RANGES * BLOCK);
    }
}
