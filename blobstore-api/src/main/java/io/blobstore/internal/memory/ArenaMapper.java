package io.blobstore.internal.memory;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Unmaps by closing a shared {@code java.lang.foreign.Arena}, one per file. After that the JVM refuses access to the
 * buffers with an exception, where access to {@link UnsafeMapper}'s would end the process; native code is not checked,
 * so leases are needed here as well.
 *
 * <p>Uses method handles, because the project compiles for Java 17: this needs neither a multi-release jar nor a newer
 * JDK to build.
 */
final class ArenaMapper implements Mapper {
    /** {@code () -> Arena}, as Object. */
    private final MethodHandle ofShared;
    /** {@code (Object arena) -> void}. */
    private final MethodHandle close;
    /** {@code (FileChannel, MapMode, long offset, long size, Object arena) -> Object segment}. */
    private final MethodHandle map;
    /** {@code (Object segment, long offset, long size) -> Object segment}. */
    private final MethodHandle asSlice;
    /** {@code (Object segment) -> ByteBuffer}. */
    private final MethodHandle asByteBuffer;

    private ArenaMapper(Class<?> arena, Class<?> segment) throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        ofShared = lookup.findStatic(arena, "ofShared", MethodType.methodType(arena))
                .asType(MethodType.methodType(Object.class));
        close = lookup.findVirtual(arena, "close", MethodType.methodType(void.class))
                .asType(MethodType.methodType(void.class, Object.class));
        map = lookup.findVirtual(
                        FileChannel.class,
                        "map",
                        MethodType.methodType(segment, MapMode.class, long.class, long.class, arena))
                .asType(MethodType.methodType(
                        Object.class, FileChannel.class, MapMode.class, long.class, long.class, Object.class));
        asSlice = lookup.findVirtual(segment, "asSlice", MethodType.methodType(segment, long.class, long.class))
                .asType(MethodType.methodType(Object.class, Object.class, long.class, long.class));
        asByteBuffer = lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class))
                .asType(MethodType.methodType(ByteBuffer.class, Object.class));
    }

    /**
     * Looks up the API.
     *
     * @throws ReflectiveOperationException if this JDK does not have the API
     */
    static ArenaMapper create() throws ReflectiveOperationException {
        return new ArenaMapper(
                Class.forName("java.lang.foreign.Arena"), Class.forName("java.lang.foreign.MemorySegment"));
    }

    @Override
    public String name() {
        return "arena";
    }

    @Override
    public Mapping map(FileChannel channel, MapMode mode, long size) throws IOException {
        try {
            Object arena = ofShared.invokeExact();
            try {
                return new Mapping(roots(channel, mode, size, arena), () -> close(arena));
            } catch (Throwable e) {
                close(arena);
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new LinkageError("the arena API declares no other checked exception", e);
        }
    }

    private List<ByteBuffer> roots(FileChannel channel, MapMode mode, long size, Object arena) throws Throwable {
        if (size == 0) {
            return List.of();
        }
        Object segment = map.invokeExact(channel, mode, 0L, size, arena);
        List<ByteBuffer> roots = new ArrayList<>();
        for (long offset = 0; offset < size; offset += ROOT_SIZE) {
            Object slice = asSlice.invokeExact(segment, offset, Math.min((long) ROOT_SIZE, size - offset));
            roots.add((ByteBuffer) asByteBuffer.invokeExact(slice));
        }
        return List.copyOf(roots);
    }

    private void close(Object arena) {
        try {
            close.invokeExact(arena);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new LinkageError("Arena.close declares no checked exception", e);
        }
    }
}
