package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.ReadResult;
import io.blobstore.Sha256;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreUri;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Calls public methods and constructors with one null argument at a time, and finds those that do not throw a
 * {@link NullPointerException} with the parameter's name. Parameters that may be null are annotated {@link Nullable}.
 * Exceptions are left out.
 */
public final class NullArguments {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final BlobVersion VERSION = new BlobVersion("v");

    private static final List<Object> COMMON = List.of(
            "text",
            Duration.ofSeconds(1),
            Instant.EPOCH,
            URI.create("mem:name"),
            Optional.empty(),
            List.of(),
            Set.of(),
            Map.of(),
            Path.of("missing", "file"),
            InputStream.nullInputStream(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

    /** Values of blobstore-api. */
    private static final List<Object> VALUES = List.of(
            KEY,
            VERSION,
            ByteRange.of(0, 1),
            ByteBuffer.allocate(1),
            BlobSource.of(ByteBuffer.allocate(1)),
            BlobTarget.of(ByteBuffer.allocate(1)),
            BlobTarget.Window.of(ByteBuffer.allocate(1)),
            Crc32c.EMPTY,
            Sha256.parse("0".repeat(64)),
            Precondition.none(),
            UploadedPart.of(1, 1, Crc32c.EMPTY),
            StoredBlob.of(KEY, 1, VERSION, Optional.empty()),
            ReadResult.of(BlobMetadata.builder(KEY, 1, VERSION, Instant.EPOCH).build(), 1, Crc32c.EMPTY),
            PresignOptions.get(Duration.ofSeconds(1)),
            new PartLayout(1, 1),
            StoreUri.parse("mem:"),
            BlobMetadata.builder(KEY, 1, VERSION, Instant.EPOCH),
            BlobMetadata.builder(KEY, 1, VERSION, Instant.EPOCH).build(),
            StoreCapabilities.builder().minPartSize(1).build());

    private final List<Object> samples = new ArrayList<>();

    /**
     * Creates a test.
     *
     * @param samples values for the arguments that are not null, and the objects whose methods are called; values of
     *     blobstore-api, builders and default options are found without
     */
    public NullArguments(Object... samples) {
        this.samples.addAll(Arrays.asList(samples));
        this.samples.addAll(COMMON);
        this.samples.addAll(VALUES);
    }

    /** Returns the public types of a module's packages that are not internal. */
    public static List<Class<?>> publicTypes(Class<?> anchor) throws IOException {
        Path root;
        try {
            root = Path.of(
                    anchor.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(file -> root.relativize(file).toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("internal") && !name.contains("-info"))
                    .map(name -> name.replace(".class", "").replace('/', '.'))
                    .<Class<?>>map(name -> load(name, anchor.getClassLoader()))
                    .filter(NullArguments::isPublic)
                    .sorted(Comparator.comparing(Class::getName))
                    .toList();
        }
    }

    private static Class<?> load(String name, ClassLoader loader) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isPublic(@Nullable Class<?> type) {
        return type == null || (Modifier.isPublic(type.getModifiers()) && isPublic(type.getEnclosingClass()));
    }

    /** Returns a description of each parameter that is not named when its argument is null. */
    public List<String> unnamed(Collection<Class<?>> types) {
        List<String> unnamed = new ArrayList<>();
        types.forEach(type -> addSamplesOf(type));
        for (Class<?> type : types) {
            if (Throwable.class.isAssignableFrom(type)) {
                continue;
            }
            if (!Modifier.isAbstract(type.getModifiers())) {
                for (Constructor<?> constructor : type.getConstructors()) {
                    check(constructor, arguments -> constructor.newInstance(arguments), unnamed);
                }
            }
            for (Method method : type.getMethods()) {
                if (method.getDeclaringClass() != type || method.isSynthetic() || isGenerated(method)) {
                    continue;
                }
                if (Modifier.isStatic(method.getModifiers())) {
                    check(method, arguments -> method.invoke(null, arguments), unnamed);
                } else {
                    samples.stream()
                            .filter(type::isInstance)
                            .findFirst()
                            .ifPresent(object -> check(method, arguments -> method.invoke(object, arguments), unnamed));
                }
            }
        }
        return unnamed;
    }

    private void addSamplesOf(Class<?> type) {
        defaults(type).ifPresent(samples::add);
        try {
            Method builder = type.getMethod("builder");
            samples.add(builder.invoke(null));
        } catch (ReflectiveOperationException e) {
            // it has none without arguments
        }
    }

    private static Optional<Object> defaults(Class<?> type) {
        try {
            return Optional.of(type.getField("DEFAULT").get(null));
        } catch (ReflectiveOperationException e) {
            return Optional.empty();
        }
    }

    private static boolean isGenerated(Method method) {
        return (method.getName().equals("equals") && method.getParameterCount() == 1)
                || (method.getDeclaringClass().isEnum() && method.getName().equals("valueOf"));
    }

    private interface Call {
        @Nullable Object with(@Nullable Object[] arguments) throws ReflectiveOperationException;
    }

    private void check(Executable executable, Call call, List<String> unnamed) {
        Parameter[] parameters = executable.getParameters();
        for (int i = 0; i < parameters.length; i++) {
            if (parameters[i].getType().isPrimitive() || mayBeNull(executable, i)) {
                continue;
            }
            String name = parameters[i].getName();
            Class<?> type = executable.getDeclaringClass();
            String where = type.getName().replace(type.getPackageName() + ".", "") + "."
                    + (executable instanceof Constructor ? "new" : executable.getName()) + "("
                    + String.join(
                            ", ",
                            Arrays.stream(parameters)
                                    .map(parameter -> parameter.getType().getSimpleName())
                                    .toList())
                    + ") " + name;
            @Nullable Object[] arguments = new Object[parameters.length];
            for (int other = 0; other < parameters.length; other++) {
                arguments[other] = other == i ? null : sample(parameters[other].getType(), where);
            }
            try {
                call.with(arguments);
                unnamed.add(where + ": no exception");
            } catch (InvocationTargetException e) {
                Throwable thrown = Objects.requireNonNull(e.getCause());
                String message = String.valueOf(thrown.getMessage());
                if (!(thrown instanceof NullPointerException)
                        || !(message.equals(name) || message.endsWith("because \"" + name + "\" is null"))) {
                    unnamed.add(where + ": " + thrown);
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(where, e);
            }
        }
    }

    private static boolean mayBeNull(Executable executable, int parameter) {
        return executable.getAnnotatedParameterTypes()[parameter].isAnnotationPresent(Nullable.class);
    }

    private Object sample(Class<?> type, String where) {
        if (type == boolean.class) {
            return true;
        } else if (type == int.class) {
            return 1;
        } else if (type == long.class) {
            return 1L;
        } else if (type == double.class) {
            return 1.0;
        } else if (type.isEnum()) {
            return type.getEnumConstants()[0];
        } else if (type.isArray()) {
            return Array.newInstance(type.getComponentType(), 0);
        }
        return samples.stream()
                .filter(type::isInstance)
                .findFirst()
                .or(() -> defaults(type))
                .orElseGet(() -> {
                    if (!type.isInterface()) {
                        throw new AssertionError("no sample of " + type + " for " + where + ": add one");
                    }
                    return Proxy.newProxyInstance(
                            type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                                throw new UnsupportedOperationException(type + "." + method.getName());
                            });
                });
    }
}
