package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.ListOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.TestAuthority;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;

/** Wrong settings are reported in one clear line, and leave no unfinished upload. */
@ExtendWith({LeakCheck.class, S3ProxyServer.Shared.class})
class S3BadInputTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = new byte[1000];

    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void createBucket(S3ProxyServer shared) {
        server = shared;
        bucket = server.newBucket();
    }

    /** Calls that send every kind of request, of the data plane and of the SDK. */
    static List<Callable<Object>> calls(BlobStore store) {
        return List.of(
                () -> store.store(KEY, BlobSource.of(ByteBuffer.wrap(BYTES))),
                () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10)),
                () -> store.head(KEY),
                () -> store.list(ListOptions.DEFAULT),
                () -> store.deleteAll("a"),
                () -> store.copy(KEY, BlobKey.of("b")),
                () -> store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT));
    }

    private static <T extends BlobStoreException> void assertEachFails(
            S3BlobStore.Builder builder, Class<T> type, boolean retryable, String... words) throws IOException {
        try (BlobStore store = builder.open()) {
            assertThat(calls(store))
                    .allSatisfy(call -> assertThat(catchThrowableOfType(type, call::call))
                            .hasMessageContainingAll(words)
                            .satisfies(problem -> {
                                assertThat(problem.isRetryable()).isEqualTo(retryable);
                                assertThat(problem.getMessage()).doesNotContain("\n", "secret");
                            }));
        }
        assertThat(bucket.uploads("")).isEmpty();
    }

    @Test
    void aMissingBucketIsReported() throws IOException {
        assertEachFails(
                server.store("no-such-bucket"), StoreNotFoundException.class, false, "no-such-bucket", "create it");
    }

    @Test
    void wrongCredentialsAreReported() throws IOException {
        for (AwsBasicCredentials wrong : List.of(
                AwsBasicCredentials.create("unknown", "guessed"), AwsBasicCredentials.create("test", "guessed"))) {
            try (BlobStore store = server.store(bucket.name())
                    .credentials(StaticCredentialsProvider.create(wrong))
                    .open()) {
                for (Callable<Object> call : calls(store)) {
                    assertThat(catchThrowableOfType(PermissionDeniedException.class, call::call))
                            .hasMessageContaining("credentials")
                            .hasMessageNotContaining("guessed");
                }
            }
        }
    }

    @Test
    void missingCredentialsAreReported() throws IOException {
        assertEachFails(
                server.store(bucket.name())
                        .credentials(AwsCredentialsProviderChain.of(SystemPropertyCredentialsProvider.create())),
                PermissionDeniedException.class,
                false,
                "no AWS credentials",
                "AWS_ACCESS_KEY_ID");
    }

    @Test
    void anUnreachableEndpointIsReported() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        assertEachFails(
                server.store(bucket.name()).endpoint(URI.create("http://127.0.0.1:" + port)),
                BlobStoreException.class,
                true,
                "127.0.0.1:" + port,
                "is it up, and the endpoint right?");
    }

    @ParameterizedTest
    @EnumSource(names = {"SERVER", "OTHER_HOST", "EXPIRED"})
    void anUntrustedCertificateIsRefused(TestAuthority.Identity identity) throws IOException {
        try (ScriptedServer secure = ScriptedServer.secure(
                TestAuthority.get().serverContext(identity), ScriptedS3.refusing(501, "NotImplemented"))) {
            S3BlobStore.Builder builder = ScriptedS3.store(secure);
            if (identity != TestAuthority.Identity.SERVER) {
                builder.trustManagers(TestAuthority.get().trustManagers());
            }
            String remedy = switch (identity) {
                case OTHER_HOST -> "check the endpoint";
                case EXPIRED -> "renew it";
                default -> "javax.net.ssl.trustStore";
            };
            assertEachFails(builder, BlobStoreException.class, false, "certificate", remedy);
            assertThat(secure.requests()).isEmpty();
        }
    }

    @Test
    void anInterruptIsTheCauseAndStaysSet() throws Exception {
        try (BlobStore store = server.store(bucket.name()).open()) {
            for (Callable<Object> call : List.of(
                    calls(store).get(0), calls(store).get(2), calls(store).get(3))) {
                Thread.currentThread().interrupt();
                BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, call::call);

                assertThat(Thread.interrupted()).isTrue();
                assertThat(problem).hasMessageContaining("interrupted");
                assertThat(problem.isRetryable()).isFalse();
                assertThat(causes(problem))
                        .anyMatch(cause -> cause instanceof ClosedByInterruptException
                                || cause instanceof InterruptedException
                                || cause instanceof InterruptedIOException);
            }
        }
    }

    private static List<Throwable> causes(Throwable problem) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable e = problem.getCause(); e != null; e = e.getCause()) {
            causes.add(e);
        }
        return causes;
    }

    // ---- operations that need a server that checks signatures

    @Test
    void presignedUrlsWork() throws IOException {
        byte[] content = "some content".getBytes(StandardCharsets.US_ASCII);
        for (String name : List.of("plain", "dir/a b+c%20&=?é")) {
            BlobKey key = BlobKey.of(name);
            try (BlobStore store =
                    server.store(bucket.name()).prefix("presigned/").open()) {
                PresignedUrl put = store.presign(key, PresignOptions.put(Duration.ofMinutes(5)));
                HttpURLConnection putting =
                        (HttpURLConnection) put.url().toURL().openConnection();
                putting.setRequestMethod("PUT");
                putting.setDoOutput(true);
                putting.setFixedLengthStreamingMode(content.length);
                try (OutputStream body = putting.getOutputStream()) {
                    body.write(content);
                }
                assertThat(putting.getResponseCode()).isEqualTo(200);
                putting.disconnect();

                ByteBuffer target = ByteBuffer.allocate(content.length);
                store.read(key, ByteRange.all(), target);
                assertThat(target.array()).isEqualTo(content);

                PresignedUrl get = store.presign(key, PresignOptions.get(Duration.ofMinutes(5)));
                HttpURLConnection getting =
                        (HttpURLConnection) get.url().toURL().openConnection();
                assertThat(getting.getInputStream().readAllBytes()).isEqualTo(content);
                getting.disconnect();
            }
        }
    }

    /** The limits are lowered from those of S3, where this applies to blobs above 5 GiB. */
    @Test
    void aLargeBlobIsCopiedInParts() throws IOException {
        byte[] content = new byte[(12 << 20) + 1];
        new SplittableRandom(1).nextBytes(content);
        BlobKey copy = BlobKey.of("copy");
        try (BlobStore store = server.store(bucket.name()).open(6 << 20, 5 << 20)) {
            StoredBlob stored = store.store(
                    KEY,
                    BlobSource.of(ByteBuffer.wrap(content)),
                    StoreOptions.builder()
                            .contentType("image/png")
                            .userMetadata("a", "1")
                            .build());
            StoredBlob copied = store.copy(
                    KEY,
                    copy,
                    CopyOptions.builder()
                            .sourceVersion(stored.version())
                            .precondition(Precondition.ifAbsent())
                            .build());

            BlobMetadata head = store.head(copy);
            assertThat(head.version()).isEqualTo(copied.version());
            assertThat(head.contentType()).contains("image/png");
            assertThat(head.userMetadata()).containsEntry("a", "1");
            ByteBuffer target = ByteBuffer.allocate(content.length);
            store.read(copy, ByteRange.all(), target);
            assertThat(Arrays.mismatch(target.array(), content)).isEqualTo(-1);
            store.delete(KEY);
            store.delete(copy);
        }
        assertThat(bucket.uploads("")).isEmpty();
    }
}
