package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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

/** A command with the credentials of a web identity, as in a pod with IRSA, or of a role. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class WebIdentityTest {
    private static final String ASSUMED = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
            + "<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
            + "<SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
            + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

    @TempDir
    Path directory;

    /** With the HTTP client that the command has: those of the benchmarks are left out. */
    @Test
    void theCommandHasWhatItNeeds() throws Exception {
        try (ScriptedServer sts = ScriptedServer.forAnyClient(Optional.empty(), Script.responding(200, ASSUMED));
                ScriptedServer server = ScriptedServer.plain(Script.responding(
                        200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"))) {
            Cli result = list(server, "apache5-client|netty-nio-client|aws-crt", identity(sts));

            assertThat(result.err()).isEmpty();
            assertThat(result.code()).isZero();
            assertThat(sts.requests()).isNotEmpty();
            assertThat(server.requests().get(0).header("Authorization").orElseThrow())
                    .contains("Credential=AKIDROLE/");
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
            Path profiles = Files.writeString(directory.resolve("profiles"), """
                [profile p]
                %s

                [profile source]
                aws_access_key_id = id
                aws_secret_access_key = key
                """.formatted(
                            missing.equals("sso")
                                    ? "sso_start_url = https://x\nsso_region = eu-west-3\nsso_account_id = 1\n"
                                            + "sso_role_name = r"
                                    : "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = source"));
            Cli result = list(
                    server,
                    missing,
                    webIdentity ? identity(sts) : Map.of("AWS_PROFILE", "p", "AWS_CONFIG_FILE", profiles.toString()));

            assertThat(result.code()).isEqualTo(4);
            assertThat(result.err()).hasLineCount(1).contains(named, "to the class path");
            assertThat(server.requests()).isEmpty();
        }
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
        process.environment().put("AWS_REGION", "eu-west-3");
        process.environment().put("AWS_EC2_METADATA_DISABLED", "true");
        process.environment().putAll(variables);
        return Cli.finish(process.start());
    }
}
