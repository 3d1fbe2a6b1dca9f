package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A decorator that did not forward a method would silently disable a feature of its store. */
class ForwardingBlobStoreTest {
    private static final BlobKey KEY = BlobKey.of("key");

    private static final BlobMetadata METADATA =
            BlobMetadata.builder(KEY, 6, new BlobVersion("v"), Instant.EPOCH).build();

    /** One value of each type in the interface's signatures. The test fails for a new type until it is added. */
    private static final List<Object> SAMPLES = List.of(
            KEY,
            "text",
            42L,
            ByteRange.of(1, 2),
            ByteBuffer.allocate(3),
            BlobTarget.Window.of(ByteBuffer.allocate(4)),
            BlobSource.of(ByteBuffer.allocate(4)),
            StoreOptions.DEFAULT,
            ReadOptions.DEFAULT,
            CopyOptions.DEFAULT,
            ListOptions.DEFAULT,
            PresignOptions.get(Duration.ofMinutes(1)),
            new PartLayout(10, 3),
            Optional.empty(),
            StoreCapabilities.builder()
                    .minPartSize(1)
                    .maxPartSize(2)
                    .maxParts(3)
                    .maxBlobSize(4)
                    .conditionalStore(StoreCapabilities.Support.NATIVE)
                    .presign(StoreCapabilities.Support.EMULATED)
                    .build(),
            StoredBlob.of(KEY, 5, new BlobVersion("v"), Optional.empty()),
            METADATA,
            ReadResult.of(METADATA, 6, Crc32c.EMPTY),
            PresignedUrl.of(URI.create("http://a/b"), PresignOptions.Method.GET, Map.of(), Instant.EPOCH),
            List.of(KEY),
            DeleteResult.of(List.of(KEY), Map.of()),
            Optional.empty(),
            proxy(BlobListing.class, (proxy, method, arguments) -> null),
            proxy(UploadListing.class, (proxy, method, arguments) -> null),
            proxy(MultipartUpload.class, (proxy, method, arguments) -> null));

    /** The simplest decorator. */
    private static final class Plain extends ForwardingBlobStore {
        Plain(BlobStore delegate) {
            super(delegate);
        }
    }

    static Stream<Method> contract() {
        return Arrays.stream(BlobStore.class.getMethods())
                .filter(method -> Modifier.isAbstract(method.getModifiers()))
                .filter(method -> !method.getName().equals("toString"));
    }

    static Stream<Method> shorthands() {
        return Arrays.stream(BlobStore.class.getMethods()).filter(Method::isDefault);
    }

    @Test
    void theContractHasMethodsToForward() {
        assertThat(contract().map(Method::getName))
                .contains("store", "read", "head", "list", "delete", "deleteAll", "copy", "presign", "close")
                .contains("createMultipartUpload", "listUploads", "abortUpload", "capabilities");
        assertThat(shorthands()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("contract")
    void aMethodOfTheContractIsForwardedAsItIs(Method method) throws Exception {
        assertThat(ForwardingBlobStore.class.getDeclaredMethod(method.getName(), method.getParameterTypes()))
                .isNotNull();
        List<Method> called = new ArrayList<>();
        List<Object> received = new ArrayList<>();
        Object[] given = Arrays.stream(method.getParameterTypes())
                .map(ForwardingBlobStoreTest::sample)
                .toArray();
        BlobStore delegate = proxy(BlobStore.class, (proxy, calledMethod, arguments) -> {
            called.add(calledMethod);
            received.addAll(arguments == null ? List.of() : Arrays.asList(arguments));
            return calledMethod.getReturnType() == void.class ? null : sample(calledMethod.getReturnType());
        });

        Object result = method.invoke(new Plain(delegate), given);

        assertThat(called).extracting(Method::getName).containsExactly(method.getName());
        assertThat(called.get(0).getParameterTypes()).isEqualTo(method.getParameterTypes());
        assertThat(received).hasSize(given.length);
        for (int i = 0; i < given.length; i++) {
            assertThat(received.get(i)).as("argument %d", i).isSameAs(given[i]);
        }
        if (method.getReturnType() != void.class) {
            assertThat(result).isEqualTo(sample(method.getReturnType()));
        }
    }

    @ParameterizedTest
    @MethodSource("contract")
    void aFailureIsForwardedAsItIs(Method method) {
        if (!Arrays.asList(method.getExceptionTypes()).contains(IOException.class)) {
            assertThat(method.getName()).isEqualTo("capabilities"); // declares no IOException
            return;
        }
        IOException problem = new IOException("the store failed");
        BlobStore store = new Plain(proxy(BlobStore.class, (proxy, calledMethod, arguments) -> {
            throw problem;
        }));
        Object[] given = Arrays.stream(method.getParameterTypes())
                .map(ForwardingBlobStoreTest::sample)
                .toArray();

        assertThatIOException()
                .isThrownBy(() -> {
                    try {
                        method.invoke(store, given);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                })
                .isSameAs(problem);
    }

    @ParameterizedTest
    @MethodSource("shorthands")
    void aShorthandIsNotOverridden(Method method) {
        assertThat(Arrays.stream(ForwardingBlobStore.class.getDeclaredMethods())
                        .filter(declared -> declared.getName().equals(method.getName()))
                        .filter(declared -> Arrays.equals(declared.getParameterTypes(), method.getParameterTypes())))
                .isEmpty();
    }

    @Test
    void decoratorsPrintTheirStack() {
        BlobStore store = proxy(BlobStore.class, (proxy, method, arguments) -> "inner:/");

        assertThat(new Plain(new Plain(store))).hasToString("Plain(Plain(inner:/))");
    }

    private static Object sample(Class<?> type) {
        Class<?> boxed = type == long.class ? Long.class : type;
        return SAMPLES.stream()
                .filter(boxed::isInstance)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample of " + type + ": add one"));
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    // Collections and assertions call these methods of their elements.
                    if (method.getName().equals("equals")) {
                        return proxy == arguments[0];
                    }
                    if (method.getName().equals("hashCode")) {
                        return System.identityHashCode(proxy);
                    }
                    return handler.invoke(proxy, method, arguments);
                }));
    }
}
