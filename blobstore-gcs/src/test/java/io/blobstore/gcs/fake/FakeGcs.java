package io.blobstore.gcs.fake;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.security.PublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * Cloud Storage on loopback, with objects in memory: as much of the JSON API as the SDK's client and our own requests
 * need, and of the XML API content, uploads in parts, and signed URLs. What the real one would refuse is refused, and
 * so is what this one does not know. Objects have one generation, the newest.
 *
 * <pre>{@code
 * try (FakeGcs gcs = FakeGcs.start().createBucket("some-bucket")) {
 *     gcs.fault(request -> request.method().equals("PUT"), Fault.xml(503, "SlowDown", "slow down", "Retry-After: 1"));
 *     …
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #close()} ends all connections and threads.
 */
public final class FakeGcs implements Closeable {
    private final Connections connections;
    private final FakeObjects objects = new FakeObjects();
    private final JsonApi json = new JsonApi(objects, this::carryOut);
    private final XmlApi xml = new XmlApi(objects);
    private final Access access = new Access();
    private final Faults faults = new Faults();
    private final List<Seen> requests = new ArrayList<>();
    private final AtomicLong bytesSent = new AtomicLong();

    private FakeGcs(Optional<SSLContext> tls) throws IOException {
        connections = new Connections(tls, this::exchange);
        connections.start();
    }

    /** Starts one without TLS. */
    public static FakeGcs start() throws IOException {
        return new FakeGcs(Optional.empty());
    }

    /** Starts one over TLS. */
    public static FakeGcs startSecure(SSLContext context) throws IOException {
        return new FakeGcs(Optional.of(context));
    }

    /** Where it is, by address, without a slash at the end. */
    public URI endpoint() {
        return connections.endpoint();
    }

    // ---- what is in it

    /** Makes a bucket, if there is none of this name. */
    public FakeGcs createBucket(String bucket) {
        objects.createBucket(bucket);
        return this;
    }

    /** An object, if there is one. */
    public Optional<FakeObject> object(String bucket, String name) {
        return objects.find(bucket, name);
    }

    /** The names of a bucket's objects, in the order of their bytes. */
    public List<String> names(String bucket) {
        return objects.names(bucket);
    }

    /**
     * Flips a bit of an object's content, and leaves the checksum it was stored with; false if there is no such bit.
     */
    public boolean damage(String bucket, String name) {
        return objects.damage(bucket, name);
    }

    /** The ids of the uploads in parts that are neither completed nor aborted. */
    public List<String> uploads(String bucket) {
        return xml.uploads().open(bucket);
    }

    // ---- what came

    /** The requests that were answered, or were to be, in this order. Those of a batch are one. */
    public List<Seen> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    /** Forgets the requests so far. */
    public void forgetRequests() {
        synchronized (requests) {
            requests.clear();
        }
    }

    /** How many bytes of answers' bodies were sent so far. */
    public long bytesSent() {
        return bytesSent.get();
    }

    // ---- how it behaves

    /**
     * Spoils the next requests of some kind, one by each fault, in this order. Of several such rules for a request, the
     * one that was added first and has faults left is applied.
     *
     * @param which sees the request when its head has arrived: with status 0, and nothing of the body
     */
    public FakeGcs fault(Predicate<Seen> which, Fault... answers) {
        faults.add(which, List.of(answers));
        return this;
    }

    /** How many faults have not happened yet. */
    public int faultsLeft() {
        return faults.left();
    }

    /**
     * From now on, requests without one of these tokens are refused, but for signed URLs. Adds to those that are valid.
     */
    public FakeGcs requireToken(String... valid) {
        access.requireToken(List.of(valid));
        return this;
    }

    /** From now on, this token is refused. */
    public void expire(String token) {
        access.expire(token);
    }

    /** Lets a service account sign URLs. */
    public FakeGcs trustSigner(String email, PublicKey key) {
        access.trust(email, key);
        return this;
    }

    /** What time it is, for new objects and for signed URLs. */
    public FakeGcs useClock(Clock clock) {
        objects.useClock(clock);
        return this;
    }

    /** Copies of objects above this size, in bytes, take several requests. */
    public FakeGcs rewriteInStepsOf(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("steps have 1 byte or more; got " + bytes);
        }
        json.rewrites().inStepsOf(bytes);
        return this;
    }

    /** Whether the answer to a completed upload in parts has no {@code x-goog-hash}. */
    public FakeGcs omitHashOfCompletion(boolean omit) {
        xml.uploads().omitHash(omit);
        return this;
    }

    /** Whether the answer to a completed upload in parts has no {@code x-goog-generation}. */
    public FakeGcs omitGenerationOfCompletion(boolean omit) {
        xml.uploads().omitGeneration(omit);
        return this;
    }

    /**
     * Closes all connections, and waits for the threads.
     *
     * @throws AssertionError if this fake failed itself
     */
    @Override
    public void close() {
        connections.close();
    }

    // ---- one request

    private boolean exchange(Wire wire) throws IOException {
        Optional<Wire.Head> head = wire.head();
        if (head.isEmpty()) {
            return false;
        }
        String method = head.get().method();
        String target = head.get().target();
        Map<String, List<String>> headers =
                Collections.unmodifiableMap(head.get().headers());
        Fault fault = faults.next(new Seen(method, target, headers, 0, 0)).orElse(Fault.none());
        Wire.Body body = wire.body(head.get(), fault.kind() == Fault.Kind.BREAK ? 2 : 1);
        Seen seen = new Seen(method, target, headers, 0, body.received());
        if (body.whole().isEmpty()) {
            remember(seen);
            return false; // the client is gone, or is to believe it of this side
        }
        byte[] content = body.whole().get();
        Answer answer = switch (fault.kind()) {
            case INSTEAD -> fault.change(Answer.empty(200));
            case BREAK, DISCONNECT -> Answer.empty(0);
            case LOSE, CUT, CHANGE -> fault.change(carryOut(method, target, headers, content));
        };
        boolean lost = answer.status() == 0 || fault.kind() == Fault.Kind.LOSE;
        boolean cut = fault.kind() == Fault.Kind.CUT;
        boolean hasBody = answer.length() > 0 && !method.equals("HEAD");
        if (lost || (cut && !hasBody)) {
            remember(seen);
            return false;
        }
        remember(seen.answered(answer.status()));
        int length = cut ? answer.length() / 2 : answer.length();
        bytesSent.addAndGet(hasBody ? length : 0);
        wire.write(answer, hasBody, length);
        return !cut && !head.get().says("Connection", "close");
    }

    private void remember(Seen request) {
        synchronized (requests) {
            requests.add(request);
        }
    }

    private Answer carryOut(String method, String target, Map<String, List<String>> headers, byte[] body) {
        try {
            return carryOut(Request.of(method, target, headers, body));
        } catch (Refusal e) {
            return JsonApi.isFor(target) ? e.json() : e.xml();
        }
    }

    private Answer carryOut(Request request) {
        boolean ofJson = JsonApi.isFor(request.path());
        try {
            if (!JsonApi.isBatch(request.path())) { // there, each request has a token
                access.check(request, objects.now());
            }
            return ofJson ? json.answer(request) : xml.answer(request);
        } catch (Refusal e) {
            return !ofJson ? e.xml() : JsonApi.isMedia(request) ? e.text() : e.json();
        }
    }
}
