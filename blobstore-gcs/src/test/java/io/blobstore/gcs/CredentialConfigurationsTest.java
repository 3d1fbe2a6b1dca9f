package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.auth.oauth2.GoogleCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The files that {@code GOOGLE_APPLICATION_CREDENTIALS} may name, beside keys of service accounts: impersonation, and
 * workload identity federation. One server on loopback is the security token service, IAM, and the identity provider.
 * Without a check for leaks: the JDK's HTTP client opens sockets for the rest of the process.
 */
class CredentialConfigurationsTest {
    private static final String TOKEN = "token-of-the-target";
    private static final String[] JSON = {"Content-Type: application/json", "Connection: close"};
    private static final Script ACCESS_TOKEN = Script.responding(
            200,
            "{\"access_token\": \"federated-token\", \"expires_in\": 3600, \"token_type\": \"Bearer\","
                    + " \"issued_token_type\": \"urn:ietf:params:oauth:token-type:access_token\"}",
            JSON);
    private static final Script IMPERSONATED = Script.responding(
            200, "{\"accessToken\": \"" + TOKEN + "\", \"expireTime\": \"2099-01-01T00:00:00Z\"}", JSON);
    private static final String IMPERSONATION_PATH =
            "/v1/projects/-/serviceAccounts/target@some-project.iam.gserviceaccount.com:generateAccessToken";

    @RegisterExtension
    final FakeServer server = FakeServer.secure();

    @TempDir
    Path directory;

    private ScriptedServer identityServer;

    private SSLSocketFactory socketFactory;

    /** Makes the process trust the server, as Google's library accepts no URLs without TLS. */
    @BeforeEach
    void startServer() throws Exception {
        SSLContext context = TestAuthority.get().serverContext(TestAuthority.Identity.SERVER);
        socketFactory = HttpsURLConnection.getDefaultSSLSocketFactory();
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
        identityServer = ScriptedServer.forAnyClient(Optional.of(context), Script.responding(500, "", JSON));
    }

    @AfterEach
    void closeServer() throws IOException {
        HttpsURLConnection.setDefaultSSLSocketFactory(socketFactory);
        identityServer.close();
    }

    @Test
    void impersonation() throws Exception {
        identityServer.then(ACCESS_TOKEN, IMPERSONATED);

        assertAuthorizedBy(TOKEN, impersonating());
        assertThat(paths()).containsExactly("/token", IMPERSONATION_PATH);
        assertThat(identityServer.requests().get(1).header("Authorization")).contains("Bearer federated-token");
    }

    @Test
    void federationByAFile() throws Exception {
        identityServer.then(ACCESS_TOKEN);

        assertAuthorizedBy("federated-token", federation(tokenFile(), ""));
        assertThat(paths()).containsExactly("/v1/token");
    }

    @Test
    void federationByAUrl() throws Exception {
        identityServer.then(Script.responding(200, "subject-token", JSON), ACCESS_TOKEN);

        assertAuthorizedBy(
                "federated-token", federation("{\"url\": \"" + identityServer.endpoint() + "/identity\"}", ""));
        assertThat(paths()).containsExactly("/identity", "/v1/token");
    }

    @Test
    void federationWithImpersonation() throws Exception {
        identityServer.then(ACCESS_TOKEN, IMPERSONATED);

        assertAuthorizedBy(TOKEN, federation(tokenFile(), impersonationField()));
        assertThat(paths()).containsExactly("/v1/token", IMPERSONATION_PATH);
    }

    @Test
    void aRefusedIdentityIsReported() throws Exception {
        identityServer.then(Script.responding(
                400, "{\"error\": \"invalid_grant\", \"error_description\": \"The audience does not match\"}", JSON));

        assertRefused(federation(tokenFile(), ""), "invalid_grant", "The audience does not match");
    }

    @Test
    void aRefusedImpersonationIsReported() throws Exception {
        Script refusal = Script.responding(
                403,
                "{\"error\": {\"code\": 403, \"message\": \"Permission 'iam.serviceAccounts.getAccessToken' denied\","
                        + " \"status\": \"PERMISSION_DENIED\"}}",
                JSON);
        identityServer.then(ACCESS_TOKEN, refusal);
        assertRefused(federation(tokenFile(), impersonationField()), "iam.serviceAccounts.getAccessToken");

        identityServer.then(ACCESS_TOKEN, refusal);
        assertRefused(impersonating(), "iam.serviceAccounts.getAccessToken");
    }

    @Test
    void aMissingTokenFileIsReported() throws Exception {
        assertRefused(federation("{\"file\": \"" + directory + "/no-such-token\"}", ""), "no-such-token");
    }

    @Test
    void anUnusableFileIsReported() throws Exception {
        IOException malformed = catchThrowableOfType(IOException.class, () -> open("{\"type\": \"other\"}"));

        assertThat(GcsClientFactory.noCredentials(malformed))
                .hasMessageContaining("the Google credentials cannot be used: ")
                .hasMessageContaining("other");
        assertThat(GcsClientFactory.noCredentials(new IOException("Your default credentials were not found. See x")))
                .hasMessageContaining("run 'gcloud auth application-default login'");
    }

    private List<String> paths() {
        return identityServer.requests().stream()
                .map(request -> request.target())
                .toList();
    }

    private void assertAuthorizedBy(String token, String configuration) throws IOException {
        try (BlobStore store = open(configuration)) {
            store.store(BlobKey.of("some-blob"), BlobSource.of());
        }
        assertThat(server.get().requests())
                .isNotEmpty()
                .allSatisfy(
                        request -> assertThat(request.header("Authorization")).contains("Bearer " + token));
    }

    private void assertRefused(String configuration, String... reasons) throws IOException {
        try (BlobStore store = open(configuration)) {
            BlobStoreException problem = catchThrowableOfType(
                    BlobStoreException.class, () -> store.store(BlobKey.of("some-blob"), BlobSource.of()));
            assertThat(problem).isInstanceOf(PermissionDeniedException.class);
            assertThat(problem.getMessage()).contains(reasons).doesNotContain("subject-token", "federated-token", "\n");
        }
        assertThat(server.get().requests()).isEmpty();
    }

    /** Reads the configuration as the store does with the file that the environment variable names. */
    private BlobStore open(String configuration) throws IOException {
        return server.store()
                .credentials(GoogleCredentials.fromStream(
                        new ByteArrayInputStream(configuration.getBytes(StandardCharsets.UTF_8)),
                        GcsClientFactory::tokenTransport))
                .open();
    }

    private String tokenFile() throws IOException {
        return "{\"file\": \"" + Files.writeString(directory.resolve("token"), "subject-token") + "\"}";
    }

    private String impersonationField() {
        return "\"service_account_impersonation_url\": \"" + identityServer.endpoint() + IMPERSONATION_PATH + "\",";
    }

    private String federation(String source, String impersonation) {
        return """
            {"type": "external_account", "universe_domain": "googleapis.com", %s
             "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
             "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
             "token_url": "%s/v1/token", "credential_source": %s}
            """.formatted(impersonation, identityServer.endpoint(), source);
    }

    private String impersonating() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        String privateKey = Base64.getEncoder()
                .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
        return """
            {"type": "impersonated_service_account", "delegates": [], %s
             "source_credentials": {"type": "service_account", "client_id": "1", "private_key_id": "2",
              "client_email": "source@some-project.iam.gserviceaccount.com", "token_uri": "%s/token",
              "private_key": "-----BEGIN PRIVATE KEY-----\\n%s\\n-----END PRIVATE KEY-----\\n"}}
            """.formatted(impersonationField(), identityServer.endpoint(), privateKey);
    }
}
