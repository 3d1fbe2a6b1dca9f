package io.blobstore.s3;

import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.objects.HeaderText;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;

/**
 * Signs requests of the data plane with the SDK's signer, and with the credentials and the region of an SDK client. See
 * ADR 5. Thread-safe.
 *
 * <p>Applies the difference between the server's clock and the local one after a server has refused a request because
 * of it.
 */
final class RequestSigner {
    /**
     * The protocol that is always given to the signer, which would sign the payload in any case over "http". The
     * protocol is not part of the signature; the Host header is, and is set.
     */
    private static final String PROTOCOL = "https";

    private static final String GLOBAL = "aws-global";

    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final IdentityProvider<? extends AwsCredentialsIdentity> credentials;
    private final String region;
    private final Clock clock;
    private volatile Duration skew = Duration.ZERO;

    RequestSigner(IdentityProvider<? extends AwsCredentialsIdentity> credentials, String region, Clock clock) {
        this.credentials = credentials;
        this.region = region.equals(GLOBAL) ? "us-east-1" : region;
        this.clock = clock;
    }

    /**
     * A request to sign.
     *
     * @param path percent-encoded
     * @param query names and values, not encoded
     */
    record Unsigned(
            String method, Endpoint endpoint, String path, Map<String, String> query, Map<String, String> headers) {}

    /**
     * A signed request.
     *
     * @param target path and query, percent-encoded
     * @param headers all headers, including Host
     */
    record Signed(String target, HttpHeaders headers) {}

    /** Returns the current credentials. To be called for each request, as the provider refreshes them. */
    AwsCredentialsIdentity identity() {
        try {
            return credentials.resolveIdentity().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Signs all headers, but not the content. */
    Signed sign(Unsigned request, AwsCredentialsIdentity identity) {
        return signed(signer.sign(sign ->
                        prepare(sign, request, identity).putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false))
                .request());
    }

    /** Signs all headers and the SHA-256 of the content, which is read once more for it. */
    Signed sign(Unsigned request, AwsCredentialsIdentity identity, BlobSource content) throws IOException {
        try (SourceStream stream = new SourceStream(content)) {
            try {
                return signed(signer.sign(sign -> prepare(sign, request, identity)
                                .payload(() -> stream)
                                .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, true))
                        .request());
            } catch (RuntimeException e) {
                stream.rethrow(); // the signer wraps the exception of the source
                throw e;
            }
        }
    }

    /** Signs a request with a signature in the query that is valid for a limited time. */
    Signed presign(Unsigned request, AwsCredentialsIdentity identity, Duration validity) {
        return signed(signer.sign(sign -> prepare(sign, request, identity)
                        .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                        .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                        .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, validity))
                .request());
    }

    private SignRequest.Builder<AwsCredentialsIdentity> prepare(
            SignRequest.Builder<AwsCredentialsIdentity> sign, Unsigned request, AwsCredentialsIdentity identity) {
        return sign.identity(identity)
                .request(sdkRequest(request))
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, serverClock());
    }

    /** Returns the current time for signatures. */
    Instant now() {
        return serverClock().instant();
    }

    /** Uses the server's clock from now on. */
    void adjustTo(Instant serverTime) {
        skew = Duration.between(clock.instant(), serverTime);
    }

    private Clock serverClock() {
        return Clock.offset(clock, skew);
    }

    private static SdkHttpRequest sdkRequest(Unsigned request) {
        Endpoint endpoint = request.endpoint();
        SdkHttpRequest.Builder builder = SdkHttpRequest.builder()
                .method(SdkHttpMethod.fromValue(request.method()))
                .protocol(PROTOCOL)
                .host(endpoint.host())
                .port(endpoint.port())
                .encodedPath(request.path())
                .putHeader("Host", endpoint.authority());
        request.query().forEach(builder::putRawQueryParameter);
        request.headers().forEach(builder::putHeader);
        return builder.build();
    }

    private static Signed signed(SdkHttpRequest request) {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        request.forEachHeader((name, values) -> values.forEach(value -> headers.add(name, HeaderText.wire(value))));
        Optional<String> query = request.encodedQueryParameters();
        return new Signed(request.encodedPath() + query.map(text -> "?" + text).orElse(""), headers.build());
    }
}
