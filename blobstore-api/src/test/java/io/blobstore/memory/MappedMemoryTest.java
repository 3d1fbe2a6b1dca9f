package io.blobstore.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The totals follow what this test maps and leases; what other tests have leaked does not matter. */
class MappedMemoryTest {
    @TempDir
    private Path directory;

    @Test
    void filesAndLeasesAreCountedUntilTheyEnd() throws IOException {
        MappedMemory before = MappedMemory.current();
        MappedFile file = MappedFile.open(Files.write(directory.resolve("file"), new byte[1000]));
        Lease first = file.region().acquire();
        Lease second = file.region().acquire();

        assertThat(MappedMemory.current())
                .isEqualTo(new MappedMemory(
                        before.files() + 1, before.bytes() + 1000, before.leases() + 2, before.leaked()));

        file.close();
        first.close();
        first.close();
        assertThat(MappedMemory.current().leases()).isEqualTo(before.leases() + 1);
        assertThat(MappedMemory.current().files()).isEqualTo(before.files() + 1);

        second.close();
        assertThat(MappedMemory.current()).isEqualTo(before);
    }
}
