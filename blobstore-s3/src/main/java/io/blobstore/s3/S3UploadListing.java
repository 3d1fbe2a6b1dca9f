package io.blobstore.s3;

import io.blobstore.http.XmlPage;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.PagedUploads;
import java.io.IOException;
import java.util.Map;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;

/** Lists the multipart uploads of a bucket, page by page. */
final class S3UploadListing extends PagedUploads {
    private final S3Client client;
    private final S3Headers headers;

    S3UploadListing(BucketContext bucket, ObjectNames names, S3Client client, S3Headers headers, String prefix) {
        super(bucket, names, names.prefix() + prefix);
        this.client = client;
        this.headers = headers;
    }

    @Override
    protected XmlPage request(Map<String, String> markers) throws IOException {
        ListMultipartUploadsRequest.Builder request = ListMultipartUploadsRequest.builder()
                .bucket(bucket().name())
                .prefix(prefix())
                .encodingType(EncodingType.URL)
                .keyMarker(markers.get("key-marker"))
                .uploadIdMarker(markers.get("upload-id-marker"));
        return UnparsedListing.request(
                bucket(),
                operation(),
                S3Headers.override(headers.any()),
                configuration -> client.listMultipartUploads(
                        request.overrideConfiguration(configuration).build()));
    }
}
