package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command has the modules of the SDK that web identities, roles and profiles of IAM Identity Center need.
 * {@code CredentialChainTest} of blobstore-s3 tests what the credentials are.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class AwsCredentialsTest {
    private static final String ASSUMED = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
            + "<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
            + "<SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
            + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

    /** The HTTP clients of the SDK that only the benchmarks have. */
    private static final String BENCHMARKS_CLIENTS = "apache5-client|netty-nio-client|aws-crt";

    private static final String ROLE = """
        [profile p]
        role_arn = arn:aws:iam::123456789012:role/r
        source_profile = source

        [profile source]
        aws_access_key_id = id
        aws_secret_access_key = key
        """;
    private static final String SSO = """
        [profile p]
        sso_session = company
        sso_account_id = 123456789012
        sso_role_name = reader

        [sso-session company]
        sso_start_url = https://company.awsapps.example/start
        sso_region = eu-west-3
        sso_registration_scopes = sso:account:access
        """;

    @TempDir
    Path directory;

    /** With the HTTP client that the command has: those of the benchmarks are left out. */
    @Test
    void aWebIdentity() throws Exception {
        useWebIdentity(BENCHMARKS_CLIENTS);
    }

    /** With the one that the module {@code sts} brings into an application. */
    @Test
    @Campaign(representedBy = AwsCredentialsTest.class)
    void aWebIdentityWithTheClientOfTheModule() throws Exception {
        useWebIdentity("url-connection-client|netty-nio-client|aws-crt");
    }

    private void useWebIdentity(String without) throws Exception {
        try (ScriptedServer sts = ScriptedServer.forAnyClient(Optional.empty(), Script.responding(200, ASSUMED));
                ScriptedServer server = ScriptedServer.plain(Script.responding(
                        200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"))) {
            Cli result = list(server, without, identity(sts));

            assertSignedByTheRole(server, result);
            assertThat(sts.requests()).isNotEmpty();
        }
    }

    /** Whose login has expired, and is renewed. */
    @Test
    void aProfileOfIdentityCenter() throws Exception {
        String renewed = "{\"accessToken\": \"new-token\", \"expiresIn\": 3600, \"tokenType\": \"Bearer\"}";
        String role = """
            {"roleCredentials": {"accessKeyId": "AKIDROLE", "secretAccessKey": "role-secret",
             "sessionToken": "role-token", "expiration": 4070908800000}}\
            """;
        try (ScriptedServer portal = ScriptedServer.forAnyClient(Optional.empty(), Script.responding(200, role))
                        .then(Script.responding(200, renewed));
                ScriptedServer server = ScriptedServer.plain(Script.responding(
                        200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"))) {
            writeExpiredLogin();
            Map<String, String> variables = new HashMap<>(profile(SSO));
            variables.put("AWS_ENDPOINT_URL_SSO", portal.endpoint().toString());
            variables.put("AWS_ENDPOINT_URL_SSO_OIDC", portal.endpoint().toString());

            assertSignedByTheRole(server, list(server, BENCHMARKS_CLIENTS, variables));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sts, false, software.amazon.awssdk:sts",
        "sso, false, software.amazon.awssdk:sso",
        "apache5-client|netty-nio-client|aws-crt|url-connection-client, true, url-connection-client"
    })
    void aMissingModuleIsNamed(String missing, boolean webIdentity, String named) throws Exception {
        try (ScriptedServer sts = ScriptedServer.forAnyClient(Optional.empty(), Script.responding(200, ASSUMED));
                ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""))) {
            Cli result =
                    list(server, missing, webIdentity ? identity(sts) : profile(missing.equals("sso") ? SSO : ROLE));

            assertThat(result.code()).isEqualTo(4);
            assertThat(result.err()).hasLineCount(1).contains(named, "to the class path");
            assertThat(server.requests()).isEmpty();
        }
    }

    private static void assertSignedByTheRole(ScriptedServer server, Cli result) {
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        assertThat(server.requests().get(0).header("Authorization").orElseThrow())
                .contains("Credential=AKIDROLE/");
    }

    private Map<String, String> profile(String configuration) throws Exception {
        Path profiles = Files.writeString(directory.resolve("profiles"), configuration);
        return Map.of("AWS_PROFILE", "p", "AWS_CONFIG_FILE", profiles.toString());
    }

    /** Writes what {@code aws sso login} keeps in the home directory, under the SHA-1 of the session's name. */
    private void writeExpiredLogin() throws Exception {
        String name = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-1").digest("company".getBytes(StandardCharsets.UTF_8)));
        Path logins = Files.createDirectories(directory.resolve(".aws/sso/cache"));
        Files.writeString(logins.resolve(name + ".json"), """
            {"startUrl": "https://company.awsapps.example/start", "region": "eu-west-3",
             "accessToken": "sso-token", "expiresAt": "2020-01-01T00:00:00Z", "refreshToken": "refresh-token",
             "clientId": "some-client", "clientSecret": "client-secret",
             "registrationExpiresAt": "2099-01-01T00:00:00Z"}\
            """);
    }

    private Map<String, String> identity(ScriptedServer sts) throws Exception {
        return Map.of(
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                Files.writeString(directory.resolve("token"), "some-identity").toString(),
                "AWS_ROLE_ARN",
                "arn:aws:iam::123456789012:role/some-role",
                "AWS_ENDPOINT_URL_STS",
                sts.endpoint().toString());
    }

    /** Runs a command without some libraries, and with variables in place of the usual ones. */
    private Cli list(ScriptedServer server, String withoutLibraries, Map<String, String> variables) throws Exception {
        ProcessBuilder process = Cli.inChildJvm(
                List.of("-Duser.home=" + directory),
                "list",
                "--store",
                "s3://some-bucket?pathStyle=true&endpoint=" + server.endpoint());
        String libraries = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(library -> !library.matches(".*/(" + withoutLibraries + ")-[0-9][^/]*"))
                .collect(Collectors.joining(File.pathSeparator));
        process.command().set(process.command().indexOf("-cp") + 1, libraries);
        process.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
        process.environment().put("HOME", directory.toString());
        process.environment().put("AWS_REGION", "eu-west-3");
        process.environment().put("AWS_EC2_METADATA_DISABLED", "true");
        process.environment().putAll(variables);
        return Cli.finish(process.start());
    }
}
