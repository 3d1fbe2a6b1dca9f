package io.blobstore.s3;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.HttpClient;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Creates the SDK's client of a store from the settings of its builder, which may already contain a client. */
final class S3ClientFactory {
    private static final String DEFAULT_REGION = "us-east-1";

    Optional<String> region = Optional.empty();
    Optional<Boolean> pathStyle = Optional.empty();
    Optional<AwsCredentialsProvider> credentials = Optional.empty();
    Optional<S3Client> client = Optional.empty();

    /** Refuses settings that contradict each other. */
    void requireConsistent(Optional<URI> endpoint) {
        if (client.isPresent()
                && (region.isPresent() || endpoint.isPresent() || pathStyle.isPresent() || credentials.isPresent())) {
            throw new IllegalArgumentException(
                    "a client has its own region, endpoint, path style and credentials; set them on the client");
        }
    }

    /**
     * Returns the client, which repeats no request.
     *
     * @throws BlobStoreException if no region is found
     */
    S3Client open(S3Settings settings, Optional<URI> endpoint, HttpClient http) throws BlobStoreException {
        return client.isPresent()
                ? SdkRetries.without(client.get())
                : newClient(settings, endpoint, region(endpoint), http);
    }

    /** Closes a client that {@link #open} returned, unless it is the caller's own. */
    void close(S3Client opened) {
        if (client.isEmpty()) {
            opened.close();
        }
    }

    private Region region(Optional<URI> endpoint) throws BlobStoreException {
        if (region.isPresent()) {
            if (!region.get().matches("[a-z0-9-]{1,64}")) {
                throw new IllegalArgumentException("a region is written like eu-central-1; got '" + region.get() + "'");
            }
            return Region.of(region.get());
        }
        if (endpoint.isPresent()) {
            // Compatible servers mostly ignore the region; the whole chain would wait for a cloud's metadata service.
            String set = System.getProperty("aws.region", System.getenv("AWS_REGION"));
            return Region.of(set == null || set.isEmpty() ? DEFAULT_REGION : set);
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkException e) {
            throw new BlobStoreException(
                    Operation.OPEN, null, "no AWS region is set; set region=… in the URI, or AWS_REGION", e, false);
        }
    }

    private S3Client newClient(S3Settings settings, Optional<URI> endpoint, Region in, HttpClient http) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClient(new SdkHttpClientAdapter(http))
                .region(in)
                .overrideConfiguration(configuration -> configuration.retryStrategy(SdkRetries.strategy()))
                .disableS3ExpressSessionAuth(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
        endpoint.ifPresent(builder::endpointOverride);
        pathStyle.ifPresent(builder::forcePathStyle);
        credentials.ifPresent(builder::credentialsProvider);
        if (!settings.keepsChecksums()) {
            builder.addPlugin(LegacyMd5Plugin.create());
        }
        return builder.build();
    }
}
