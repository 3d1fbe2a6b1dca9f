package io.blobstore.micrometer;

import io.blobstore.StoreEvent.RequestStarted;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The context of the observation of one request, for handlers and filters of an
 * {@link io.micrometer.observation.ObservationRegistry}. A tracing handler propagates the trace by the carrier, which
 * are header fields.
 */
public final class RequestContext extends SenderContext<Map<String, String>> {
    private final RequestStarted request;

    RequestContext(RequestStarted request) {
        super(
                (carrier, name, value) ->
                        Objects.requireNonNull(carrier, "carrier").put(name, value),
                Kind.CLIENT);
        this.request = request;
        setCarrier(new ConcurrentHashMap<>());
        setRemoteServiceName(request.backend());
    }

    /** Returns the request, with its key. */
    public RequestStarted request() {
        return request;
    }

    /** Returns the header fields by which a tracing handler propagates the trace; unmodifiable. */
    Map<String, String> headers() {
        Map<String, String> headers = getCarrier();
        return headers == null ? Map.of() : Collections.unmodifiableMap(headers);
    }
}
