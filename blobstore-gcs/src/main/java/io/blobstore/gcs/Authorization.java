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
 * of the SDK's HTTP library that is not sent, as sending with that library needs more CPU time than sending a part.
 */
final class Authorization {
    private final HttpRequestFactory requests;
    private final HttpRequest request;

    private Authorization(HttpRequestFactory requests, HttpRequest request) {
        this.requests = requests;
        this.request = request;
    }

    /**
     * Returns the authorization of a request. Obtains a token if there is no valid one.
     *
     * @throws IOException if no token can be obtained
     */
    static Authorization of(HttpRequestFactory requests, String method, String url) throws IOException {
        HttpRequest request = requests.buildRequest(method, new GenericUrl(url, true), null);
        if (request.getInterceptor() != null) {
            request.getInterceptor().intercept(request); // a client given to the builder may authorize requests with it
        }
        request.getHeaders().setAcceptEncoding(null); // content is received as it is stored
        return new Authorization(requests, request);
    }

    /** Adds the fields to a header. */
    void addTo(HttpHeaders.Builder headers) {
        request.getHeaders().forEach((name, field) -> {
            Collection<?> values = field instanceof Collection<?> several ? several : List.of(field);
            values.forEach(value -> headers.add(name, value.toString()));
        });
    }

    /**
     * Returns the authorization for another attempt after this one was refused: with a token that another request has
     * obtained meanwhile, or else with a new one. Empty if there are no credentials.
     */
    Optional<Authorization> renewed() throws IOException {
        if (!(request.getUnsuccessfulResponseHandler() instanceof HttpCredentialsAdapter adapter)) {
            return Optional.empty();
        }
        Authorization fresh = current();
        if (Objects.equals(fresh.credentials(), credentials())) {
            adapter.getCredentials().refresh();
            fresh = current();
        }
        return Optional.of(fresh);
    }

    private Authorization current() throws IOException {
        return of(requests, request.getRequestMethod(), request.getUrl().build());
    }

    private @Nullable Object credentials() {
        return request.getHeaders().get("Authorization");
    }
}
