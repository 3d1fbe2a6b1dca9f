package io.blobstore.gcs;

import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpContent;
import com.google.api.client.http.HttpHeaders;
import com.google.api.client.http.HttpRequest;
import com.google.api.client.http.HttpResponse;
import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.http.LowLevelHttpResponse;
import io.blobstore.http.objects.ErrorResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests over another transport, and fails if the server responds with a redirect: the SDK's HTTP library would
 * follow it to any host, with tokens, keys and content.
 *
 * <p>Each request is one of that library with all its own behaviour switched off, as a low-level request of another
 * transport is accessible to its package only.
 */
final class RedirectRefusingTransport extends HttpTransport {
    private final HttpTransport transport;
    private final Function<ErrorResponse, IOException> refusal;

    /**
     * Creates a transport.
     *
     * @param transport sends the requests; it is not shut down with this one
     * @param refusal creates the exception for a redirect
     */
    RedirectRefusingTransport(HttpTransport transport, Function<ErrorResponse, IOException> refusal) {
        this.transport = transport;
        this.refusal = refusal;
    }

    @Override
    public boolean supportsMethod(String method) throws IOException {
        return transport.supportsMethod(method);
    }

    @Override
    public boolean isMtls() {
        return transport.isMtls();
    }

    @Override
    protected LowLevelHttpRequest buildRequest(String method, String url) {
        return new Request(method, url);
    }

    /** Does nothing: the transport is another client's too. */
    @Override
    public void shutdown() {}

    private final class Request extends LowLevelHttpRequest {
        private final String method;
        private final String url;
        private final Map<String, List<String>> fields = new LinkedHashMap<>();
        private int connectTimeout;
        private int readTimeout;
        private int writeTimeout;

        private Request(String method, String url) {
            this.method = method;
            this.url = url;
        }

        @Override
        public void addHeader(String name, String value) {
            fields.computeIfAbsent(name, absent -> new ArrayList<>(1)).add(value);
        }

        @Override
        public void setTimeout(int connectMillis, int readMillis) {
            connectTimeout = connectMillis;
            readTimeout = readMillis;
        }

        @Override
        public void setWriteTimeout(int millis) {
            writeTimeout = millis;
        }

        @Override
        public LowLevelHttpResponse execute() throws IOException {
            HttpContent content = getStreamingContent() == null ? null : new Content(this);
            HttpRequest request = transport
                    .createRequestFactory()
                    .buildRequest(method, new GenericUrl(url, true), content)
                    .setHeaders(headers())
                    .setConnectTimeout(connectTimeout)
                    .setReadTimeout(readTimeout)
                    .setWriteTimeout(writeTimeout)
                    .setFollowRedirects(false)
                    .setNumberOfRetries(0)
                    .setThrowExceptionOnExecuteError(false)
                    .setSuppressUserAgentSuffix(true)
                    .setResponseReturnRawInputStream(true)
                    .setLoggingEnabled(false)
                    .setCurlLoggingEnabled(false);
            HttpResponse response = request.execute();
            if (ErrorResponse.isRedirect(response.getStatusCode())) {
                response.disconnect();
                throw refusal.apply(ErrorResponse.of(
                        response.getStatusCode(),
                        "",
                        "",
                        name -> Optional.ofNullable(response.getHeaders().getFirstHeaderStringValue(name))));
            }
            return new Response(response);
        }

        private HttpHeaders headers() {
            HttpHeaders headers = new HttpHeaders().setAcceptEncoding(null);
            fields.forEach(headers::set);
            if (getContentEncoding() != null) {
                headers.setContentEncoding(getContentEncoding());
            }
            return headers;
        }
    }

    /** The content of a request. */
    private record Content(LowLevelHttpRequest request) implements HttpContent {
        @Override
        public long getLength() {
            return request.getContentLength();
        }

        @Override
        public @Nullable String getType() {
            return request.getContentType();
        }

        @Override
        public boolean retrySupported() {
            return false;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
            request.getStreamingContent().writeTo(out);
        }
    }

    private static final class Response extends LowLevelHttpResponse {
        private final HttpResponse response;
        private final List<Map.Entry<String, String>> fields = new ArrayList<>();

        private Response(HttpResponse response) {
            this.response = response;
            response.getHeaders().forEach((name, field) -> {
                Collection<?> values = field instanceof Collection<?> several ? several : List.of(field);
                values.forEach(value -> fields.add(Map.entry(name, value.toString())));
            });
        }

        @Override
        public @Nullable InputStream getContent() throws IOException {
            return response.getContent();
        }

        @Override
        public @Nullable String getContentEncoding() {
            return response.getContentEncoding();
        }

        @Override
        public long getContentLength() {
            Long length = response.getHeaders().getContentLength();
            return length == null ? -1 : length;
        }

        @Override
        public @Nullable String getContentType() {
            return response.getContentType();
        }

        @Override
        public String getStatusLine() {
            return "HTTP/1.1 " + response.getStatusCode();
        }

        @Override
        public int getStatusCode() {
            return response.getStatusCode();
        }

        @Override
        public @Nullable String getReasonPhrase() {
            return response.getStatusMessage();
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

        @Override
        public void disconnect() throws IOException {
            response.disconnect();
        }
    }
}
