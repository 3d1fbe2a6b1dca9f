package io.blobstore.s3;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.XmlPage;
import io.blobstore.http.objects.BucketContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/**
 * A listing request that the SDK sends and signs, but whose response is parsed here. The SDK fails for the whole page
 * if one entry has an invalid escape, size or time, and replaces invalid UTF-8 in names.
 */
final class UnparsedListing implements ExecutionInterceptor {
    /** The maximum number of bytes of a page: twice what 1000 names of 1024 bytes take, percent-encoded. */
    private static final int MAX_PAGE = 8 << 20;

    private static final byte[] EMPTY_RESULT = "<Result/>".getBytes(StandardCharsets.UTF_8);

    private byte[] body = new byte[0];

    private UnparsedListing() {}

    /**
     * Sends a request and returns the page that the server sent.
     *
     * @param fields the fields of the request
     * @param send sends a request with this configuration, and ignores the response
     */
    static XmlPage request(
            BucketContext bucket,
            Operation operation,
            AwsRequestOverrideConfiguration fields,
            Consumer<AwsRequestOverrideConfiguration> send)
            throws IOException {
        UnparsedListing response = new UnparsedListing();
        AwsRequestOverrideConfiguration configuration = fields.toBuilder()
                .addPlugin(
                        client -> client.overrideConfiguration(override -> override.addExecutionInterceptor(response)))
                .build();
        bucket.call(operation, null, () -> {
            send.accept(configuration);
            return true;
        });
        if (response.body.length > MAX_PAGE) {
            throw new BlobStoreException(
                    operation, null, "the server's response has more than " + MAX_PAGE + " bytes", null, false);
        }
        return XmlPage.of(response.body);
    }

    /** Keeps the body of a successful response, and gives the SDK another one that it can parse. */
    @Override
    public Optional<InputStream> modifyHttpResponseContent(
            Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
        Optional<InputStream> content = context.responseBody();
        if (!context.httpResponse().isSuccessful() || content.isEmpty()) {
            body = new byte[0];
            return content;
        }
        try (InputStream open = content.get()) {
            body = open.readNBytes(MAX_PAGE + 1);
        } catch (IOException e) {
            throw SdkClientException.create("the response could not be read: " + e.getMessage(), e); // is repeated
        }
        return Optional.of(new ByteArrayInputStream(EMPTY_RESULT));
    }
}
