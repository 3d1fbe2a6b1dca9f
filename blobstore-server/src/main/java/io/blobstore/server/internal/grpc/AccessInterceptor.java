package io.blobstore.server.internal.grpc;

import io.blobstore.server.internal.Access;
import io.blobstore.server.internal.AccessControl;
import io.blobstore.server.internal.AccessControl.Decision;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Lets a call reach its service if its client may make it. Thread-safe. */
final class AccessInterceptor implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Set<String> WRITES = Set.of("Write", "BatchUpdateBlobs", "UpdateActionResult");
    private static final String HEALTH = "grpc.health.v1.Health";

    private final AccessControl control;
    private final boolean writable;

    /**
     * Creates the interceptor.
     *
     * @param writable whether the cache takes anything
     */
    AccessInterceptor(AccessControl control, boolean writable) {
        this.control = control;
        this.writable = writable;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        MethodDescriptor<Q, R> method = call.getMethodDescriptor();
        if (HEALTH.equals(method.getServiceName())) {
            return next.startCall(call, headers); // orchestrators have no password
        }
        Access access = WRITES.contains(String.valueOf(method.getBareMethodName())) ? Access.WRITE : Access.READ;
        DelayedListener<Q> listener = new DelayedListener<>();
        control.decide(access, headers.get(AUTHORIZATION), hasCertificate(call), decision -> {
            if (decision.outcome() == AccessControl.Outcome.ALLOWED && access == Access.WRITE && !writable) {
                refuse(call, listener, Status.PERMISSION_DENIED.withDescription("the cache is read-only"));
            } else if (decision.outcome() == AccessControl.Outcome.ALLOWED) {
                CallLog.user(call, decision.user());
                listener.set(next.startCall(call, headers));
            } else {
                refuse(call, listener, status(decision));
            }
        });
        return listener;
    }

    private static <Q> void refuse(ServerCall<Q, ?> call, DelayedListener<Q> listener, Status status) {
        listener.set(new ServerCall.Listener<>() {});
        call.close(status, new Metadata());
    }

    private static Status status(Decision decision) {
        return switch (decision.outcome()) {
            case UNAUTHENTICATED -> Status.UNAUTHENTICATED.withDescription("a user and password are needed");
            case FORBIDDEN -> Status.PERMISSION_DENIED.withDescription("a client certificate is needed");
            case BUSY -> Status.UNAVAILABLE.withDescription("too many passwords are being checked; try again");
            case ALLOWED -> throw new IllegalArgumentException();
        };
    }

    /** Returns whether the client has shown a certificate, which the handshake has verified then. */
    private static boolean hasCertificate(ServerCall<?, ?> call) {
        SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        try {
            return session != null && session.getPeerCertificates().length > 0;
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }
}
