package io.blobstore.http;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server of multipart uploads, as both S3 and Cloud Storage have them. It keeps which uploads are open, and not their
 * content. Tests identify an upload by its content type. Thread-safe.
 */
public class ScriptedUploads implements ScriptedServer.Script {
    private final AtomicInteger created = new AtomicInteger();
    /** The bytes of parts that have arrived, by upload id. */
    private final Map<String, MovedBytes> open = new ConcurrentHashMap<>();
    /** The bytes of parts that have arrived, by content type. */
    private final Map<String, MovedBytes> watched = new ConcurrentHashMap<>();

    /** Creates a server without uploads. */
    public ScriptedUploads() {}

    /** Returns the number of uploads created. */
    public final int created() {
        return created.get();
    }

    /** Returns the ids of the uploads that are neither completed nor aborted. */
    public Set<String> left() {
        return open.keySet();
    }

    /** Returns the counter for the parts of the next upload with a content type. */
    final MovedBytes watch(String contentType) {
        return watched.computeIfAbsent(contentType, unused -> new MovedBytes());
    }

    final void forget(String contentType) {
        watched.remove(contentType);
    }

    @Override
    public final void run(ScriptedExchange exchange) throws IOException {
        String target = exchange.target();
        String id = target.replaceFirst(".*[?&]uploadId=([^&]*).*", "$1");
        boolean ofUpload = !id.equals(target);
        if (exchange.method().equals("POST") && target.contains("?uploads")) {
            create(exchange);
        } else if (ofUpload && exchange.method().equals("PUT")) {
            // The upload may have ended: the part may be read here only after the abort.
            receive(exchange, open.getOrDefault(id, new MovedBytes()));
        } else if (ofUpload && exchange.method().equals("POST")) {
            exchange.discardBody();
            complete(exchange, id);
        } else if (ofUpload && exchange.method().equals("DELETE")) {
            require(open.remove(id) != null, "an upload was freed twice, or after its completion");
            exchange.respond(204, "");
        } else {
            exchange.discardBody();
            respondOther(exchange);
        }
    }

    private void create(ScriptedExchange exchange) throws IOException {
        exchange.discardBody();
        String id = "upload-" + created.incrementAndGet();
        MovedBytes moved = watched.get(exchange.header("Content-Type").orElse(""));
        open.put(id, moved == null ? new MovedBytes() : moved);
        exchange.respond(
                200, "<InitiateMultipartUploadResult><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>");
    }

    private static void receive(ScriptedExchange exchange, MovedBytes moved) throws IOException {
        while (exchange.bodyReceived() < exchange.bodyLength()) {
            long some = Math.min(64 << 10, exchange.bodyLength() - exchange.bodyReceived());
            exchange.discardBody(some);
            moved.add(some);
        }
        exchange.respond(200, "", "ETag: \"0123456789abcdef\"");
    }

    private void complete(ScriptedExchange exchange, String id) throws IOException {
        require(open.containsKey(id), "an upload was completed that was ended before");
        String[] fields = completed(exchange.target().replaceFirst("\\?.*", ""));
        open.remove(id);
        exchange.respond(
                200, "<CompleteMultipartUploadResult><ETag>\"1-3\"</ETag></CompleteMultipartUploadResult>", fields);
    }

    /**
     * Called when an upload is completed.
     *
     * @param path of the request
     * @return more header fields of the response, as whole lines
     */
    protected String[] completed(String path) {
        return new String[0];
    }

    /** Responds to a request that is not one of a multipart upload. Its body has been read. */
    protected void respondOther(ScriptedExchange exchange) throws IOException {
        throw new AssertionError("unexpected: " + exchange);
    }

    /** Fails the test unless a condition holds. */
    protected static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
