package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/**
 * The bucket as the store's parts see it: the two ways to it, what its objects are called, and whether the store is
 * open.
 */
final class S3Context {
    /** Of an answer to HEAD that may have other reasons than the blob. */
    private static final Set<Integer> UNEXPLAINED = Set.of(400, 401, 403, 404);

    private final S3Settings settings;
    private final S3Client client;
    private final HttpClient transport;
    private final RequestSigner signer;
    private final BucketUrl url;
    private final DataRequests payloads;
    private final S3Headers headers;
    private final S3Errors errors;

    private volatile boolean closed;
    /** Whether the bucket has answered for itself: then a 404 without body means the blob. */
    private volatile boolean seen;

    S3Context(S3Settings settings, S3Client client, HttpClient transport) {
        this.settings = settings;
        this.client = client;
        this.transport = transport;
        String region = client.serviceClientConfiguration().region().id();
        signer =
                new RequestSigner(client.serviceClientConfiguration().credentialsProvider(), region, Clock.systemUTC());
        url = BucketUrl.of(client, settings.bucket());
        payloads = new DataRequests(transport, signer, url, settings);
        headers = new S3Headers(settings);
        errors = new S3Errors(settings.bucket(), region, url.endpoint().toString());
    }

    S3Settings settings() {
        return settings;
    }

    String name() {
        return settings.bucket();
    }

    S3Client client() {
        return client;
    }

    DataRequests payloads() {
        return payloads;
    }

    RequestSigner signer() {
        return signer;
    }

    BucketUrl url() {
        return url;
    }

    S3Headers headers() {
        return headers;
    }

    S3Errors errors() {
        return errors;
    }

    /** The name of a blob's object in the bucket. */
    String objectOf(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String object = settings.prefix() + key;
        int bytes = object.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > BlobKey.MAX_BYTES) {
            throw new InvalidBlobKeyException(
                    operation,
                    key,
                    "with the store's prefix it has " + bytes + " bytes, and S3 allows " + BlobKey.MAX_BYTES);
        }
        return object;
    }

    /** Puts header fields of ours on a request of the SDK, which signs them. */
    static AwsRequestOverrideConfiguration with(Map<String, String> fields) {
        AwsRequestOverrideConfiguration.Builder override = AwsRequestOverrideConfiguration.builder();
        fields.forEach(override::putHeader);
        return override.build();
    }

    /** A request to S3, or what prepares one. */
    interface Action<T> {
        T run() throws IOException;
    }

    /** Sends a request, with what it throws translated. */
    <T> T request(Operation operation, @Nullable BlobKey key, Action<T> body) throws IOException {
        T result = translating(operation, key, body);
        seen = true;
        return result;
    }

    /** Runs something, with what it throws translated. */
    <T> T translating(Operation operation, @Nullable BlobKey key, Action<T> body) throws IOException {
        requireOpen();
        try {
            return body.run();
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException | SdkException e) {
            if (closed) {
                throw new IllegalStateException("the store was closed meanwhile", e);
            }
            throw errors.translate(operation, key, e);
        } catch (IllegalStateException e) {
            throw closed ? new IllegalStateException("the store was closed meanwhile", e) : e;
        }
    }

    /** What S3 knows about a blob, if it still has the wanted version. */
    BlobMetadata head(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        try {
            HeadObjectResponse response = headResponse(operation, key, wanted);
            return ObjectMetadata.of(operation, key, new ObjectMetadata.SdkFields(response.sdkHttpResponse()))
                    .requireVersion(operation, wanted)
                    .blob();
        } catch (BlobStoreException e) {
            if (!seen && UNEXPLAINED.contains(S3Errors.status(e))) {
                askForReason(operation, key);
            }
            throw e;
        }
    }

    private HeadObjectResponse headResponse(Operation operation, BlobKey key, Optional<BlobVersion> wanted)
            throws IOException {
        String object = objectOf(operation, key);
        Map<String, String> condition = wanted.map(version ->
                        Map.of(S3Headers.IF_MATCH, VersionTag.of(version).etag()))
                .orElse(Map.of());
        return request(
                operation,
                key,
                () -> client.headObject(request -> request.bucket(settings.bucket())
                        .key(object)
                        .overrideConfiguration(with(S3Headers.merge(headers.read(), condition)))));
    }

    /**
     * An answer to HEAD has no body to say what is missing or wrong: blob, bucket, region, credentials. The answer to a
     * listing has; fails with it, unless it is of no help.
     */
    private void askForReason(Operation operation, BlobKey key) throws IOException {
        try {
            client.listObjectsV2(request -> request.bucket(settings.bucket())
                    .prefix(settings.prefix())
                    .maxKeys(1)
                    .overrideConfiguration(with(headers.any())));
            seen = true;
        } catch (SdkException e) {
            if (S3Errors.status(e) == 404 && S3Errors.code(e).isEmpty()) {
                throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
            }
            BlobStoreException reason = errors.translate(operation, key, e);
            if (!S3Errors.code(e).equals("AccessDenied")) { // a policy may allow to read, and not to list
                throw reason;
            }
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this store is closed: " + this);
        }
    }

    /** Ends every request under way. The client is its owner's. Idempotent. */
    void close() {
        closed = true;
        transport.close();
    }

    @Override
    public String toString() {
        return "s3://" + settings.bucket() + (settings.prefix().isEmpty() ? "" : "?prefix=" + settings.prefix());
    }
}
