package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.Crc32c;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class SmallFileTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16 << 10, SmallFile.MAX_SIZE})
    void theWholeFileIsRead(int size) throws IOException {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        Path path = Files.write(temporary.resolve("file"), content);

        try (SmallFile file = SmallFile.read(path).orElseThrow()) {
            assertThat(file.content().size()).isEqualTo(size);
            assertThat(Crc32c.of(file.content())).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
        }
    }

    @Test
    void aLargerFileIsNotRead() throws IOException {
        Path path = Files.write(temporary.resolve("file"), new byte[SmallFile.MAX_SIZE + 1]);

        assertThat(SmallFile.read(path)).isEmpty();
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> SmallFile.read(temporary));
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> SmallFile.read(temporary.resolve("missing")));
    }

    /** Files of the kernel report a size of 0. */
    @Test
    void aFileThatIsLongerThanItsSizeIsRefused() {
        Path status = Path.of("/proc/self/status");
        assumeTrue(Files.exists(status));

        assertThatExceptionOfType(FileSystemException.class)
                .isThrownBy(() -> SmallFile.read(status))
                .withMessageContaining("contains more");
    }
}
