package io.blobstore.gcs.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What a {@link FakeGrpcStorage} has done so far. Thread-safe. */
final class FakeCounts {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Streams of BidiReadObject that were opened, also those that failed. */
    final AtomicLong readSessions = new AtomicLong();

    /** Streams of BidiReadObject that are open. */
    final AtomicLong openReadSessions = new AtomicLong();

    /** Ranges that BidiReadObject was asked for. */
    final AtomicLong ranges = new AtomicLong();

    /** The largest number of ranges that one stream of BidiReadObject was asked for. */
    final AtomicLong mostRangesOfSession = new AtomicLong();

    /** Messages with content that were sent. */
    final AtomicLong messages = new AtomicLong();

    /** Bytes of content that were sent, including repeated and superfluous ones. */
    final AtomicLong bytesSent = new AtomicLong();

    /** Streams of BidiWriteObject that were opened, also those that failed. */
    final AtomicLong writeStreams = new AtomicLong();

    /** Streams of BidiWriteObject that are open. */
    final AtomicLong openWriteStreams = new AtomicLong();

    /** Messages with content that were received. */
    final AtomicLong writeMessages = new AtomicLong();

    /** Bytes of content that were received, including repeated ones. */
    final AtomicLong bytesReceived = new AtomicLong();

    /** Messages that asked for a flush. */
    final AtomicLong flushes = new AtomicLong();

    /** Requests for an object's metadata. */
    final AtomicLong getObjects = new AtomicLong();

    /** Requests for the bucket's metadata. */
    final AtomicLong getBuckets = new AtomicLong();

    /** The authorizations of calls, empty for those without one. */
    final Set<String> authorizations = ConcurrentHashMap.newKeySet();

    /** Returns an interceptor that collects {@link #authorizations}. */
    ServerInterceptor authorizing() {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                authorizations.add(Objects.requireNonNullElse(headers.get(AUTHORIZATION), ""));
                return next.startCall(call, headers);
            }
        };
    }
}
