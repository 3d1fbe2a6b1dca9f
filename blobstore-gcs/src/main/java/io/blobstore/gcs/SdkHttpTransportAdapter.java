package io.blobstore.gcs;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.TransportException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Our client as the client of the SDK's HTTP library, by its public extension point. For requests without content. */
final class SdkHttpTransportAdapter extends HttpTransport {
    /** What our client says itself, in lower case. */
    private static final Set<String> FRAMING = Set.of("content-length", "transfer-encoding", "connection", "expect");

    private final io.blobstore.http.HttpClient client;

    SdkHttpTransportAdapter(io.blobstore.http.HttpClient client) {
        this.client = client;
    }

    @Override
    public boolean supportsMethod(String method) {
        return true;
    }

    @Override
    protected LowLevelHttpRequest buildRequest(String method, String url) {
        return new Request(method, URI.create(url));
    }

    /** Does not close what it stands for. */
    @Override
    public void shutdown() {}

    private final class Request extends LowLevelHttpRequest {
        private final String method;
        private final URI uri;
        private final HttpHeaders.Builder headers = HttpHeaders.builder();

        private Request(String method, URI uri) {
            this.method = method;
            this.uri = uri;
        }

        @Override
        public void addHeader(String name, String value) {
            if (!FRAMING.contains(name.toLowerCase(Locale.ROOT))) {
                headers.add(name, value);
            }
        }

        @Override
        public LowLevelHttpResponse execute() throws IOException {
            Optional<BlobSource> body = body();
            if (body.isPresent()) {
                addIfSaid("Content-Type", getContentType());
                addIfSaid("Content-Encoding", getContentEncoding());
            }
            String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
            HttpRequest request = new HttpRequest(method, Endpoint.of(uri), target, headers.build(), body, false);
            try {
                return new Response(client.newCall(request).execute(ResponseHandler.KEEP));
            } catch (TransportException e) {
                throw asTheSdkKnowsIt(e);
            }
        }

        private void addIfSaid(String name, @Nullable String value) {
            if (value != null) {
                headers.add(name, value);
            }
        }

        /** Small, and on the heap. */
        private Optional<BlobSource> body() throws IOException {
            if (getStreamingContent() == null) {
                return Optional.empty();
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            getStreamingContent().writeTo(bytes);
            return Optional.of(BlobSource.of(ByteBuffer.wrap(bytes.toByteArray())));
        }
    }

    /** The SDK repeats a request by the type of what it failed with. */
    private static IOException asTheSdkKnowsIt(TransportException problem) {
        return switch (problem.kind()) {
            case TIMEOUT -> (IOException) new SocketTimeoutException(problem.getMessage()).initCause(problem);
            case CLOSED, CONNECT -> (IOException) new SocketException(problem.getMessage()).initCause(problem);
            case UNKNOWN_HOST, PROXY, TLS, PROTOCOL, CANCELLED -> problem;
        };
    }

    private static final class Response extends LowLevelHttpResponse {
        private final HttpResponse response;
        private final List<Map.Entry<String, String>> fields = new ArrayList<>();

        private Response(HttpResponse response) {
            this.response = response;
            response.headers().forEach((name, value) -> fields.add(Map.entry(name, value)));
        }

        @Override
        public InputStream getContent() {
            return new ByteArrayInputStream(response.body().bytes());
        }

        @Override
        public @Nullable String getContentEncoding() {
            return response.header("Content-Encoding").orElse(null);
        }

        @Override
        public long getContentLength() {
            return response.body().bytes().length;
        }

        @Override
        public @Nullable String getContentType() {
            return response.header("Content-Type").orElse(null);
        }

        @Override
        public String getStatusLine() {
            return "HTTP/1.1 " + response.status();
        }

        @Override
        public int getStatusCode() {
            return response.status();
        }

        @Override
        public @Nullable String getReasonPhrase() {
            return null;
        }

        @Override
        public int getHeaderCount() {
            return fields.size();
        }

        @Override
        public String getHeaderName(int index) {
            return fields.get(index).getKey();
        }

        @Override
        public String getHeaderValue(int index) {
            return fields.get(index).getValue();
        }
    }
}
