package io.blobstore.s3;

import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpCall;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.HeaderText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * Adapts the HTTP client of the data plane to the SDK, for its small requests, so that all requests share a pool of
 * connections and a configuration, and an interrupt ends them.
 */
final class SdkHttpClientAdapter implements SdkHttpClient {
    private static final String BUCKET_REGION = "x-amz-bucket-region";
    private static final String LOCATION = "Location";

    private final HttpClient http;

    /** Creates an adapter that does not close the client. */
    SdkHttpClientAdapter(HttpClient http) {
        this.http = http;
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        return new Execution(request);
    }

    @Override
    public String clientName() {
        return "blobstore";
    }

    @Override
    public void close() {}

    private final class Execution implements ExecutableHttpRequest {
        private final HttpExecuteRequest request;
        private final HttpCall call;

        private Execution(HttpExecuteRequest request) {
            this.request = request;
            this.call = http.newCall(request(request.httpRequest(), body(request)));
        }

        @Override
        public HttpExecuteResponse call() throws IOException {
            HttpResponse response = call.execute(ResponseHandler.KEEP);
            HttpExecuteResponse.Builder result = HttpExecuteResponse.builder().response(response(response));
            if (request.httpRequest().method() != SdkHttpMethod.HEAD) {
                result.responseBody(AbortableInputStream.create(
                        new ByteArrayInputStream(response.body().bytes())));
            }
            return result.build();
        }

        @Override
        public void abort() {
            call.cancel();
        }
    }

    private static HttpRequest request(SdkHttpRequest request, Optional<BlobSource> body) {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        request.forEachHeader((name, values) -> {
            if (!HttpHeaders.isFraming(name)) {
                values.forEach(value -> headers.add(name, HeaderText.wire(value)));
            }
        });
        String path = request.encodedPath().isEmpty() ? "/" : request.encodedPath();
        return new HttpRequest(
                request.method().name(),
                new Endpoint("https".equals(request.protocol()), request.host(), request.port()),
                request.encodedQueryParameters()
                        .map(query -> path + "?" + query)
                        .orElse(path),
                headers.build(),
                body,
                false,
                isSlow(request));
    }

    /** Returns whether a request is a copy, or completes an upload: then the answer takes as long as the work. */
    private static boolean isSlow(SdkHttpRequest request) {
        return switch (request.method()) {
            case PUT -> request.firstMatchingHeader("x-amz-copy-source").isPresent();
            case POST -> request.firstMatchingRawQueryParameter("uploadId").isPresent();
            default -> false;
        };
    }

    /** Returns the body. It is present, but empty, if the SDK has set and signed only a Content-Length. */
    private static Optional<BlobSource> body(HttpExecuteRequest request) {
        Optional<ContentStreamProvider> stream = request.contentStreamProvider();
        if (stream.isEmpty()
                && request.httpRequest().firstMatchingHeader("Content-Length").isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(BlobSource.of(
                ByteBuffer.wrap(stream.map(SdkHttpClientAdapter::bytes).orElse(new byte[0]))));
    }

    private static byte[] bytes(ContentStreamProvider provider) {
        try (InputStream stream = provider.newStream()) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("a request of the SDK in memory could not be read", e);
        }
    }

    private static SdkHttpResponse response(HttpResponse response) {
        SdkHttpResponse.Builder builder = SdkHttpResponse.builder().statusCode(response.status());
        response.headers().forEach(builder::appendHeader);
        if (!response.isSuccess()) {
            // The SDK reads only code and message of the body; the error message needs region and endpoint as well.
            ErrorResponse error = S3ErrorResponse.of(response);
            if (response.header(BUCKET_REGION).isEmpty()) {
                error.bucketRegion().ifPresent(region -> builder.putHeader(BUCKET_REGION, region));
            }
            if (response.header(LOCATION).isEmpty()) {
                error.redirectHost().ifPresent(host -> builder.putHeader(LOCATION, "//" + host));
            }
        }
        return builder.build();
    }
}
