package io.blobstore.s3;

import io.blobstore.http.HttpClient;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** A bucket that is inspected without the store. Keeps no connection open between calls. */
record TestBucket(URI endpoint, String region, AwsCredentialsProvider credentials, String name) {
    /** Calls a function with an SDK client that is closed afterwards. */
    <T> T with(Function<S3Client, T> use) {
        try (HttpClient transport = HttpClient.builder().build();
                S3Client client = S3Client.builder()
                        .httpClient(new SdkHttpClientAdapter(transport))
                        .endpointOverride(endpoint)
                        .region(Region.of(region))
                        .forcePathStyle(true)
                        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                        .credentialsProvider(credentials)
                        .build()) {
            return use.apply(client);
        }
    }

    void create() {
        with(client -> client.createBucket(request -> request.bucket(name)));
    }

    /** Returns descriptions of the uploads that are neither completed nor aborted. */
    List<String> uploads(String prefix) {
        return with(client -> client.listMultipartUploads(request -> request.bucket(name)).uploads().stream()
                .filter(upload -> upload.key().startsWith(prefix))
                .map(upload -> "an upload of '" + upload.key() + "'")
                .toList());
    }

    /** Returns the number of parts of the uploads that are neither completed nor aborted. */
    int partsOfUploads(String prefix) {
        return with(client -> client.listMultipartUploads(request -> request.bucket(name)).uploads().stream()
                .filter(upload -> upload.key().startsWith(prefix))
                .mapToInt(upload -> client.listParts(request ->
                                request.bucket(name).key(upload.key()).uploadId(upload.uploadId()))
                        .parts()
                        .size())
                .sum());
    }
}
