package io.blobstore.gcs;

import com.google.auth.ServiceAccountSigner.SigningException;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.HttpMethod;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.SignUrlOption;
import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.PresignedUrls;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Presigns URLs of the XML API (V4) with the key of a service account, or with a request to IAM. */
record Presigning(BucketContext bucket, GcsObjectNames names, Storage client, GcsUrls urls, GcsSettings settings) {
    private static final List<String> REPLACEABLE = List.of("Content-Type", "Content-Disposition");

    /** Presigns a URL for one request. */
    PresignedUrl run(BlobKey key, PresignOptions options) throws IOException {
        bucket.requireOpen();
        PresignedUrls.requireValidity(options);
        long seconds = options.validity().toSeconds();
        Map<String, String> headers = new TreeMap<>(settings.keyFields());
        if (options.method() == PresignOptions.Method.PUT) {
            settings.storageClass().ifPresent(name -> headers.put("x-goog-storage-class", name));
            settings.kmsKey().ifPresent(name -> headers.put("x-goog-encryption-kms-key-name", name));
        }
        List<SignUrlOption> signing = new ArrayList<>(List.of(
                SignUrlOption.withV4Signature(),
                SignUrlOption.withPathStyle(),
                SignUrlOption.withHostName(urls.root()),
                SignUrlOption.httpMethod(HttpMethod.valueOf(options.method().name()))));
        if (!headers.isEmpty()) {
            signing.add(SignUrlOption.withExtHeaders(headers));
        }
        if (!options.responseHeaders().isEmpty()) {
            signing.add(SignUrlOption.withQueryParams(query(options.responseHeaders())));
        }
        BlobInfo object = BlobInfo.newBuilder(bucket.name(), names.objectOf(Operation.PRESIGN, key))
                .build();
        Instant now = Instant.now();
        String url = bucket.translate(Operation.PRESIGN, key, () -> sign(key, object, seconds, signing));
        return PresignedUrls.of(url, options, headers, now.plusSeconds(seconds));
    }

    /** Returns the parameters that replace headers of the response, of which Cloud Storage has two. */
    private static Map<String, String> query(Map<String, String> responseHeaders) {
        Map<String, String> query = new TreeMap<>();
        responseHeaders.forEach((name, value) -> {
            if (!REPLACEABLE.contains(name)) {
                throw new UnsupportedOperationException("Cloud Storage cannot replace " + name
                        + " in the response to a signed URL, only " + String.join(" and ", REPLACEABLE)
                        + "; store the blob with it");
            }
            query.put("response-" + name.toLowerCase(Locale.ROOT), value);
        });
        return query;
    }

    private String sign(BlobKey key, BlobInfo object, long seconds, List<SignUrlOption> options) throws IOException {
        try {
            return client.signUrl(object, seconds, TimeUnit.SECONDS, options.toArray(new SignUrlOption[0]))
                    .toString();
        } catch (IllegalStateException | SigningException e) {
            throw new PermissionDeniedException(
                    Operation.PRESIGN,
                    key,
                    "these credentials cannot sign; use the key of a service account, or an account that may sign"
                            + " with IAM (iam.serviceAccounts.signBlob)",
                    e);
        }
    }
}
