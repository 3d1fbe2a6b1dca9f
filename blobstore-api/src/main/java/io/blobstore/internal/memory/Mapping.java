package io.blobstore.internal.memory;

import java.nio.ByteBuffer;
import java.util.List;

/** A mapped stretch of a file. */
public final class Mapping {
    private final Runnable unmapper;
    private volatile List<ByteBuffer> roots;

    /**
     * Takes a mapping over.
     *
     * @param roots see {@link #roots()}
     * @param unmapper frees the memory; is run once
     */
    Mapping(List<ByteBuffer> roots, Runnable unmapper) {
        this.roots = roots;
        this.unmapper = unmapper;
    }

    /**
     * The mapping as consecutive direct buffers of {@link Mapper#ROOT_SIZE} bytes, the last one shorter; empty for an
     * empty file, and after {@link #unmap()}. Private to the owner: everybody else gets slices of them.
     */
    public List<ByteBuffer> roots() {
        return roots;
    }

    /**
     * Frees the memory. To be called once, when nothing can touch the memory any more.
     *
     * @throws RuntimeException if the JVM refuses; it stays mapped then
     */
    public void unmap() {
        unmapper.run();
        roots = List.of(); // whoever still holds the closed file must not keep the garbage collector from unmapping
    }
}
