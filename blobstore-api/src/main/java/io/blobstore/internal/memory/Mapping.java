package io.blobstore.internal.memory;

import java.nio.ByteBuffer;
import java.util.List;

/** A mapped file, as buffers. */
public final class Mapping {
    private final Runnable unmapper;
    private volatile List<ByteBuffer> roots;

    /**
     * Creates an instance that owns a mapping.
     *
     * @param roots see {@link #roots()}
     * @param unmapper frees the memory; run once
     */
    Mapping(List<ByteBuffer> roots, Runnable unmapper) {
        this.roots = roots;
        this.unmapper = unmapper;
    }

    /**
     * Returns the mapping as consecutive direct buffers of {@link Mapper#ROOT_SIZE} bytes, the last one shorter; empty
     * for an empty file, and after {@link #unmap()}. Private to the owner: all other code gets slices of them.
     */
    public List<ByteBuffer> roots() {
        return roots;
    }

    /**
     * Frees the memory. Must be called once, when nothing can touch the memory any more.
     *
     * @throws RuntimeException if the JVM refuses; the memory stays mapped then
     */
    public void unmap() {
        unmapper.run();
        roots = List.of(); // a reference to the closed file must not keep the buffers reachable
    }
}
