package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.PermissionDeniedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.Endpoint;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Signatures of requests of the data plane, and when a request is signed again. */
@ExtendWith(LeakCheck.class)
class RequestSignerTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] CONTENT = "some content".getBytes(StandardCharsets.US_ASCII);
    private static final Script STORED = Script.responding(200, "", ScriptedS3.ETAG);
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC);

    private static BlobSource content() {
        return BlobSource.of(ByteBuffer.wrap(CONTENT));
    }

    @ParameterizedTest
    @CsvSource({
        "http://example.com, example.com",
        "http://example.com:80, example.com",
        "http://example.com:443, example.com:443",
        "https://example.com:443, example.com",
        "https://example.com:80, example.com:80",
        "http://127.0.0.1:9000, 127.0.0.1:9000",
        "http://[::1]:9000, [::1]:9000"
    })
    void theHostIsSignedAsItIsSent(String endpoint, String host) {
        RequestSigner signer = signer();

        RequestSigner.Signed signed = signer.sign(
                new RequestSigner.Unsigned("PUT", Endpoint.of(URI.create(endpoint)), "/b/k", Map.of(), Map.of()),
                signer.identity());

        assertThat(signed.headers().all("Host")).containsExactly(host);
        assertThat(signed.headers().first("Authorization").orElseThrow())
                .contains("Credential=" + ScriptedS3.ACCESS_KEY + "/20260102/eu-west-3/s3/aws4_request")
                .containsPattern("SignedHeaders=[^,]*host[;,]");
    }

    /** The protocol is not part of a signature, so it is the same over http and https. */
    @Test
    void theContentIsNotSignedOverPlainHttp() {
        RequestSigner signer = signer();
        RequestSigner.Signed plain = signer.sign(unsigned("http://example.com:9000"), signer.identity());
        RequestSigner.Signed secure = signer.sign(unsigned("https://example.com:9000"), signer.identity());

        assertThat(plain.headers().first("x-amz-content-sha256")).contains("UNSIGNED-PAYLOAD");
        assertThat(plain.headers().first("Authorization"))
                .isEqualTo(secure.headers().first("Authorization"));
    }

    private static RequestSigner.Unsigned unsigned(String endpoint) {
        return new RequestSigner.Unsigned(
                "PUT", Endpoint.of(URI.create(endpoint)), "/b/a/../b//c%20d", Map.of("partNumber", "1"), Map.of());
    }

    private static RequestSigner signer() {
        return new RequestSigner(
                StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(ScriptedS3.ACCESS_KEY, ScriptedS3.SECRET_KEY)),
                "eu-west-3",
                CLOCK);
    }

    @Test
    void thePathIsNotNormalised() {
        RequestSigner signer = signer();

        assertThat(signer.sign(unsigned("https://example.com"), signer.identity())
                        .target())
                .isEqualTo("/b/a/../b//c%20d?partNumber=1");
    }

    @Test
    void theContentIsSignedIfTheSettingsRequireIt() throws Exception {
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(CONTENT));
        try (ScriptedServer server = ScriptedServer.plain(STORED);
                BlobStore store = ScriptedS3.store(server)
                        .payloadSigning(PayloadSigning.SIGNED)
                        .open()) {
            store.store(
                    KEY,
                    BlobSource.of(ByteBuffer.wrap(CONTENT, 0, 5), ByteBuffer.wrap(CONTENT, 5, CONTENT.length - 5)));

            assertThat(server.requests().get(0).header("x-amz-content-sha256")).contains(sha256);
            assertThat(server.requests().get(0).bodyReceived()).isEqualTo(CONTENT.length);
        }
    }

    @Test
    void anonymousRequestsCarryNoSignature() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(STORED);
                BlobStore store = ScriptedS3.store(server)
                        .credentials(AnonymousCredentialsProvider.create())
                        .open()) {
            store.store(KEY, content());

            assertThat(server.requests().get(0).header("Authorization")).isEmpty();
        }
    }

    @Test
    void signaturesUseTheClockOfTheServer() throws IOException {
        ZonedDateTime then = ZonedDateTime.now(ZoneOffset.UTC).plusHours(5);
        Script skewed = ScriptedS3.refusing(
                403, "RequestTimeTooSkewed", "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(then));
        try (ScriptedServer server = ScriptedServer.plain(STORED).then(skewed);
                BlobStore store = ScriptedS3.store(server).open()) {
            store.store(KEY, content());
            store.store(KEY, content());

            assertThat(server.requests()).hasSize(3);
            assertThat(Duration.between(
                                    then.toInstant(), signedAt(server.requests().get(1)))
                            .abs())
                    .isLessThan(Duration.ofMinutes(1));
            assertThat(Duration.between(
                                    then.toInstant(), signedAt(server.requests().get(2)))
                            .abs())
                    .isLessThan(Duration.ofMinutes(1));
        }
    }

    private static Instant signedAt(ScriptedExchange request) {
        return ZonedDateTime.parse(
                        request.header("x-amz-date").orElseThrow(), DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssX"))
                .toInstant();
    }

    @Test
    void renewedCredentialsAreUsedAfterTheOldOnesHaveExpired() throws IOException {
        AtomicInteger refusals = new AtomicInteger();
        AwsCredentialsProvider refreshing = () ->
                AwsSessionCredentials.create(ScriptedS3.ACCESS_KEY, ScriptedS3.SECRET_KEY, "token-" + refusals.get());
        Script expired = exchange -> {
            refusals.incrementAndGet();
            ScriptedS3.refusing(400, "ExpiredToken").run(exchange);
        };
        try (ScriptedServer server = ScriptedServer.plain(STORED).then(expired);
                BlobStore store =
                        ScriptedS3.store(server).credentials(refreshing).open()) {
            store.store(KEY, content());

            assertThat(server.requests())
                    .extracting(
                            request -> request.header("x-amz-security-token").orElse(""))
                    .containsExactly("token-0", "token-1");
        }
    }

    @Test
    void expiredCredentialsAreReportedIfThereAreNoNewOnes() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.refusing(400, "ExpiredToken"));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThatThrownBy(() -> store.store(KEY, content()))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining("expired");
            assertThat(server.requests()).hasSize(1);
        }
    }
}
