package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import com.google.auth.oauth2.UserCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
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
import io.blobstore.gcs.fake.FakeCredentials;
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
import java.security.GeneralSecurityException;
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

    /** The SDK's own HTTP library would follow it, with tokens, keys and content. */
    @ParameterizedTest
    @ValueSource(ints = {302, 307})
    void aRedirectIsNotFollowedByACallersClient(int status) throws Exception {
        try (ScriptedServer other = ScriptedServer.secure(serverContext(), Script.responding(200, "{}"));
                ScriptedServer redirecting = ScriptedServer.secure(serverContext(), redirecting(status, other));
                Storage client = client(redirecting)) {
            assertEachFails(
                    GcsBlobStore.builder(BUCKET)
                            .client(client)
                            .trustManagers(TestAuthority.get().trustManagers())
                            .encryption(GcsEncryption.customerKey(new byte[32])),
                    BlobStoreException.class,
                    false,
                    "HTTP " + status + " to "
                            + URI.create(other.endpoint().toString()).getAuthority(),
                    "check the endpoint");

            assertThat(other.accepted()).isZero();
            assertThat(redirecting.requests()).hasSize(7);
        }
    }

    /** A server that refuses the token, so that it is renewed, and then redirects, does not get it elsewhere. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRenewedTokenStaysWithItsServer(boolean callersClient) throws Exception {
        try (ScriptedServer other = ScriptedServer.secure(serverContext(), Script.responding(401, ""));
                ScriptedServer redirecting = ScriptedServer.secure(serverContext(), redirecting(307, other))
                        .then(Script.responding(401, "", "Connection: close"));
                Storage client = client(redirecting)) {
            GcsBlobStore.Builder builder = GcsBlobStore.builder(BUCKET)
                    .trustManagers(TestAuthority.get().trustManagers());
            try (BlobStore store = (callersClient
                            ? builder.client(client)
                            : builder.endpoint(URI.create(redirecting.endpoint().toString()))
                                    .credentials(new FakeCredentials()))
                    .open()) {
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY)))
                        .hasMessageContaining("redirects (HTTP 307");
            }
            assertThat(redirecting.requests()).hasSize(2);
            assertThat(redirecting.requests().get(1).header("Authorization")).contains("Bearer fake-token-2");
            assertThat(other.accepted()).isZero();
        }
    }

    /** Returns a script that redirects, and closes the connection, which the JDK's HTTP client would keep. */
    private static Script redirecting(int status, ScriptedServer other) {
        return Script.responding(status, "", "Location: " + other.endpoint() + "/b?secret=1", "Connection: close");
    }

    /** Returns a client of a caller, with a transport of the SDK's library. */
    private static Storage client(ScriptedServer server) throws GeneralSecurityException {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, TestAuthority.get().trustManagers(), null);
        HttpTransport transport = new NetHttpTransport.Builder()
                .setSslSocketFactory(trusting.getSocketFactory())
                .build();
        return StorageOptions.http()
                .setHost(server.endpoint().toString())
                .setProjectId("none")
                .setCredentials(new FakeCredentials())
                .setTransportOptions(HttpTransportOptions.newBuilder()
                        .setHttpTransportFactory(() -> transport)
                        .build())
                .build()
                .getService();
    }

    /** A request for a token has a refresh token, or an assertion that can be exchanged for a token. */
    @ParameterizedTest
    @ValueSource(ints = {302, 307})
    void aRequestForATokenDoesNotFollowARedirect(int status) throws IOException {
        try (ScriptedServer other = ScriptedServer.plain(Script.responding(200, "{}"));
                ScriptedServer redirecting = ScriptedServer.plain(redirecting(status, other))) {
            UserCredentials user = UserCredentials.newBuilder()
                    .setClientId("id")
                    .setClientSecret("secret")
                    .setRefreshToken("secret-token")
                    .setTokenServerUri(URI.create(redirecting.endpoint() + "/token"))
                    .setHttpTransportFactory(GcsClientFactory::tokenTransport)
                    .build();
            try (BlobStore store = GcsBlobStore.builder(BUCKET)
                    .endpoint(server.get().endpoint())
                    .credentials(user)
                    .open()) {
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, BlobSource.of())))
                        .hasMessageContaining("access token")
                        .hasMessageContaining(
                                "HTTP " + status + " to " + other.endpoint().authority())
                        .hasMessageNotContaining("secret");
            }
            assertThat(redirecting.requests()).isNotEmpty();
            assertThat(other.accepted()).isZero();
        }
    }

    @Test
    void aCustomerKeyDoesNotTravelOverPlainHttp() throws Exception {
        try (Storage client = StorageOptions.http()
                .setHost(server.get().endpoint().toString())
                .setProjectId("none")
                .setCredentials(NoCredentials.getInstance())
                .build()
                .getService()) {
            for (GcsBlobStore.Builder builder : List.of(
                    GcsBlobStore.builder(BUCKET).endpoint(server.get().endpoint()),
                    GcsBlobStore.builder(BUCKET).client(client))) {
                assertThatThrownBy(() -> builder.encryption(GcsEncryption.customerKey(new byte[32]))
                                .open())
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("use https");
            }
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
