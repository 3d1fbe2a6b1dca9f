package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** No request follows a redirect: another host gets no signature, no token, no key and no request. */
class S3RedirectTest {
    private static <T extends BlobStoreException> void assertEachFails(
            S3BlobStore.Builder builder, Class<T> type, String... words) throws IOException {
        try (BlobStore store = builder.open()) {
            assertThat(S3BadInputTest.calls(store))
                    .allSatisfy(call -> assertThat(catchThrowableOfType(type, call::call))
                            .hasMessageContainingAll(words)
                            .satisfies(problem -> {
                                assertThat(problem.isRetryable()).isFalse();
                                assertThat(problem.getMessage()).doesNotContain("\n", "secret");
                            }));
        }
    }

    /** Neither the data plane nor the SDK. */
    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void aRedirectIsNotFollowed(int status) throws IOException {
        SSLContext context = TestAuthority.get().serverContext(TestAuthority.Identity.SERVER);
        try (ScriptedServer other = ScriptedServer.secure(context, Script.responding(200, ""));
                ScriptedServer redirecting = ScriptedServer.secure(
                        context, Script.responding(status, "", "Location: " + other.endpoint() + "/b?secret=1"))) {
            assertEachFails(
                    ScriptedS3.store(redirecting)
                            .trustManagers(TestAuthority.get().trustManagers())
                            .encryption(S3Encryption.customerKey(new byte[32])),
                    BlobStoreException.class,
                    "HTTP " + status + " to " + other.endpoint().authority(),
                    "check the endpoint");

            assertThat(other.accepted()).isZero();
        }
    }

    /** With the SDK's own HTTP client, which a caller's client has by default, also if that looks for other regions. */
    @ParameterizedTest
    @CsvSource({"301, false", "307, false", "301, true", "307, true"})
    void aRedirectIsNotFollowedByACallersClient(int status, boolean crossRegion) throws IOException {
        try (ScriptedServer other = ScriptedServer.plain(Script.responding(200, ""));
                ScriptedServer redirecting = ScriptedServer.forAnyClient(
                        Optional.empty(),
                        Script.responding(
                                status,
                                "",
                                "Location: " + other.endpoint() + "/b?secret=1",
                                "x-amz-bucket-region: eu-west-3",
                                "Connection: close")); // the JDK's HTTP client would keep it
                S3Client client = S3Client.builder()
                        .endpointOverride(URI.create(redirecting.endpoint().toString()))
                        .region(Region.US_EAST_1)
                        .forcePathStyle(true)
                        .crossRegionAccessEnabled(crossRegion)
                        .credentialsProvider(StaticCredentialsProvider.create(
                                AwsBasicCredentials.create(ScriptedS3.ACCESS_KEY, ScriptedS3.SECRET_KEY)))
                        .build()) {
            assertEachFails(
                    S3BlobStore.builder(ScriptedS3.BUCKET).client(client),
                    StoreNotFoundException.class,
                    "set region=eu-west-3");

            assertThat(other.accepted()).isZero();
        }
    }
}
