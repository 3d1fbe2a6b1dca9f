package io.blobstore.gcs;

import com.google.api.client.http.HttpRequestFactory;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.RefusedRequestException;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * The requests of the data plane: those with content, and those of the XML API that create, complete and abort
 * multipart uploads. The SDK authorizes them; content is sent from the caller's memory and received into it.
 *
 * <p>A request is sent once more if only its token was refused. Thread-safe.
 */
final class DataRequests {
    private static final int UNAUTHORIZED = 401;

    private final HttpClient http;
    private final HttpRequestFactory authorizing;

    /** Creates the data plane of a client, which authorizes the requests with its credentials. */
    DataRequests(HttpClient http, Storage client) {
        this.http = http;
        authorizing = new SdkHttpTransportAdapter(http)
                .createRequestFactory(transport(client).getHttpRequestInitializer(client.getOptions()));
    }

    /** Returns the options of a client's transport, which must be HTTP. */
    static HttpTransportOptions transport(Storage client) {
        if (client.getOptions().getTransportOptions() instanceof HttpTransportOptions options) {
            return options;
        }
        throw new IllegalArgumentException(
                "the client must use HTTP: StorageOptions.http(), not StorageOptions.grpc()");
    }

    /**
     * Sends a request with a body, which may be empty.
     *
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse send(String method, String url, Map<String, String> fields, BlobSource content) throws IOException {
        return send(method, url, fields, Optional.of(content), ResponseHandler.KEEP_SMALL, false);
    }

    /**
     * Sends a request whose answer takes as long as the server's work.
     *
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse sendSlow(String method, String url, Map<String, String> fields, BlobSource content)
            throws IOException {
        return send(method, url, fields, Optional.of(content), ResponseHandler.KEEP_SMALL, true);
    }

    /**
     * Receives content.
     *
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse get(String url, Map<String, String> fields, ResponseHandler handler) throws IOException {
        return send("GET", url, fields, Optional.empty(), handler, false);
    }

    /**
     * Sends a request without a body.
     *
     * @throws RefusedRequestException if the server refuses it
     */
    HttpResponse delete(String url, Map<String, String> fields) throws IOException {
        return send("DELETE", url, fields, Optional.empty(), ResponseHandler.KEEP_SMALL, false);
    }

    private HttpResponse send(
            String method,
            String url,
            Map<String, String> fields,
            Optional<BlobSource> content,
            ResponseHandler handler,
            boolean slowAnswer)
            throws IOException {
        URI uri = URI.create(url);
        String target = uri.getRawQuery() == null ? uri.getRawPath() : uri.getRawPath() + "?" + uri.getRawQuery();
        Unauthorized request = new Unauthorized(method, Endpoint.of(uri), target, fields, content, slowAnswer);
        Authorization authorization = Authorization.of(authorizing, method, url);
        HttpResponse response = send(request, authorization, handler);
        if (response.status() == UNAUTHORIZED) {
            Optional<Authorization> renewed = authorization.renewed();
            if (renewed.isPresent()) {
                response = send(request, renewed.get(), handler);
            }
        }
        if (!response.isSuccess()) {
            throw new RefusedRequestException(GcsErrorResponse.of(response));
        }
        return response;
    }

    /** A request without authorization. */
    private record Unauthorized(
            String method,
            Endpoint endpoint,
            String target,
            Map<String, String> fields,
            Optional<BlobSource> content,
            boolean slowAnswer) {}

    private HttpResponse send(Unauthorized request, Authorization authorization, ResponseHandler handler)
            throws IOException {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        authorization.addTo(headers);
        request.fields().forEach(headers::add);
        return http.newCall(new HttpRequest(
                        request.method(),
                        request.endpoint(),
                        request.target(),
                        headers.build(),
                        request.content(),
                        false,
                        request.slowAnswer()))
                .execute(handler);
    }
}
