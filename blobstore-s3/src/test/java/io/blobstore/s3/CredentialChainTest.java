package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.objects.VirtualRetryClock;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.utils.internal.SystemSettingUtilsTestBackdoor;

/**
 * What users configure, and the SDK's chain of providers finds: web identities as in a pod with IRSA, assumed roles,
 * and IAM Identity Center. One server on loopback is STS, the portal of Identity Center and its OIDC service. Without a
 * check for leaks: the JDK's HTTP client opens sockets for the rest of the process.
 */
class CredentialChainTest {
    private static final String CLOSE = "Connection: close"; // the JDK's HTTP client would keep the connection
    private static final String CREDENTIALS =
            "<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
                    + "<SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                    + "</Credentials>";
    private static final Script WEB_IDENTITY = Script.responding(
            200,
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>" + CREDENTIALS
                    + "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
            CLOSE);
    private static final Script ASSUMED_ROLE = Script.responding(
            200,
            "<AssumeRoleResponse><AssumeRoleResult>" + CREDENTIALS + "</AssumeRoleResult></AssumeRoleResponse>",
            CLOSE);
    private static final Script PORTAL = Script.responding(200, """
        {"roleCredentials": {"accessKeyId": "AKIDROLE", "secretAccessKey": "role-secret",
         "sessionToken": "role-token", "expiration": 4070908800000}}\
        """, CLOSE);

    private static final String ROLE_PROFILE = """
        [profile p]
        role_arn = arn:aws:iam::123456789012:role/some-role
        source_profile = source

        [profile source]
        aws_access_key_id = AKIDSOURCE
        aws_secret_access_key = source-secret
        """;
    private static final String SSO_PROFILE = """
        [profile p]
        sso_session = company
        sso_account_id = 123456789012
        sso_role_name = reader

        [sso-session company]
        sso_start_url = https://company.awsapps.example/start
        sso_region = eu-west-3
        sso_registration_scopes = sso:account:access
        """;
    /** Without a session of its own, as {@code aws configure sso} wrote it before 2022. */
    private static final String OLD_SSO_PROFILE = """
        [profile p]
        sso_start_url = https://company.awsapps.example/start
        sso_region = eu-west-3
        sso_account_id = 123456789012
        sso_role_name = reader
        """;

    private static final String LATER = "2099-01-01T00:00:00Z";
    private static final String EARLIER = "2020-01-01T00:00:00Z";

    /** One for all tests: the SDK asks for the home directory once. */
    @TempDir
    static Path home;

    private ScriptedServer identityServer;
    private ScriptedServer server;

    @BeforeEach
    void setUp() throws IOException {
        identityServer = ScriptedServer.forAnyClient(Optional.empty(), Script.responding(500, "", CLOSE));
        server = ScriptedServer.plain(Script.responding(200, "", ScriptedS3.ETAG));
        for (String name : List.of("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE")) {
            variable(name, "");
        }
        variable("HOME", home.toString());
        variable("AWS_REGION", "eu-west-3");
        variable("AWS_EC2_METADATA_DISABLED", "true");
        for (String service : List.of("STS", "SSO", "SSO_OIDC")) {
            variable("AWS_ENDPOINT_URL_" + service, identityServer.endpoint().toString());
        }
    }

    @AfterEach
    void tearDown() throws IOException {
        try (Stream<Path> logins =
                Files.find(home, 4, (path, file) -> path.toString().endsWith(".json"))) {
            for (Path login : logins.toList()) {
                Files.delete(login);
            }
        }
        SystemSettingUtilsTestBackdoor.clearEnvironmentVariableOverrides();
        server.close();
        identityServer.close();
    }

    @Test
    void aWebIdentity() throws Exception {
        identityServer.then(WEB_IDENTITY);
        setWebIdentity(Files.writeString(home.resolve("token"), "some-identity"));

        assertSignedByTheRole();
    }

    @Test
    void aProfileWithARole() throws Exception {
        identityServer.then(ASSUMED_ROLE);
        setProfile(ROLE_PROFILE);

        assertSignedByTheRole();
        assertThat(identityServer.requests().get(0).header("Authorization").orElseThrow())
                .contains("Credential=AKIDSOURCE/");
    }

    @Test
    void aProfileOfIdentityCenter() throws Exception {
        identityServer.then(PORTAL);
        setProfile(SSO_PROFILE);
        writeLogin("company", LATER);

        assertSignedByTheRole();
        assertThat(identityServer.requests().get(0).header("x-amz-sso_bearer_token"))
                .contains("sso-token");
    }

    @Test
    void aProfileOfIdentityCenterWithoutASession() throws Exception {
        identityServer.then(PORTAL);
        setProfile(OLD_SSO_PROFILE);
        writeLogin("https://company.awsapps.example/start", LATER);

        assertSignedByTheRole();
    }

    /** The module {@code ssooidc} renews it. */
    @Test
    void anExpiredLoginOfASessionIsRenewed() throws Exception {
        String renewed = "{\"accessToken\": \"new-token\", \"expiresIn\": 3600, \"tokenType\": \"Bearer\"}";
        identityServer.then(Script.responding(200, renewed, CLOSE), PORTAL);
        setProfile(SSO_PROFILE);
        writeLogin("company", EARLIER);

        assertSignedByTheRole();
        assertThat(identityServer.requests().get(1).header("x-amz-sso_bearer_token"))
                .contains("new-token");
    }

    @Test
    void aRefusedRoleIsReported() throws Exception {
        identityServer.then(Script.responding(
                403,
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: source is not"
                        + " authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>",
                CLOSE));
        setProfile(ROLE_PROFILE);

        assertRefused("profile 'p': User: source is not authorized to perform: sts:AssumeRole");
    }

    @Test
    void anExpiredLoginWithoutASessionIsReported() throws Exception {
        setProfile(OLD_SSO_PROFILE);
        writeLogin("https://company.awsapps.example/start", EARLIER);

        assertRefused("run aws sso login");
    }

    @ParameterizedTest
    @ValueSource(strings = {SSO_PROFILE, OLD_SSO_PROFILE})
    void aMissingLoginIsReported(String profile) throws Exception {
        setProfile(profile);

        assertRefused("run aws sso login");
    }

    @Test
    void aMissingProfileIsReported() throws Exception {
        setProfile("[profile other]\nregion = eu-west-3\n");

        assertRefused("no credentials for profile 'p'");
    }

    @Test
    void aMissingSourceProfileIsReported() throws Exception {
        setProfile("[profile p]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = q\n");

        assertRefused("profile 'p': The source profile of 'p' was configured to be 'q'");
    }

    @Test
    void aMissingTokenOfAWebIdentityIsReported() throws Exception {
        setWebIdentity(home.resolve("no-such-token"));

        assertRefused("no-such-token");
    }

    @Test
    void theDocumentedModuleIsOfTheVersionOfTheSdk() throws IOException {
        assertThat(Files.readString(Path.of("..", "docs", "s3.md")))
                .contains("<artifactId>sts</artifactId>\n  <version>" + VersionInfo.SDK_VERSION + "</version>");
    }

    private void assertSignedByTheRole() throws IOException {
        try (BlobStore store = open()) {
            store.store(BlobKey.of("some-blob"), BlobSource.of());
        }
        assertThat(server.requests().get(0).header("Authorization").orElseThrow())
                .contains("Credential=AKIDROLE/");
        assertThat(server.requests().get(0).header("x-amz-security-token")).contains("role-token");
    }

    /** The message has the reason, and neither secrets nor the reasons of providers that nobody configured. */
    private void assertRefused(String reason) throws IOException {
        try (BlobStore store = open()) {
            assertThat(catchThrowableOfType(
                            PermissionDeniedException.class,
                            () -> store.store(BlobKey.of("some-blob"), BlobSource.of())))
                    .hasMessageContaining("there are no AWS credentials: ")
                    .hasMessageContaining(reason)
                    .hasMessageNotContainingAny("ProfileFile(", "IMDS", "secret", "sso-token", "some-identity");
        }
        assertThat(server.requests()).isEmpty();
    }

    private BlobStore open() throws IOException {
        return S3BlobStore.builder(ScriptedS3.BUCKET)
                .endpoint(URI.create(server.endpoint().toString()))
                .pathStyle(true)
                .retryClock(new VirtualRetryClock())
                .open();
    }

    private void setWebIdentity(Path token) {
        variable("AWS_WEB_IDENTITY_TOKEN_FILE", token.toString());
        variable("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/some-role");
    }

    private void setProfile(String configuration) throws IOException {
        variable("AWS_PROFILE", "p");
        variable(
                "AWS_CONFIG_FILE",
                Files.writeString(home.resolve("config"), configuration).toString());
    }

    /** Writes what {@code aws sso login} keeps in the home directory. */
    private void writeLogin(String session, String expiry) throws Exception {
        String name = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-1").digest(session.getBytes(StandardCharsets.UTF_8)));
        Path directory = Files.createDirectories(home.resolve(".aws/sso/cache"));
        Files.writeString(directory.resolve(name + ".json"), """
            {"startUrl": "https://company.awsapps.example/start", "region": "eu-west-3",
             "accessToken": "sso-token", "expiresAt": "%s", "refreshToken": "refresh-token",
             "clientId": "some-client", "clientSecret": "client-secret",
             "registrationExpiresAt": "2099-01-01T00:00:00Z"}\
            """.formatted(expiry));
    }

    private static void variable(String name, String value) {
        SystemSettingUtilsTestBackdoor.addEnvironmentVariableOverride(name, value);
    }
}
