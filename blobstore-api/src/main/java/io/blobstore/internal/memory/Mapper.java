package io.blobstore.internal.memory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maps a file so that it can be unmapped at a moment of our choosing.
 *
 * <p>There is one mapper per way of doing that: {@link ArenaMapper} on JDK 25 and later (shared arenas exist since 22,
 * but {@code CRC32} refused their buffers until 25), {@link UnsafeMapper} on 17 to 24 ({@code Unsafe.invokeCleaner} is
 * deprecated for removal since 23), and {@link GcMapper} where neither works. The system property
 * {@value #PROPERTY}{@code =arena|unsafe|gc} chooses by hand.
 */
public sealed interface Mapper permits ArenaMapper, UnsafeMapper, GcMapper {
    /** Chooses the mapper by name, for the odd JVM where the default does not work. */
    String PROPERTY = "io.blobstore.mapper";

    /**
     * Bytes per root buffer: a power of two, so that no part of a usual size crosses a boundary, below the 2 GiB limit.
     */
    int ROOT_SIZE = 1 << 30;

    /** The name that {@link #PROPERTY} knows it by. */
    String name();

    /**
     * Maps the first {@code size} bytes of a file.
     *
     * @throws IOException if the operating system refuses
     */
    Mapping map(FileChannel channel, MapMode mode, long size) throws IOException;

    /** The mapper of this JVM. */
    static Mapper ofThisJvm() {
        return Chosen.MAPPER;
    }

    /** Chosen once: a JVM's abilities do not change. */
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
                        "Mapped files will be unmapped by the garbage collector, some time after their last lease: this JVM"
                                + " (Java {}) refuses the '{}' way of unmapping. System property {} chooses another.",
                        javaVersion,
                        wanted,
                        PROPERTY,
                        e);
                return new GcMapper();
            }
        }
    }
}
