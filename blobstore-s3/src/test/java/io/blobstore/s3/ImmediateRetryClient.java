package io.blobstore.s3;

import io.blobstore.http.HttpClient;
import io.blobstore.http.objects.VirtualRetryClock;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.s3.S3Client;

/** An SDK client like that of a store, but without delays before retries. To be closed after its stores. */
final class ImmediateRetryClient implements AutoCloseable {
    private final HttpClient transport = HttpClient.builder().build();
    private final S3Client client;

    ImmediateRetryClient(URI endpoint, String region, AwsCredentialsProvider credentials) {
        client = S3Client.builder()
                .httpClient(new SdkHttpClientAdapter(transport))
                .endpointOverride(endpoint)
                .region(Region.of(region))
                .forcePathStyle(true)
                .disableS3ExpressSessionAuth(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .credentialsProvider(credentials)
                .overrideConfiguration(configuration ->
                        configuration.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .backoffStrategy(BackoffStrategy.retryImmediately())
                                .throttlingBackoffStrategy(BackoffStrategy.retryImmediately())
                                .build()))
                .build();
    }

    /** Returns a builder of stores in a bucket, as of those of AWS, which enforces preconditions. */
    S3BlobStore.Builder store(String bucket) {
        return S3BlobStore.builder(bucket).client(client).nativeConditions(true).retryClock(new VirtualRetryClock());
    }

    @Override
    public void close() {
        client.close();
        transport.close();
    }
}
