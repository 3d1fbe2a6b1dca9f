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
 * The header fields that the SDK adds to a request: credentials, quota project and agent. They are taken from a request
 * of its HTTP library that is not sent: for sending, the library uses more CPU time in reflection than a part needs.
 */
final class Authorization {
    private final HttpRequestFactory requests;
    private final HttpRequest request;

    private Authorization(HttpRequestFactory requests, HttpRequest request) {
        this.requests = requests;
        this.request = request;
    }

    /**
     * Returns the current authorization of a request, for which a token may be requested.
     *
     * @throws IOException if there is no token
     */
    static Authorization of(HttpRequestFactory requests, String method, String url) throws IOException {
        HttpRequest request = requests.buildRequest(method, new GenericUrl(url, true), null);
        if (request.getInterceptor() != null) {
            request.getInterceptor().intercept(request); // the user's own client may authorize by it
        }
        request.getHeaders().setAcceptEncoding(null); // receives content as it is stored
        return new Authorization(requests, request);
    }

    void addTo(HttpHeaders.Builder headers) {
        request.getHeaders().forEach((name, field) -> {
            Collection<?> values = field instanceof Collection<?> several ? several : List.of(field);
            values.forEach(value -> headers.add(name, value.toString()));
        });
    }

    /**
     * Returns the authorization for another attempt after this one was refused: with the token that another request has
     * obtained meanwhile, or a new one. Empty if there are no credentials.
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
