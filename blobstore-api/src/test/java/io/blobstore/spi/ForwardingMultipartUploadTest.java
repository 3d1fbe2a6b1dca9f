package io.blobstore.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A decorator that did not forward a method would end another upload, or none. */
class ForwardingMultipartUploadTest {
    private static final BlobKey KEY = BlobKey.of("key");

    /** One value of each type in the interface's signatures. The test fails for a new type until it is added. */
    private static final List<Object> SAMPLES = List.of(
            KEY,
            "text",
            42,
            new PartLayout(10, 3),
            BlobSource.of(ByteBuffer.allocate(4)),
            new Crc32c(7),
            List.of(UploadedPart.of(1, 3, Crc32c.EMPTY)),
            UploadedPart.of(2, 3, Crc32c.EMPTY),
            StoredBlob.of(KEY, 5, new BlobVersion("v"), Optional.empty()));

    /** The simplest decorator. */
    private static final class Plain extends ForwardingMultipartUpload {
        Plain(MultipartUpload delegate) {
            super(delegate);
        }
    }

    private static Object sample(Class<?> type) {
        Class<?> boxed = type == int.class ? Integer.class : type;
        return SAMPLES.stream()
                .filter(boxed::isInstance)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample of " + type + ": add one"));
    }

    /** An upload that records what is called. */
    private static MultipartUpload recording(List<Method> called, List<Object> received) {
        return (MultipartUpload) Proxy.newProxyInstance(
                MultipartUpload.class.getClassLoader(),
                new Class<?>[] {MultipartUpload.class},
                (proxy, method, arguments) -> {
                    called.add(method);
                    received.addAll(arguments == null ? List.of() : Arrays.asList(arguments));
                    return method.getReturnType() == void.class ? null : sample(method.getReturnType());
                });
    }

    private static Stream<Method> contract() {
        return Arrays.stream(MultipartUpload.class.getMethods());
    }

    @ParameterizedTest
    @MethodSource("contract")
    void aMethodIsForwardedAsItIs(Method method) throws Exception {
        List<Method> called = new ArrayList<>();
        List<Object> received = new ArrayList<>();
        Object[] given = Arrays.stream(method.getParameterTypes())
                .map(ForwardingMultipartUploadTest::sample)
                .toArray();

        Object result = method.invoke(new Plain(recording(called, received)), given);

        assertThat(called).extracting(Method::getName).containsExactly(method.getName());
        assertThat(received).containsExactly(given);
        if (method.getReturnType() != void.class) {
            assertThat(result).isSameAs(sample(method.getReturnType()));
        }
    }

    @Test
    void theTextIsThatOfTheUpload() {
        assertThat(new Plain(recording(new ArrayList<>(), new ArrayList<>()))).hasToString("text");
    }
}
