package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.BatchUpdateBlobsRequest;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.protobuf.MessageLite;
import io.blobstore.server.internal.AccessLog;
import io.blobstore.server.internal.ServerMetrics;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Counts calls, and writes one line of the access log for each. Thread-safe. */
final class CallLog implements ServerInterceptor {
    static final String PROTOCOL = "grpc";

    private final ServerMetrics metrics;
    private final AccessLog log;

    CallLog(ServerMetrics metrics, AccessLog log) {
        this.metrics = metrics;
        this.log = log;
    }

    /** Notes the user of a call. */
    static void user(ServerCall<?, ?> call, String user) {
        if (call instanceof LoggedCall<?, ?> logged) {
            logged.user = user;
        }
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        LoggedCall<Q, R> logged = new LoggedCall<>(call);
        return new SimpleForwardingServerCallListener<>(next.startCall(logged, headers)) {
            @Override
            public void onMessage(Q message) {
                logged.received(message);
                super.onMessage(message);
            }

            @Override
            public void onCancel() {
                logged.ended(Status.CANCELLED);
                super.onCancel();
            }
        };
    }

    /** Returns the size of a message in bytes, or of its content. */
    static long size(@Nullable Object message) {
        if (message instanceof Piece piece) {
            return piece.length();
        }
        return message instanceof MessageLite encoded ? encoded.getSerializedSize() : 0;
    }

    /** A call that is measured. */
    private final class LoggedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private final long start = System.nanoTime();
        private final AtomicLong received = new AtomicLong();
        private final AtomicLong sent = new AtomicLong();
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile String user = "";
        private volatile String resource = "";

        LoggedCall(ServerCall<Q, R> call) {
            super(call);
        }

        void received(Object message) {
            if (resource.isEmpty()) {
                resource = resource(message);
            }
            received.addAndGet(size(message));
        }

        private String resource(Object message) {
            if (message instanceof ReadRequest read) {
                return read.getResourceName();
            }
            if (message instanceof WriteRequest write) {
                return write.getResourceName();
            }
            return message instanceof BatchUpdateBlobsRequest batch ? batch.getRequestsCount() + " blobs" : "-";
        }

        @Override
        public void sendMessage(R message) {
            sent.addAndGet(size(message));
            super.sendMessage(message);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            ended(status);
            super.close(status, trailers);
        }

        void ended(Status status) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            String method = String.valueOf(getMethodDescriptor().getBareMethodName());
            String keyspace = method.endsWith("ActionResult") ? "ac" : "cas";
            String code = status.getCode().name();
            long nanos = System.nanoTime() - start;
            metrics.request(new ServerMetrics.Kind(PROTOCOL, method, keyspace), code, nanos);
            metrics.received(PROTOCOL, received.get());
            metrics.sent(PROTOCOL, sent.get());
            log.write(new AccessLog.Line(
                    PROTOCOL,
                    getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
                    user,
                    method,
                    resource,
                    code,
                    received.get(),
                    sent.get(),
                    nanos));
        }
    }
}
