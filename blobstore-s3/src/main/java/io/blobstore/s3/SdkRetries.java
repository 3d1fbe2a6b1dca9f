package io.blobstore.s3;

import java.util.function.Function;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Request;

/**
 * Turns off the retries of the SDK: the store repeats requests itself, as it knows which may still be under way. The
 * SDK only signs a request once more if the clocks differ: it has adjusted its own then.
 */
final class SdkRetries {
    private static final SdkPlugin PLUGIN =
            configuration -> configuration.overrideConfiguration(configuration.overrideConfiguration().toBuilder()
                    .retryStrategy(strategy())
                    .build());

    private SdkRetries() {}

    /** Returns the strategy for a client. */
    static RetryStrategy strategy() {
        return DefaultRetryStrategy.standardStrategyBuilder()
                .maxAttempts(2)
                .useClientDefaults(false)
                .circuitBreakerEnabled(false)
                .backoffStrategy(BackoffStrategy.retryImmediately())
                .throttlingBackoffStrategy(BackoffStrategy.retryImmediately())
                .treatAsThrottling(problem -> false)
                .retryOnException(
                        problem -> problem instanceof SdkServiceException refused && refused.isClockSkewException())
                .build();
    }

    /** Returns a view of a client whose requests have this strategy in place of the client's. */
    static S3Client without(S3Client client) {
        return new Client(client);
    }

    private static final class Client extends DelegatingS3Client {
        Client(S3Client client) {
            super(client);
        }

        @Override
        protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
            AwsRequestOverrideConfiguration configuration = request.overrideConfiguration()
                    .map(AwsRequestOverrideConfiguration::toBuilder)
                    .orElseGet(AwsRequestOverrideConfiguration::builder)
                    .addPlugin(PLUGIN)
                    .build();
            @SuppressWarnings("unchecked") // a request's builder builds a request of the same class
            T changed =
                    (T) request.toBuilder().overrideConfiguration(configuration).build();
            return operation.apply(changed);
        }
    }
}
