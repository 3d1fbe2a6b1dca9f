package io.blobstore.gcs;

import com.google.api.client.http.HttpRequestFactory;
import com.google.api.client.http.HttpRequestInitializer;
import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * The requests that carry content, and those of the XML API that begin and end an upload in parts. The SDK says what
 * credentials they need; sent they are here, straight from and into the caller's memory.
 *
 * <p>Each is sent once, and once more where only the token was at fault.
 */
final class DataRequests {
    private static final int UNAUTHORIZED = 401;

    private final HttpClient transport;
    private final HttpRequestFactory authorizing;

    DataRequests(HttpClient transport, HttpRequestInitializer initializer) {
        this.transport = transport;
        authorizing = new SdkHttpTransportAdapter(transport).createRequestFactory(initializer);
    }

    /**
     * Sends a request with a body, which may be empty.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse send(String method, String url, Map<String, String> fields, BlobSource content) throws IOException {
        return send(method, url, fields, Optional.of(content), ResponseHandler.KEEP);
    }

    /**
     * Asks for content.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse get(String url, Map<String, String> fields, ResponseHandler sink) throws IOException {
        return send("GET", url, fields, Optional.empty(), sink);
    }

    /**
     * Sends a request without content either way.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse delete(String url, Map<String, String> fields) throws IOException {
        return send("DELETE", url, fields, Optional.empty(), ResponseHandler.KEEP);
    }

    private HttpResponse send(
            String method, String url, Map<String, String> fields, Optional<BlobSource> content, ResponseHandler sink)
            throws IOException {
        URI uri = URI.create(url);
        String target = uri.getRawQuery() == null ? uri.getRawPath() : uri.getRawPath() + "?" + uri.getRawQuery();
        Unauthorized request = new Unauthorized(method, Endpoint.of(uri), target, fields, content);
        Authorization authorization = Authorization.of(authorizing, method, url);
        HttpResponse response = send(request, authorization, sink);
        if (response.status() == UNAUTHORIZED) {
            Optional<Authorization> renewed = authorization.renewed();
            if (renewed.isPresent()) {
                response = send(request, renewed.get(), sink);
            }
        }
        if (!response.isSuccess()) {
            throw new GcsFailure(ErrorResponse.of(response));
        }
        return response;
    }

    /** A request that lacks its authorization. */
    private record Unauthorized(
            String method,
            Endpoint endpoint,
            String target,
            Map<String, String> fields,
            Optional<BlobSource> content) {}

    private HttpResponse send(Unauthorized request, Authorization authorization, ResponseHandler sink)
            throws IOException {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        authorization.addTo(headers);
        request.fields().forEach(headers::add);
        return transport
                .newCall(new HttpRequest(
                        request.method(),
                        request.endpoint(),
                        request.target(),
                        headers.build(),
                        request.content(),
                        false))
                .execute(sink);
    }
}
