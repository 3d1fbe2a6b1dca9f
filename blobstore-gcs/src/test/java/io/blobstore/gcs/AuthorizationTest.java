package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.api.client.http.HttpRequestInitializer;
import com.google.auth.Credentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.ServiceOptions;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.PermissionDeniedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The header fields for the authorization of the data plane, and the renewal of tokens. */
@ExtendWith(LeakCheck.class)
class AuthorizationTest {
    private static final Script STORED = Script.responding(
            200, "{\"name\": \"some-blob\", \"generation\": \"1\"}", "Content-Type: application/json");
    private static final Script REFUSED = Script.responding(401, "");

    /** Credentials with numbered tokens: "token-1" until they are refreshed. */
    private static final class Account extends Credentials {
        private static final long serialVersionUID = 1L;

        private final AtomicInteger token = new AtomicInteger(1);
        private final AtomicInteger refreshes = new AtomicInteger();

        @Override
        public String getAuthenticationType() {
            return "OAuth2";
        }

        @Override
        public Map<String, List<String>> getRequestMetadata(URI uri) {
            return Map.of("Authorization", List.of("Bearer token-" + token), "x-goog-user-project", List.of("payer"));
        }

        @Override
        public boolean hasRequestMetadata() {
            return true;
        }

        @Override
        public boolean hasRequestMetadataOnly() {
            return true;
        }

        @Override
        public void refresh() {
            refreshes.incrementAndGet();
            token.incrementAndGet();
        }
    }

    private static void store(ScriptedServer server, Credentials credentials) throws IOException {
        try (BlobStore store = GcsBlobStore.builder("some-bucket")
                .endpoint(URI.create(server.endpoint().toString()))
                .credentials(credentials)
                .open()) {
            store.store(BlobKey.of("some-blob"), BlobSource.of(ByteBuffer.wrap(new byte[10])));
        }
    }

    private static List<String> sent(ScriptedServer server, String field) {
        return server.requests().stream()
                .map(request -> request.headers().first(field).orElse("none"))
                .toList();
    }

    @Test
    void aRequestNamesTheTokenTheProjectThatPaysAndTheAgent() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(STORED)) {
            store(server, new Account());

            assertThat(sent(server, "Authorization")).containsExactly("Bearer token-1");
            assertThat(sent(server, "x-goog-user-project")).containsExactly("payer");
            assertThat(sent(server, "x-goog-api-client")).hasSize(1).allMatch(agent -> agent.startsWith("gl-java/"));
            assertThat(sent(server, "Accept-Encoding")).containsExactly("none");
        }
    }

    @Test
    void aTokenThatIsRefusedIsRenewedOnce() throws IOException {
        Account account = new Account();
        try (ScriptedServer server = ScriptedServer.plain(STORED).then(REFUSED)) {
            store(server, account);

            assertThat(sent(server, "Authorization")).containsExactly("Bearer token-1", "Bearer token-2");
        }
        assertThat(account.refreshes).hasValue(1);
    }

    @Test
    void aTokenThatWasRenewedMeanwhileIsUsed() throws IOException {
        Account account = new Account();
        try (ScriptedServer server = ScriptedServer.plain(STORED).then(exchange -> {
            exchange.discardBody();
            account.token.incrementAndGet();
            exchange.respond(401, "");
        })) {
            store(server, account);

            assertThat(sent(server, "Authorization")).containsExactly("Bearer token-1", "Bearer token-2");
        }
        assertThat(account.refreshes).hasValue(0);
    }

    @Test
    void aRenewedTokenThatIsRefusedIsAnError() throws IOException {
        Account account = new Account();
        try (ScriptedServer server = ScriptedServer.plain(REFUSED)) {
            assertThatExceptionOfType(PermissionDeniedException.class)
                    .isThrownBy(() -> store(server, account))
                    .withMessageContaining("does not accept the credentials");

            assertThat(server.requests()).hasSize(2);
        }
        assertThat(account.refreshes).hasValue(1);
    }

    @Test
    void withoutCredentialsThereIsNothingToRenew() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(REFUSED)) {
            assertThatExceptionOfType(PermissionDeniedException.class)
                    .isThrownBy(() -> store(server, NoCredentials.getInstance()));

            assertThat(sent(server, "Authorization")).containsExactly("none");
        }
    }

    /** Transport options of a user, whose client authorizes requests by an interceptor. */
    private static final class Intercepting extends HttpTransportOptions {
        private static final long serialVersionUID = 1L;

        Intercepting() {
            super(HttpTransportOptions.newBuilder());
        }

        @Override
        public HttpRequestInitializer getHttpRequestInitializer(ServiceOptions<?, ?> options) {
            return request -> request.setInterceptor(sent -> sent.getHeaders().setAuthorization("by an interceptor"));
        }
    }

    @Test
    void theInterceptorOfAClientIsUsed() throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(STORED);
                Storage client = StorageOptions.http()
                        .setHost(server.endpoint().toString())
                        .setProjectId("none")
                        .setCredentials(NoCredentials.getInstance())
                        .setTransportOptions(new Intercepting())
                        .build()
                        .getService();
                BlobStore store =
                        GcsBlobStore.builder("some-bucket").client(client).open()) {
            store.store(BlobKey.of("some-blob"), BlobSource.of(ByteBuffer.wrap(new byte[10])));

            assertThat(sent(server, "Authorization")).containsExactly("by an interceptor");
        }
    }
}
