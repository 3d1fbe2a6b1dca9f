package io.blobstore.s3;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.HttpClient;
import io.blobstore.spi.UriParameters;
import java.io.IOException;
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

/** How a store gets its transport and its client: what the builder collects, and what it makes of it. */
final class S3Connections {
    private static final String DEFAULT_REGION = "us-east-1";

    final HttpClient.Builder transport = HttpClient.builder();
    Optional<String> region = Optional.empty();
    Optional<URI> endpoint = Optional.empty();
    Optional<Boolean> pathStyle = Optional.empty();
    Optional<AwsCredentialsProvider> credentials = Optional.empty();
    Optional<S3Client> client = Optional.empty();

    /**
     * What was opened.
     *
     * @param closeClient does nothing if the client is the caller's
     */
    record Opened(S3Context bucket, Runnable closeClient) {}

    Opened open(S3Settings settings) throws IOException {
        if (client.isPresent()
                && (region.isPresent() || endpoint.isPresent() || pathStyle.isPresent() || credentials.isPresent())) {
            throw new IllegalArgumentException(
                    "a client brings its own region, endpoint, path style and credentials; set them there");
        }
        endpoint.ifPresent(UriParameters::requireEndpoint);
        Optional<Region> found = client.isPresent() ? Optional.empty() : Optional.of(region());
        HttpClient opened = transport.build();
        try {
            S3Client used = client.orElseGet(() -> newClient(settings, found.orElseThrow(), opened));
            Runnable closeClient = client.isPresent() ? () -> {} : used::close;
            S3Context bucket = new S3Context(settings, used, opened);
            if (settings.encryption().orElse(null) instanceof S3Encryption.CustomerKey
                    && !bucket.url().endpoint().secure()) {
                closeClient.run();
                throw new IllegalArgumentException("a customer key must not travel over plain http, to "
                        + bucket.url().endpoint() + "; use https");
            }
            return new Opened(bucket, closeClient);
        } catch (SdkException e) {
            opened.close();
            throw new BlobStoreException(Operation.OPEN, null, String.valueOf(e.getMessage()), e, false);
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    private Region region() throws BlobStoreException {
        if (region.isPresent()) {
            if (!region.get().matches("[a-z0-9-]{1,64}")) {
                throw new IllegalArgumentException("a region is written like eu-central-1; got '" + region.get() + "'");
            }
            return Region.of(region.get());
        }
        if (endpoint.isPresent()) {
            // A server of one's own mostly does not care; the whole chain would wait for a cloud's metadata service.
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

    private S3Client newClient(S3Settings settings, Region in, HttpClient opened) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClient(new SdkHttpClientAdapter(opened))
                .region(in)
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
