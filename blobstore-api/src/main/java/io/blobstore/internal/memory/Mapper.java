package io.blobstore.internal.memory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maps files so that they can be unmapped explicitly.
 *
 * <p>There is one mapper for each technique: {@link ArenaMapper} on JDK 25 and later (shared arenas exist since 22, but
 * {@code CRC32} rejected their buffers until 25), {@link UnsafeMapper} on 17 to 24 ({@code Unsafe.invokeCleaner} is
 * deprecated for removal since 23), and {@link GcMapper} if neither works. The system property
 * {@value #PROPERTY}{@code =arena|unsafe|gc} overrides the choice.
 */
public sealed interface Mapper permits ArenaMapper, UnsafeMapper, GcMapper {
    /** The system property that selects the mapper by name, for JVMs on which the default does not work. */
    String PROPERTY = "io.blobstore.mapper";

    /**
     * Bytes per root buffer: a power of two, so that no part of a usual size crosses a boundary, below the 2 GiB limit.
     */
    int ROOT_SIZE = 1 << 30;

    /** Returns the mapper's name as a value of {@link #PROPERTY}. */
    String name();

    /**
     * Maps the first {@code size} bytes of a file.
     *
     * @throws IOException if the operating system refuses
     */
    Mapping map(FileChannel channel, MapMode mode, long size) throws IOException;

    /** Returns the mapper of this JVM. */
    static Mapper ofThisJvm() {
        return Chosen.MAPPER;
    }

    /** Holds the mapper that is selected once per JVM. */
    final class Chosen {
        private static final Logger LOG = LoggerFactory.getLogger(Mapper.class);
        static final Mapper MAPPER =
                choose(System.getProperty(PROPERTY, ""), Runtime.version().feature());

        private Chosen() {}

        static Mapper choose(String name, int javaVersion) {
            String wanted = name.isEmpty() ? (javaVersion >= 25 ? "arena" : "unsafe") : name.toLowerCase(Locale.ROOT);
            try {
                return switch (wanted) {
                    case "arena" -> ArenaMapper.create();
                    case "unsafe" -> UnsafeMapper.create();
                    case "gc" -> new GcMapper();
                    default ->
                        throw new IllegalArgumentException(
                                "system property " + PROPERTY + " must be arena, unsafe or gc; got '" + name + "'");
                };
            } catch (ReflectiveOperationException | UnsupportedOperationException e) {
                LOG.warn(
                        "Mapped files will be unmapped by the garbage collector, some time after their last lease:"
                                + " this JVM (Java {}) does not support the '{}' mapper. System property {} selects another.",
                        javaVersion,
                        wanted,
                        PROPERTY,
                        e);
                return new GcMapper();
            }
        }
    }
}
