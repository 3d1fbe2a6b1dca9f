package io.blobstore.internal.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Maps a file as {@code MappedByteBuffer}s of {@link Mapper#ROOT_SIZE} bytes, for the mappers without arenas. */
final class RootBuffers {
    private RootBuffers() {}

    /**
     * Maps the first {@code size} bytes.
     *
     * @param discard unmaps the roots mapped before if a later one cannot be mapped
     */
    static List<ByteBuffer> map(FileChannel channel, MapMode mode, long size, Consumer<ByteBuffer> discard)
            throws IOException {
        List<ByteBuffer> roots = new ArrayList<>();
        try {
            for (long offset = 0; offset < size; offset += Mapper.ROOT_SIZE) {
                roots.add(channel.map(mode, offset, Math.min(Mapper.ROOT_SIZE, size - offset)));
            }
            return List.copyOf(roots);
        } catch (IOException | RuntimeException | Error e) {
            roots.forEach(discard);
            throw e;
        }
    }
}
