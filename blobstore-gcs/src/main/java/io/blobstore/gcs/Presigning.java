package io.blobstore.gcs;

import com.google.auth.ServiceAccountSigner.SigningException;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.HttpMethod;
import com.google.cloud.storage.Storage.SignUrlOption;
import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Makes presigned URLs of the XML API (V4), with the credentials of a service account, or by asking IAM to sign. */
final class Presigning {
    /** What V4 signatures allow. */
    private static final Duration MAX_VALIDITY = Duration.ofDays(7);

    private final GcsContext bucket;

    Presigning(GcsContext bucket) {
        this.bucket = bucket;
    }

    PresignedUrl run(BlobKey key, PresignOptions options) throws IOException {
        bucket.requireOpen();
        long seconds = options.validity().toSeconds();
        if (options.validity().compareTo(MAX_VALIDITY) > 0 || seconds < 1) {
            throw new IllegalArgumentException(
                    "Cloud Storage presigns for 1 second to 7 days; got " + options.validity());
        }
        Map<String, String> headers = new TreeMap<>(bucket.settings().keyFields());
        if (options.method() == PresignOptions.Method.PUT) {
            bucket.settings().storageClass().ifPresent(name -> headers.put("x-goog-storage-class", name));
            bucket.settings().kmsKey().ifPresent(name -> headers.put("x-goog-encryption-kms-key-name", name));
        }
        List<SignUrlOption> signing = new ArrayList<>(List.of(
                SignUrlOption.withV4Signature(),
                SignUrlOption.withPathStyle(),
                SignUrlOption.withHostName(bucket.urls().root()),
                SignUrlOption.httpMethod(HttpMethod.valueOf(options.method().name()))));
        if (!headers.isEmpty()) {
            signing.add(SignUrlOption.withExtHeaders(headers));
        }
        BlobInfo object = BlobInfo.newBuilder(bucket.id(bucket.objectOf(Operation.PRESIGN, key)))
                .build();
        Instant now = Instant.now();
        String url = bucket.translating(Operation.PRESIGN, key, () -> sign(key, object, seconds, signing));
        Map<String, List<String>> required = new TreeMap<>();
        headers.forEach((name, value) -> required.put(name, List.of(value)));
        return PresignedUrl.of(URI.create(url), options.method(), required, now.plusSeconds(seconds));
    }

    private String sign(BlobKey key, BlobInfo object, long seconds, List<SignUrlOption> options) throws IOException {
        try {
            return bucket.client()
                    .signUrl(object, seconds, TimeUnit.SECONDS, options.toArray(new SignUrlOption[0]))
                    .toString();
        } catch (IllegalStateException | SigningException e) {
            throw new PermissionDeniedException(
                    Operation.PRESIGN,
                    key,
                    "these credentials cannot sign; use a service account's key, or one that may sign by IAM"
                            + " (iam.serviceAccounts.signBlob)",
                    e);
        }
    }
}
