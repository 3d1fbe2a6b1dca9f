package io.blobstore.gcs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import com.google.api.client.json.JsonParser;
import com.google.api.client.json.JsonToken;
import com.google.api.client.json.gson.GsonFactory;
import io.blobstore.BlobSource;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.RefusedRequestException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Adapts the HTTP client of the data plane to the SDK's HTTP library, for its small requests. */
final class SdkHttpTransportAdapter extends HttpTransport {
    /** Is in the paths of copies only, as '/' in names of objects is encoded. */
    private static final String REWRITE = "/rewriteTo/";

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

    /** Does nothing: the store closes the client. */
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
            if (!HttpHeaders.isFraming(name)) {
                headers.add(name, value);
            }
        }

        @Override
        public LowLevelHttpResponse execute() throws IOException {
            Optional<BlobSource> body = body();
            if (body.isPresent()) {
                addIfPresent("Content-Type", getContentType());
                addIfPresent("Content-Encoding", getContentEncoding());
            }
            String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
            boolean slowAnswer = path.contains(REWRITE);
            HttpRequest request =
                    new HttpRequest(method, Endpoint.of(uri), target, headers.build(), body, false, slowAnswer);
            HttpResponse response = client.newCall(request).execute(ResponseHandler.KEEP);
            if (ErrorResponse.isRedirect(response.status())) { // the SDK would follow it, with keys and tokens
                throw new RefusedRequestException(GcsErrorResponse.of(response));
            }
            return new Response(response);
        }

        private void addIfPresent(String name, @Nullable String value) {
            if (value != null) {
                headers.add(name, value);
            }
        }

        /** Returns the body, if there is one. It is small, and copied to the heap. */
        private Optional<BlobSource> body() throws IOException {
            if (getStreamingContent() == null) {
                return Optional.empty();
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            getStreamingContent().writeTo(bytes);
            return Optional.of(BlobSource.of(ByteBuffer.wrap(bytes.toByteArray())));
        }
    }

    private static final class Response extends LowLevelHttpResponse {
        private final HttpResponse response;
        private final List<Map.Entry<String, String>> fields = new ArrayList<>();
        private final boolean readable;

        private Response(HttpResponse response) {
            this.response = response;
            readable = response.isSuccess() || isJson(response);
            response.headers().forEach((name, value) -> fields.add(Map.entry(name, value)));
        }

        @Override
        public InputStream getContent() throws IOException {
            return content(response);
        }

        @Override
        public @Nullable String getContentEncoding() {
            return Decompression.isNeeded(response)
                    ? null
                    : response.header("Content-Encoding").orElse(null);
        }

        @Override
        public long getContentLength() {
            return Decompression.isNeeded(response) ? -1 : response.body().bytes().length;
        }

        /** Of an error that is cut off, or is no JSON, the SDK would print a stack trace, and then ignore it. */
        @Override
        public @Nullable String getContentType() {
            return readable ? response.header("Content-Type").orElse(null) : "text/plain";
        }

        /** Returns whether the body is one JSON object, to its end. */
        private static boolean isJson(HttpResponse response) {
            try (JsonParser parser = GsonFactory.getDefaultInstance().createJsonParser(content(response), UTF_8)) {
                int depth = 0;
                boolean object = parser.nextToken() == JsonToken.START_OBJECT;
                for (JsonToken token = parser.getCurrentToken(); token != null; token = parser.nextToken()) {
                    switch (token) {
                        case START_OBJECT, START_ARRAY -> depth++;
                        case END_OBJECT, END_ARRAY -> depth--;
                        default -> {
                            // a name or a value
                        }
                    }
                }
                return object && depth == 0;
            } catch (IOException | RuntimeException e) {
                return false;
            }
        }

        private static InputStream content(HttpResponse response) throws IOException {
            return Decompression.isNeeded(response)
                    ? Decompression.content(response)
                    : new ByteArrayInputStream(response.body().bytes());
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
