package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.PresignedUrls;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Presigns URLs with the signer of the data plane, so that they address blobs in the same way. Sends no request. */
record Presigning(BucketContext bucket, ObjectNames names, BucketUrl url, RequestSigner signer, S3Headers headers) {
    /** Presigns a URL for one request. */
    PresignedUrl run(BlobKey key, PresignOptions options) throws IOException {
        bucket.requireOpen();
        PresignedUrls.requireValidity(options);
        String path = url.pathOf(names.objectOf(Operation.PRESIGN, key));
        Map<String, String> fields = options.method() == PresignOptions.Method.PUT ? headers.create() : headers.part();
        Map<String, String> query = new TreeMap<>();
        options.responseHeaders()
                .forEach((name, value) -> query.put("response-" + name.toLowerCase(Locale.ROOT), value));
        Instant now = signer.now();
        RequestSigner.Signed signed = bucket.translate(
                Operation.PRESIGN,
                key,
                () -> signer.presign(
                        new RequestSigner.Unsigned(options.method().name(), url.endpoint(), path, query, fields),
                        signer.identity(),
                        options.validity()));
        return PresignedUrls.of(url.endpoint() + signed.target(), options, fields, now.plus(options.validity()));
    }
}
