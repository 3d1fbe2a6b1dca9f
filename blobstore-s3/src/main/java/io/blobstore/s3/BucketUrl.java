package io.blobstore.s3;

import io.blobstore.http.Endpoint;
import java.net.URI;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * Where a bucket's blobs are. Asked of the SDK's client once: endpoint override, path style, dual stack and FIPS are
 * its business.
 *
 * @param path percent-encoded, from "/" to "/"
 */
record BucketUrl(Endpoint endpoint, String path) {
    private static final String ANY_KEY = "k";

    static BucketUrl of(S3Client client, String bucket) {
        URI url = URI.create(client.utilities()
                .getUrl(request -> request.bucket(bucket).key(ANY_KEY))
                .toString());
        String path = url.getRawPath();
        return new BucketUrl(Endpoint.of(url), path.substring(0, path.length() - ANY_KEY.length()));
    }

    /** The path of an object, to be sent as it is: nothing in a name is normalised. */
    String pathOf(String objectName) {
        return path + SdkHttpUtils.urlEncodeIgnoreSlashes(objectName);
    }
}
