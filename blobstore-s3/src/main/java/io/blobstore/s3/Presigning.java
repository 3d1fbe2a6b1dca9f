package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes presigned URLs: by the signer of the payload requests, so that they address blobs in the same way. Asks nobody.
 */
final class Presigning {
    /** What SigV4 allows. */
    private static final Duration MAX_VALIDITY = Duration.ofDays(7);

    private final S3Context bucket;

    Presigning(S3Context bucket) {
        this.bucket = bucket;
    }

    PresignedUrl run(BlobKey key, PresignOptions options) throws IOException {
        bucket.requireOpen();
        if (options.validity().compareTo(MAX_VALIDITY) > 0 || options.validity().toSeconds() < 1) {
            throw new IllegalArgumentException("S3 presigns for 1 second to 7 days; got " + options.validity());
        }
        String path = bucket.url().pathOf(bucket.objectOf(Operation.PRESIGN, key));
        Map<String, String> headers = options.method() == PresignOptions.Method.PUT
                ? bucket.headers().create()
                : bucket.headers().part();
        RequestSigner signer = bucket.signer();
        Instant now = signer.now();
        RequestSigner.Signed signed = bucket.translating(
                Operation.PRESIGN,
                key,
                () -> signer.presign(
                        new RequestSigner.Unsigned(
                                options.method().name(), bucket.url().endpoint(), path, Map.of(), headers),
                        signer.identity(),
                        options.validity()));
        Map<String, List<String>> required = new TreeMap<>();
        headers.forEach((name, value) -> required.put(name, List.of(value)));
        return PresignedUrl.of(
                URI.create(bucket.url().endpoint() + signed.target()),
                options.method(),
                required,
                now.plus(options.validity()));
    }
}
