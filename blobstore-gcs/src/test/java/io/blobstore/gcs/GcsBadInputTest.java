package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PresignOptions;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.objects.VirtualRetryClock;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong settings are reported in one clear line, and leave no unfinished upload. */
@ExtendWith(LeakCheck.class)
class GcsBadInputTest {
    private static final String BUCKET = FakeServer.BUCKET;
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = new byte[1000];

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    /** Calls that send every kind of request, of the data plane and of the SDK. */
    private static List<Callable<Object>> calls(BlobStore store) {
        return List.of(
                () -> store.store(KEY, BlobSource.of(ByteBuffer.wrap(BYTES))),
                () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10)),
                () -> store.head(KEY),
                () -> store.list(ListOptions.DEFAULT),
                () -> store.deleteAll("a"),
                () -> store.copy(KEY, BlobKey.of("b")),
                () -> store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT));
    }

    private <T extends BlobStoreException> void assertEachFails(
            GcsBlobStore.Builder builder, Class<T> type, boolean retryable, String... words) throws IOException {
        try (BlobStore store = builder.retryClock(new VirtualRetryClock()).open()) {
            assertThat(calls(store))
                    .allSatisfy(call -> assertThat(catchThrowableOfType(type, call::call))
                            .hasMessageContainingAll(words)
                            .satisfies(problem -> {
                                assertThat(problem.isRetryable()).isEqualTo(retryable);
                                assertThat(problem.getMessage()).doesNotContain("\n", "secret");
                            }));
        }
        assertThat(server.get().uploads(BUCKET)).isEmpty();
    }

    private static OAuth2Credentials token(String text) {
        return OAuth2Credentials.create(new AccessToken(
                text, new Date(System.currentTimeMillis() + Duration.ofHours(1).toMillis())));
    }

    @Test
    void aMissingBucketIsReported() throws IOException {
        assertEachFails(
                GcsBlobStore.builder("no-such-bucket").endpoint(server.get().endpoint()),
                StoreNotFoundException.class,
                false,
                "no-such-bucket",
                "create it");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void insufficientCredentialsAreReported(int status) throws IOException {
        try (ScriptedServer refusing = ScriptedServer.plain(Script.responding(status, ""))) {
            assertEachFails(
                    GcsBlobStore.builder(BUCKET)
                            .endpoint(URI.create(refusing.endpoint().toString()))
                            .credentials(token("secret-token")),
                    PermissionDeniedException.class,
                    false,
                    status == 401 ? "credentials" : "no permission in bucket '" + BUCKET + "'");
        }
    }

    /** Neither the data plane nor the SDK follows a redirect: another host gets no token, no key and no request. */
    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void aRedirectIsNotFollowed(int status) throws IOException {
        byte[] key = new byte[32];
        try (ScriptedServer other = ScriptedServer.secure(serverContext(), Script.responding(200, "{}"));
                ScriptedServer redirecting = ScriptedServer.secure(
                        serverContext(),
                        Script.responding(status, "", "Location: " + other.endpoint() + "/b?secret=1"))) {
            assertEachFails(
                    GcsBlobStore.builder(BUCKET)
                            .endpoint(URI.create(redirecting.endpoint().toString()))
                            .trustManagers(TestAuthority.get().trustManagers())
                            .encryption(GcsEncryption.customerKey(key))
                            .credentials(token("secret-token")),
                    BlobStoreException.class,
                    false,
                    "HTTP " + status + " to "
                            + URI.create(other.endpoint().toString()).getAuthority(),
                    "check the endpoint");

            assertThat(other.accepted()).isZero();
            assertThat(redirecting.requests()).hasSize(7);
        }
    }

    private static SSLContext serverContext() {
        return TestAuthority.get().serverContext(TestAuthority.Identity.SERVER);
    }

    @Test
    void anUnreachableEndpointIsReported() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        assertEachFails(
                GcsBlobStore.builder(BUCKET).endpoint(URI.create("http://127.0.0.1:" + port)),
                BlobStoreException.class,
                true,
                "127.0.0.1:" + port,
                "is it up, and the endpoint right?");
    }

    @ParameterizedTest
    @EnumSource(names = {"SERVER", "OTHER_HOST", "EXPIRED"})
    void anUntrustedCertificateIsRefused(TestAuthority.Identity identity) throws IOException {
        try (ScriptedServer secure =
                ScriptedServer.secure(TestAuthority.get().serverContext(identity), Script.responding(501, ""))) {
            GcsBlobStore.Builder builder = GcsBlobStore.builder(BUCKET)
                    .endpoint(URI.create(secure.endpoint().toString()))
                    .credentials(token("secret-token"));
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

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "a\nb", "a\rb", ".well-known/acme-challenge/x", ".blobstore-unpublished/x"})
    void aNameThatCloudStorageDoesNotAllowIsRefused(String name) throws IOException {
        try (BlobStore store =
                GcsBlobStore.builder(BUCKET).endpoint(server.get().endpoint()).open()) {
            server.get().forgetRequests();
            assertThatThrownBy(() -> store.store(BlobKey.of(name), BlobSource.of()))
                    .isInstanceOf(InvalidBlobKeyException.class);
            assertThat(server.get().requests()).isEmpty();
        }
    }

    @Test
    void credentialsThatCannotSignAreReported() throws IOException {
        try (BlobStore store = GcsBlobStore.builder(BUCKET)
                .endpoint(server.get().endpoint())
                .credentials(token("secret-token"))
                .open()) {
            assertThatThrownBy(() -> store.presign(KEY, PresignOptions.get(Duration.ofMinutes(1))))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining("service account");
        }
    }
}
