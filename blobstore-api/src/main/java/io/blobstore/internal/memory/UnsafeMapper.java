package io.blobstore.internal.memory;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.List;

/**
 * Unmaps by {@code sun.misc.Unsafe.invokeCleaner}, found by reflection: it takes root buffers only, never slices, which
 * is why {@link Mapping#roots()} stay private to their owner.
 */
final class UnsafeMapper implements Mapper {
    private final MethodHandle invokeCleaner;

    private UnsafeMapper(MethodHandle invokeCleaner) {
        this.invokeCleaner = invokeCleaner;
    }

    /**
     * Looks up the method and tries it once.
     *
     * @throws ReflectiveOperationException if the method does not exist
     * @throws UnsupportedOperationException if the method refuses ({@code --sun-misc-unsafe-memory-access=deny})
     */
    static UnsafeMapper create() throws ReflectiveOperationException {
        Class<?> unsafeClass = Class.forName("sun.misc.Unsafe");
        Field theUnsafe = unsafeClass.getDeclaredField("theUnsafe");
        theUnsafe.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup()
                .findVirtual(unsafeClass, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                .bindTo(theUnsafe.get(null));
        UnsafeMapper mapper = new UnsafeMapper(handle);
        mapper.free(ByteBuffer.allocateDirect(1));
        return mapper;
    }

    @Override
    public String name() {
        return "unsafe";
    }

    @Override
    public Mapping map(FileChannel channel, MapMode mode, long size) throws IOException {
        List<ByteBuffer> roots = RootBuffers.map(channel, mode, size, this::free);
        return new Mapping(roots, () -> roots.forEach(this::free));
    }

    private void free(ByteBuffer root) {
        try {
            invokeCleaner.invokeExact(root);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new LinkageError("Unsafe.invokeCleaner declares no checked exception", e);
        }
    }
}
