package io.blobstore.split.repository;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * System calls that the JDK has no methods for: {@code flock(2)} on a directory, which composefs uses, and
 * {@code syncfs(2)}. Through {@code java.lang.foreign}, by reflection, because the project compiles for Java 17.
 *
 * <p>A file descriptor that was opened here must be closed once. Thread-safe.
 */
final class NativeFiles {
    private static final Logger LOG = LoggerFactory.getLogger(NativeFiles.class);

    /** The first JDK whose API is final. */
    private static final int FIRST_JDK = 22;

    /** Constants of Linux, the same for all of its processors. */
    static final int LOCK_SH = 1;

    static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    /** Read-only, closed in child processes. */
    private static final int OPEN_FLAGS = 0x80000;

    private static final Optional<NativeFiles> INSTANCE = load();

    /** {@code (String) -> Object}, a C string that is never freed by itself but with its arena. */
    private final Method ofAuto;

    private final Method allocate;
    private final MethodHandle open;
    private final MethodHandle flock;
    private final MethodHandle syncfs;
    private final MethodHandle close;

    private NativeFiles() throws ReflectiveOperationException {
        Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
        Class<?> valueType = Class.forName("java.lang.foreign.ValueLayout");
        Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
        Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
        Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        Class<?> arenaType = Class.forName("java.lang.foreign.Arena");
        Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
        Method find = Class.forName("java.lang.foreign.SymbolLookup").getMethod("find", String.class);
        Method descriptor = descriptorType.getMethod("of", layoutType, layoutType.arrayType());
        Method downcall = linkerType.getMethod("downcallHandle", segmentType, descriptorType, optionType.arrayType());
        Object intLayout = valueType.getField("JAVA_INT").get(null);
        Object addressLayout = valueType.getField("ADDRESS").get(null);
        Object options = Array.newInstance(optionType, 0);
        Binder binder = (name, arguments) -> {
            Object symbol = ((Optional<?>) find.invoke(lookup, name))
                    .orElseThrow(() -> new NoSuchMethodException("the C library has no " + name));
            Object layouts = Array.newInstance(layoutType, arguments.length);
            for (int i = 0; i < arguments.length; i++) {
                Array.set(layouts, i, arguments[i]);
            }
            return (MethodHandle) downcall.invoke(linker, symbol, descriptor.invoke(null, intLayout, layouts), options);
        };
        ofAuto = arenaType.getMethod("ofAuto");
        allocate = arenaType.getMethod("allocateFrom", String.class);
        open = binder.bind("open", addressLayout, intLayout)
                .asType(MethodType.methodType(int.class, Object.class, int.class));
        flock = binder.bind("flock", intLayout, intLayout);
        syncfs = binder.bind("syncfs", intLayout);
        close = binder.bind("close", intLayout);
    }

    @FunctionalInterface
    private interface Binder {
        MethodHandle bind(String name, Object... arguments) throws ReflectiveOperationException;
    }

    private static Optional<NativeFiles> load() {
        if (Runtime.version().feature() < FIRST_JDK
                || !System.getProperty("os.name").equals("Linux")) {
            return Optional.empty();
        }
        try {
            MethodHandles.publicLookup();
            return Optional.of(new NativeFiles());
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            LOG.debug("System calls are not available", e);
            return Optional.empty();
        }
    }

    /** Returns the calls; empty on a JDK before {@value #FIRST_JDK}, on other systems, and where they are forbidden. */
    static Optional<NativeFiles> get() {
        return INSTANCE;
    }

    /** Opens a directory, and returns a descriptor that the caller must close. */
    int openDirectory(Path directory) throws IOException {
        try {
            Object path = allocate.invoke(ofAuto.invoke(null), directory.toString());
            int descriptor = (int) open.invokeExact(path, OPEN_FLAGS);
            if (descriptor < 0) {
                throw new FileSystemException(directory.toString(), null, "cannot be opened to be locked");
            }
            return descriptor;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Tries to lock an open directory, shared or exclusive, without waiting. The lock belongs to the descriptor, and
     * ends when that is closed.
     *
     * @return false if it is locked otherwise
     */
    boolean tryLock(int descriptor, int kind) throws IOException {
        try {
            return (int) flock.invokeExact(descriptor, kind | LOCK_NB) == 0;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Writes everything that was written to the file system of an open directory to its device. */
    void syncFileSystem(int descriptor) throws IOException {
        try {
            if ((int) syncfs.invokeExact(descriptor) != 0) {
                throw new IOException("syncfs failed: what was written may not be durable");
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Closes a descriptor. */
    void close(int descriptor) throws IOException {
        try {
            int unused = (int) close.invokeExact(descriptor);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static RuntimeException rethrow(Throwable e) throws IOException {
        if (e instanceof IOException problem) {
            throw problem;
        }
        if (e instanceof RuntimeException problem) {
            throw problem;
        }
        if (e instanceof Error problem) {
            throw problem;
        }
        throw new LinkageError("a call declares no such exception", e);
    }
}
