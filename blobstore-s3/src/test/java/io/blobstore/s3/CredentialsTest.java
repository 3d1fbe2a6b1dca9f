package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * Credentials that the SDK obtains from a server, by a module that is optional. Without a check for leaks: the JDK's
 * HTTP client opens sockets for the rest of the process.
 */
class CredentialsTest {
    private static final String ENDPOINT = "aws.endpointUrlSts";
    private static final String REGION = "aws.region";
    private static final BlobKey KEY = BlobKey.of("some-blob");

    @TempDir
    Path directory;

    @BeforeEach
    void setRegion() {
        System.setProperty(REGION, "eu-west-3");
    }

    @AfterEach
    void restoreProperties() {
        System.clearProperty(ENDPOINT);
        System.clearProperty(REGION);
    }

    /** A server of credentials; the connection is closed, as the JDK's HTTP client would keep it. */
    private static ScriptedServer sts(int status, String body, String... fields) throws IOException {
        String[] all = Arrays.copyOf(fields, fields.length + 1);
        all[fields.length] = "Connection: close";
        return ScriptedServer.forAnyClient(Optional.empty(), Script.responding(status, body, all));
    }

    /** Returns a store whose credentials are those of a web identity. */
    private BlobStore open(ScriptedServer server, ScriptedServer sts) throws IOException {
        System.setProperty(ENDPOINT, sts.endpoint().toString());
        return ScriptedS3.store(server)
                .credentials(WebIdentityTokenFileCredentialsProvider.builder()
                        .roleArn("arn:aws:iam::123456789012:role/some-role")
                        .roleSessionName("session")
                        .webIdentityTokenFile(Files.writeString(directory.resolve("token"), "secret-identity"))
                        .build())
                .open();
    }

    @Test
    void theCredentialsOfAWebIdentityAreUsed() throws IOException {
        String response = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                + "<AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
                + "<SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
        try (ScriptedServer sts = sts(200, response);
                ScriptedServer server = ScriptedServer.plain(Script.responding(200, "", ScriptedS3.ETAG));
                BlobStore store = open(server, sts)) {
            store.store(KEY, BlobSource.of());

            assertThat(sts.requests()).hasSize(1);
            assertThat(server.requests().get(0).header("Authorization").orElseThrow())
                    .contains("Credential=AKIDROLE/");
            assertThat(server.requests().get(0).header("x-amz-security-token")).contains("role-token");
        }
    }

    @Test
    void aServerOfCredentialsIsNotFollowedElsewhere() throws IOException {
        try (ScriptedServer other = sts(200, "");
                ScriptedServer sts = sts(307, "", "Location: " + other.endpoint() + "/");
                ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                BlobStore store = open(server, sts)) {
            assertThat(catchThrowableOfType(PermissionDeniedException.class, () -> store.store(KEY, BlobSource.of())))
                    .hasMessageContaining("there are no AWS credentials: ");

            assertThat(sts.requests()).isNotEmpty();
            assertThat(other.accepted()).isZero();
            assertThat(server.requests()).isEmpty();
        }
    }

    /** The refusal is not that of the bucket: advice about the bucket would mislead. */
    @Test
    void aRefusalOfCredentialsIsReported() throws IOException {
        String refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                + "<Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>";
        try (ScriptedServer sts = sts(403, refusal);
                ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                BlobStore store = open(server, sts)) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> store.store(KEY, BlobSource.of()), () -> store.list(ListOptions.DEFAULT))) {
                assertThat(catchThrowableOfType(PermissionDeniedException.class, call))
                        .hasMessageContaining("there are no AWS credentials: Not authorized to perform sts:AssumeRole")
                        .hasMessageNotContainingAny("bucket", "secret");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "To use web identity tokens, the 'sts' service module must be on the class path. |"
                        + " awssdk:sts and url-con",
                "To use assumed roles in the 'a' profile, the 'sts' service module must be on the class path. |"
                        + " awssdk:sts and url-con",
                "To use Sso related properties in the 'a' profile, the 'sso' service module must be on the class path."
                        + " | awssdk:sso and url-con",
                "Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain(x) :"
                        + " [EnvironmentVariableCredentialsProvider(): Unable to load credentials from system settings."
                        + " Access key must be specified either via environment variable (AWS_ACCESS_KEY_ID) or system"
                        + " property (aws.accessKeyId)., WebIdentityTokenCredentialsProvider(): To use web identity"
                        + " tokens, the 'sts' service module must be on the class path.] | awssdk:sts and url-con",
                "Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain(x) :"
                        + " [EnvironmentVariableCredentialsProvider(): Access key must be specified either via"
                        + " environment variable., WebIdentityTokenCredentialsProvider(): Not authorized to perform"
                        + " sts:AssumeRoleWithWebIdentity (Service: Sts, Status Code: 403),"
                        + " InstanceProfileCredentialsProvider(): Failed to load credentials from IMDS.] |"
                        + " there are no AWS credentials: WebIdentityTokenCredentialsProvider: Not authorized",
                "Unable to load credentials from system settings. | set AWS_ACCESS_KEY_ID",
                "Unable to load an HTTP implementation from any provider in the chain. | url-connection-client",
            })
    void theReasonForMissingCredentialsIsNamed(String message, String expected) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                BlobStore store = ScriptedS3.store(server)
                        .credentials(() -> {
                            throw SdkClientException.create("no credentials", new IllegalStateException(message));
                        })
                        .open()) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> store.store(KEY, BlobSource.of()), () -> store.list(ListOptions.DEFAULT))) {
                BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, call);

                assertThat(problem)
                        .isInstanceOf(PermissionDeniedException.class)
                        .hasMessageContaining(expected);
                assertThat(problem.getMessage()).doesNotContain("IMDS", "must be specified");
            }
        }
    }
}
