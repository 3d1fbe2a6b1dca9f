package io.blobstore.s3;

import io.blobstore.http.Endpoint;
import java.net.URI;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * The base URL of a bucket's blobs. The SDK's client computes it, so that endpoint override, path style, dual stack and
 * FIPS follow its configuration.
 *
 * @param path percent-encoded, begins and ends with "/"
 */
record BucketUrl(Endpoint endpoint, String path) {
    private static final String ANY_KEY = "k";

    /** Returns the URL that the client computes for a bucket. */
    static BucketUrl of(S3Client client, String bucket) {
        URI url = URI.create(client.utilities()
                .getUrl(request -> request.bucket(bucket).key(ANY_KEY))
                .toString());
        String path = url.getRawPath();
        return new BucketUrl(Endpoint.of(url), path.substring(0, path.length() - ANY_KEY.length()));
    }

    /** Returns whether the bucket is one of AWS itself, in the partition of a region. */
    boolean isOfAws(String region) {
        return endpoint.host()
                .endsWith("." + PartitionMetadata.of(Region.of(region)).dnsSuffix());
    }

    /** Returns the percent-encoded path of an object; names are not normalised. */
    String pathOf(String objectName) {
        return path + SdkHttpUtils.urlEncodeIgnoreSlashes(objectName);
    }
}
