package io.blobstore.gcs;

import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpRequest;
import com.google.api.client.http.HttpRequestFactory;
import com.google.auth.http.HttpCredentialsAdapter;
import io.blobstore.http.HttpHeaders;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the SDK adds to a request: credentials, quota project and agent. For that a request of its HTTP library is made,
 * and not sent: to send it, the library does more by reflection than a part needs otherwise.
 */
final class Authorization {
    private final HttpRequestFactory requests;
    private final HttpRequest request;

    private Authorization(HttpRequestFactory requests, HttpRequest request) {
        this.requests = requests;
        this.request = request;
    }

    /**
     * Asks for what a request needs now, which may fetch a token.
     *
     * @throws IOException if there is none to be had
     */
    static Authorization of(HttpRequestFactory requests, String method, String url) throws IOException {
        HttpRequest request = requests.buildRequest(method, new GenericUrl(url, true), null);
        if (request.getInterceptor() != null) {
            request.getInterceptor().intercept(request); // a client that brings its own may authorize by this
        }
        request.getHeaders().setAcceptEncoding(null); // content as it is stored
        return new Authorization(requests, request);
    }

    void addTo(HttpHeaders.Builder headers) {
        request.getHeaders().forEach((name, field) -> {
            Collection<?> values = field instanceof Collection<?> several ? several : List.of(field);
            values.forEach(value -> headers.add(name, value.toString()));
        });
    }

    /**
     * What to say instead when this was refused: with the token that somebody has got meanwhile, or a new one. Empty if
     * there are no credentials.
     */
    Optional<Authorization> renewed() throws IOException {
        if (!(request.getUnsuccessfulResponseHandler() instanceof HttpCredentialsAdapter adapter)) {
            return Optional.empty();
        }
        Authorization now = again();
        if (Objects.equals(now.credentials(), credentials())) {
            adapter.getCredentials().refresh();
            now = again();
        }
        return Optional.of(now);
    }

    private Authorization again() throws IOException {
        return of(requests, request.getRequestMethod(), request.getUrl().build());
    }

    private @Nullable Object credentials() {
        return request.getHeaders().get("Authorization");
    }
}
