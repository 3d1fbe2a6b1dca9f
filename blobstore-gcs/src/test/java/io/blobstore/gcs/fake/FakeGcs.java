package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedResponse;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedService;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.security.PublicKey;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * Cloud Storage on loopback, with objects in memory: the requests of the JSON API and of the XML API that the store
 * sends itself and by the SDK, and signed URLs. Refuses requests that the real service refuses, and those that the fake
 * does not implement. Objects have one generation, the newest, and no content encoding.
 *
 * <pre>{@code
 * try (FakeGcs gcs = FakeGcs.start().createBucket("some-bucket")) {
 *     gcs.fault(request -> request.method().equals("PUT"), GcsFaults.xml(503, "SlowDown", "slow", "Retry-After: 1"));
 *     …
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #close()} ends all connections and threads.
 */
public final class FakeGcs implements Closeable {
    private final FakeObjects objects = new FakeObjects();
    private final JsonApi json = new JsonApi(objects, this::handle);
    private final XmlApi xml = new XmlApi(objects);
    private final Access access = new Access();
    private final ScriptedService service = new ScriptedService(this::handle);
    private final ScriptedServer server;

    private FakeGcs(Optional<SSLContext> tls) throws IOException {
        server = ScriptedServer.forAnyClient(tls, service);
    }

    /** Starts a fake without TLS. */
    public static FakeGcs start() throws IOException {
        return new FakeGcs(Optional.empty());
    }

    /** Starts a fake with TLS. */
    public static FakeGcs startSecure(SSLContext context) throws IOException {
        return new FakeGcs(Optional.of(context));
    }

    /** Returns the endpoint, by IP address, without a slash at the end. */
    public URI endpoint() {
        return URI.create(server.endpoint().toString());
    }

    // ---- content

    /** Creates a bucket unless it exists. */
    public FakeGcs createBucket(String bucket) {
        objects.createBucket(bucket);
        return this;
    }

    /** Creates a bucket unless it exists, and makes it a zonal one, which differs in its metadata only. */
    public FakeGcs createZonalBucket(String bucket) {
        objects.makeZonal(bucket);
        return createBucket(bucket);
    }

    /** Returns an object, if it exists. */
    public Optional<FakeObject> object(String bucket, String name) {
        return objects.find(bucket, name);
    }

    /** Stores an object as other programs may, with any attributes. */
    public FakeGcs store(String bucket, String name, byte[] content, Attributes attributes) {
        objects.put(bucket, name, content, Hashes.of(content), attributes, Optional.empty());
        return this;
    }

    /** Returns the names of a bucket's objects, in the order of their bytes. */
    public List<String> names(String bucket) {
        return objects.from(bucket, "").stream().map(FakeObject::name).toList();
    }

    /**
     * Flips a bit of an object's content and leaves its checksums.
     *
     * @return false if there is no such object, or it is empty
     */
    public boolean damage(String bucket, String name) {
        return objects.damage(bucket, name);
    }

    /** Returns the ids of the multipart uploads that are neither completed nor aborted. */
    public List<String> uploads(String bucket) {
        return xml.uploads().open(bucket);
    }

    // ---- requests

    /** Returns the requests so far, in the order in which they arrived. A batch is one request. */
    public List<ScriptedExchange> requests() {
        return server.requests();
    }

    /** Removes the requests so far from {@link #requests()}. */
    public void forgetRequests() {
        server.forgetRequests();
    }

    /** Returns the number of bytes that were sent in the bodies of the responses to {@link #requests()}. */
    public long bytesSent() {
        return requests().stream().mapToLong(ScriptedExchange::bodySent).sum();
    }

    /** Returns whether a request is one of the JSON API. */
    public static boolean isJson(ScriptedExchange request) {
        return JsonApi.isFor(request.path());
    }

    // ---- behaviour

    /**
     * Adds faults for the next matching requests, one each, in this order; see {@link ScriptedService#fault}.
     *
     * @param which matches a request by its header, before its body is received
     */
    public FakeGcs fault(Predicate<ScriptedExchange> which, ScriptedFault... faults) {
        service.fault(which, faults);
        return this;
    }

    /** Returns the number of faults that have not been injected yet. */
    public int faultsLeft() {
        return service.faultsLeft();
    }

    /** Adds valid tokens. From now on, requests without a valid token are refused, except by signed URLs. */
    public FakeGcs requireToken(String... valid) {
        access.requireToken(List.of(valid));
        return this;
    }

    /** Makes a token invalid. */
    public void expire(String token) {
        access.expire(token);
    }

    /** Adds a service account that may sign URLs. */
    public FakeGcs trustSigner(String email, PublicKey key) {
        access.trust(email, key);
        return this;
    }

    /** Sets the clock for new objects and for signed URLs. */
    public FakeGcs useClock(Clock clock) {
        objects.useClock(clock);
        return this;
    }

    /** Ignores the conditions of requests that store or copy objects from now on, as some emulators do. */
    public FakeGcs ignoreConditions() {
        objects.ignoreConditions();
        return this;
    }

    /** Sets how many bytes of an object one request copies. */
    public FakeGcs rewriteInStepsOf(long bytes) {
        json.rewrites().inStepsOf(bytes);
        return this;
    }

    /**
     * Closes all connections and waits for the threads.
     *
     * @throws AssertionError if the fake itself failed, or a client violated HTTP/1.1
     */
    @Override
    public void close() throws IOException {
        server.close();
    }

    // ---- one request

    private ScriptedResponse handle(ScriptedExchange exchange, byte[] body) {
        try {
            return handle(Request.of(exchange, body));
        } catch (ErrorResponse e) {
            return isJson(exchange) ? e.json() : e.xml();
        }
    }

    private ScriptedResponse handle(Request request) {
        boolean ofJson = JsonApi.isFor(request.path());
        try {
            if (!JsonApi.isBatch(request.path())) { // each request in a batch is checked
                access.check(request, objects.now());
            }
            return ofJson ? json.handle(request) : xml.handle(request);
        } catch (ErrorResponse e) {
            return ofJson ? e.json() : e.xml();
        }
    }
}
