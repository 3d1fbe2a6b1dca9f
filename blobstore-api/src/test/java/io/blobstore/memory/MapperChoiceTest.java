package io.blobstore.memory;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.internal.memory.Mapper;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests which mapper a JVM selects by default, by the system property, and if the JVM refuses one. */
@Tag("jdk")
class MapperChoiceTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final boolean ARENAS = Runtime.version().feature() >= 25;

    @TempDir
    private Path directory;

    @BeforeEach
    void onLinux() {
        ProcessMaps.assumeReadable();
    }

    /** Maps, reads and unmaps a file; prints the mapper, and whether the file was unmapped at once. */
    static final class MapOneFile {
        private MapOneFile() {}

        public static void main(String[] args) throws Exception {
            byte[] content = "some content".getBytes(US_ASCII);
            Path path = Files.write(Path.of("file").toAbsolutePath(), content);
            MappedFile file = MappedFile.open(path);
            boolean same = Crc32c.of(file.region()).equals(Crc32c.of(ByteBuffer.wrap(content)));
            boolean mapped = ProcessMaps.contains(path);
            file.close();
            System.out.println("mapper " + Mapper.ofThisJvm().name() + ", content " + (same ? "right" : "wrong")
                    + (mapped ? ", mapped" : ", not mapped")
                    + (ProcessMaps.contains(path) ? ", not unmapped" : ", unmapped"));
        }
    }

    private Exit run(String... options) throws Exception {
        return ChildJvm.of(MapOneFile.class, directory).with(options).run(PATIENCE);
    }

    @Test
    void choosesTheMapperByTheVersion() throws Exception {
        Exit exit = run();

        assertThat(exit.output())
                .contains("mapper " + (ARENAS ? "arena" : "unsafe") + ", content right, mapped, unmapped")
                .doesNotContain("WARN");
        assertThat(exit.code()).isZero();
    }

    @ParameterizedTest
    @MethodSource("io.blobstore.internal.memory.Mappers#names")
    void takesTheMapperOfTheSystemProperty(String name) throws Exception {
        Exit exit = run("-Dio.blobstore.mapper=" + name);

        assertThat(exit.output())
                .contains("mapper " + name + ", content right, mapped, " + (name.equals("gc") ? "not " : "")
                        + "unmapped");
        assertThat(exit.code()).isZero();
    }

    @Test
    void theSystemPropertysCaseDoesNotMatter() throws Exception {
        assertThat(run("-Dio.blobstore.mapper=GC").output()).contains("mapper gc,");
    }

    @Test
    void namesTheChoicesWhenTheSystemPropertyIsWrong() throws Exception {
        Exit exit = run("-Dio.blobstore.mapper=mmap");

        assertThat(exit.output())
                .contains("system property io.blobstore.mapper must be arena, unsafe or gc; got 'mmap'");
        assertThat(exit.code()).isEqualTo(1);
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_21, disabledReason = "this JDK has arenas")
    void fallsBackWithAWarningWhereThereAreNoArenas() throws Exception {
        Exit exit = run("-Dio.blobstore.mapper=arena");

        assertThat(exit.output()).contains("mapper gc, content right", "WARN", "does not support the 'arena' mapper");
        assertThat(exit.code()).isZero();
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "this JDK unmaps by Unsafe")
    void needsNoUnsafeMemoryAccess() throws Exception {
        Exit exit = run("--sun-misc-unsafe-memory-access=deny");

        assertThat(exit.output())
                .contains("mapper arena, content right, mapped, unmapped")
                .doesNotContain("WARN");
        assertThat(exit.code()).isZero();
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24, disabledReason = "this JDK cannot deny access to Unsafe")
    void fallsBackWithAWarningWhereUnsafeIsDenied() throws Exception {
        Exit exit = run("-Dio.blobstore.mapper=unsafe", "--sun-misc-unsafe-memory-access=deny");

        assertThat(exit.output()).contains("mapper gc, content right", "does not support the 'unsafe' mapper");
        assertThat(exit.code()).isZero();
    }
}
