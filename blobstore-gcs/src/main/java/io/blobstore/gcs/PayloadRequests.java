package io.blobstore.gcs;

import com.google.api.client.http.EmptyContent;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpRequest;
import com.google.api.client.http.HttpRequestInitializer;
import io.blobstore.BlobSource;
import io.blobstore.http.BodySink;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.HttpTransport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The requests that carry content, and those of the XML API that begin and end an upload in parts. The SDK's HTTP library adds the
 * credentials, and renews a token that is refused once; the content travels straight from and into the caller's memory.
 */
final class PayloadRequests {
    private final HttpTransport transport;
    private final HttpRequestInitializer initializer;

    PayloadRequests(HttpTransport transport, HttpRequestInitializer initializer) {
        this.transport = transport;
        this.initializer = initializer;
    }

    /**
     * Sends a request with a body, which may be empty.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse send(String method, String url, Map<String, String> fields, BlobSource content) throws IOException {
        return send(method, url, fields, Optional.of(content), BodySink.KEEP);
    }

    /**
     * Asks for content.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse get(String url, Map<String, String> fields, BodySink sink) throws IOException {
        return send("GET", url, fields, Optional.empty(), sink);
    }

    /**
     * Sends a request without content either way.
     *
     * @throws GcsFailure if the server refuses it
     */
    HttpResponse delete(String url, Map<String, String> fields) throws IOException {
        return send("DELETE", url, fields, Optional.empty(), BodySink.KEEP);
    }

    private HttpResponse send(
            String method, String url, Map<String, String> fields, Optional<BlobSource> content, BodySink sink)
            throws IOException {
        SdkTransport once = new SdkTransport(transport, content, sink);
        HttpRequest request = once.createRequestFactory(initializer)
                .buildRequest(method, new GenericUrl(url, true), content.isPresent() ? new EmptyContent() : null);
        request.setLoggingEnabled(false); // tokens, and customer keys
        request.setCurlLoggingEnabled(false);
        request.setFollowRedirects(false);
        request.setThrowExceptionOnExecuteError(false);
        request.setResponseReturnRawInputStream(true);
        request.setNumberOfRetries(1); // of what its handlers handle: a token that was refused
        request.getHeaders().setAcceptEncoding(null); // content as it is stored
        fields.forEach((name, value) -> request.getHeaders().set(name, List.of(value)));
        request.execute().disconnect();
        HttpResponse response = once.answer();
        if (!response.isSuccess()) {
            throw new GcsFailure(ErrorAnswer.of(response));
        }
        return response;
    }
}
