package io.blobstore.internal.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A mapped stretch of a file.
 *
 * @param roots the mapping as consecutive direct buffers of {@link Mapper#ROOT_SIZE} bytes, the last one shorter; empty for
 *     an empty file. Private to the owner: everybody else gets slices of them
 * @param unmapper frees the memory; must run once
 */
public record Mapping(List<ByteBuffer> roots, Runnable unmapper) {
    /** Frees the memory. To be called once, when nothing can touch the memory any more. */
    public void unmap() {
        unmapper.run();
    }
}
