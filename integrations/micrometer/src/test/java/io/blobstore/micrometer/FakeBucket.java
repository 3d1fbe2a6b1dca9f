package io.blobstore.micrometer;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that confirms what a store of S3 requests, and keeps the trace of each request. Thread-safe. */
final class FakeBucket implements AutoCloseable {
    private static final String ETAG = "\"0123456789abcdef\"";

    private final List<String> traces = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final HttpServer server;
    private final int size;

    /** Starts the server; each blob has a number of bytes that are zero. */
    FakeBucket(int size) throws IOException {
        this.size = size;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Returns the field {@code traceparent} of each request so far; "none" for a request without. */
    List<String> traces() {
        return List.copyOf(traces);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String trace = exchange.getRequestHeaders().getFirst("traceparent");
        traces.add(trace == null ? "none" : trace);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("ETag", ETAG);
        exchange.getResponseHeaders().set("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT");
        String query = String.valueOf(exchange.getRequestURI().getRawQuery());
        String path = exchange.getRequestURI().getPath();
        switch (exchange.getRequestMethod()) {
            case "DELETE" -> exchange.sendResponseHeaders(204, -1);
            case "HEAD" -> {
                exchange.getResponseHeaders().set("Content-Length", Integer.toString(size));
                exchange.sendResponseHeaders(path.endsWith("missing") ? 404 : 200, -1);
            }
            case "GET" -> {
                if (query.contains("list-type")) {
                    xml(exchange, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
                } else {
                    content(exchange);
                }
            }
            case "POST" ->
                xml(
                        exchange,
                        query.contains("uploadId")
                                ? "<CompleteMultipartUploadResult><ETag>" + ETAG
                                        + "</ETag></CompleteMultipartUploadResult>"
                                : "<InitiateMultipartUploadResult><UploadId>id-1</UploadId>"
                                        + "</InitiateMultipartUploadResult>");
            default ->
                xml(
                        exchange,
                        exchange.getRequestHeaders().containsKey("x-amz-copy-source")
                                ? "<CopyObjectResult><ETag>" + ETAG + "</ETag></CopyObjectResult>"
                                : "");
        }
        exchange.close();
    }

    private void content(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            exchange.sendResponseHeaders(200, size);
            exchange.getResponseBody().write(new byte[size]);
            return;
        }
        String[] bounds = range.substring("bytes=".length()).split("-");
        int first = Integer.parseInt(bounds[0]);
        int last = Math.min(size - 1, Integer.parseInt(bounds[1]));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + first + "-" + last + "/" + size);
        exchange.sendResponseHeaders(206, last - first + 1);
        exchange.getResponseBody().write(new byte[last - first + 1]);
    }

    private static void xml(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
    }
}
