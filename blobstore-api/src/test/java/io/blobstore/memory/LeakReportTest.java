package io.blobstore.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.LeaseTicket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that leaked leases and files are reported with the stack trace of their creation, counted, and never freed by
 * force.
 */
@Tag("jdk")
class LeakReportTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    @BeforeEach
    void onLinux() {
        ProcessMaps.assumeReadable();
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** Runs in a separate JVM, as leaks are counted per process for ever. */
    static final class ForgetALease {
        private ForgetALease() {}

        public static void main(String[] args) throws Exception {
            Path path = Files.write(Path.of("file").toAbsolutePath(), new byte[100_000]);
            MappedFile file = MappedFile.open(path);
            ByteBuffer kept = takeAndForget(file);
            file.region().acquire().close(); // not a leak
            file.close();

            require(ProcessMaps.collectUntil(() -> LeaseTicket.leaked() == 1), "the leak was not noticed");

            require(file.leases() == 1, "the lease must not be released");
            require(!file.isReleased(), "the file must not be unmapped");
            require(ProcessMaps.contains(path), "the mapping must be there");
            require(kept.get(99) == 0, "the memory must be readable");
            require(LeaseTicket.openLeases().size() == 1, "one lease must be open");
            require(
                    LeaseTicket.openLeases()
                            .get(0)
                            .getStackTrace()[0]
                            .getClassName()
                            .startsWith("io.blobstore."),
                    "the open lease must say where it was taken");
        }

        private static ByteBuffer takeAndForget(MappedFile file) throws IOException {
            return file.region(0, 100).acquire().buffers().get(0);
        }
    }

    static final class ForgetAFile {
        private ForgetAFile() {}

        public static void main(String[] args) throws Exception {
            openAndForget(Files.write(Path.of("file").toAbsolutePath(), new byte[100_000]));

            require(ProcessMaps.collectUntil(() -> LeaseTicket.leaked() == 1), "the leak was not noticed");
        }

        private static void openAndForget(Path path) throws IOException {
            MappedFile file = MappedFile.open(path);
            require(file.size() == 100_000, "the file must be mapped");
        }
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void aForgottenLeaseIsReportedAndNeverForced(String mapper) throws Exception {
        assertReported(ForgetALease.class, mapper, "Never closed: a lease of ", "takeAndForget");
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void aForgottenFileIsReported(String mapper) throws Exception {
        assertReported(ForgetAFile.class, mapper, "Never closed: the MappedFile of ", "openAndForget");
    }

    private void assertReported(Class<?> main, String mapper, String... report) throws Exception {
        Exit exit = ChildJvm.of(main, directory)
                .with("-Dio.blobstore.mapper=" + mapper)
                .run(PATIENCE);

        assertThat(exit.output()).contains(report).containsOnlyOnce("Never closed");
        assertThat(exit.code()).as(exit.output()).isZero();
    }
}
