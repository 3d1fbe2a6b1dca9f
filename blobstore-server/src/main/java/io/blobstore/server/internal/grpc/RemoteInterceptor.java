package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.BatchReadBlobsRequest;
import build.bazel.remote.execution.v2.GetTreeRequest;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import io.blobstore.cas.Digest;
import io.blobstore.server.internal.CacheAccess;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches what a call is going to read from the remote cache, before the call reaches its service, without a thread
 * that waits. Thread-safe.
 */
final class RemoteInterceptor implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteInterceptor.class);

    private final CacheAccess cache;
    private final Executor workers;

    RemoteInterceptor(CacheAccess cache, Executor workers) {
        this.cache = cache;
        this.workers = workers;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        ServerCall.Listener<Q> service = next.startCall(call, headers);
        boolean reads = call.getMethodDescriptor().getType().clientSendsOneMessage();
        return cache.remote().isPresent() && reads ? new Fetching<>(service) : service;
    }

    /** Holds back the end of a request, at which the service begins, until the content is there. */
    private final class Fetching<Q> extends SimpleForwardingServerCallListener<Q> {
        private final DelayedListener<Q> rest = new DelayedListener<>();
        private List<Digest> wanted = List.of();
        private boolean delayed;

        Fetching(ServerCall.Listener<Q> service) {
            super(service);
        }

        @Override
        public void onMessage(Q message) {
            wanted = wanted(message);
            super.onMessage(message);
        }

        @Override
        public void onHalfClose() {
            CompletableFuture<Void> fetched = fetch();
            if (fetched.isDone()) {
                super.onHalfClose();
                return;
            }
            delayed = true;
            rest.onHalfClose();
            CompletableFuture<?> unused = fetched.whenComplete((nothing, failure) -> goOn());
        }

        private void goOn() {
            try {
                workers.execute(() -> rest.set(delegate()));
            } catch (RejectedExecutionException e) {
                LOG.debug("the server was closed while a call waited for the remote cache", e);
            }
        }

        private CompletableFuture<Void> fetch() {
            try {
                return wanted.isEmpty() ? CompletableFuture.completedFuture(null) : cache.fetch(wanted);
            } catch (IOException | IllegalStateException e) {
                LOG.debug("nothing is fetched", e); // the service will tell
                return CompletableFuture.completedFuture(null);
            }
        }

        @Override
        public void onCancel() {
            if (delayed) {
                rest.onCancel();
            } else {
                super.onCancel();
            }
        }

        @Override
        public void onComplete() {
            if (delayed) {
                rest.onComplete();
            } else {
                super.onComplete();
            }
        }

        @Override
        public void onReady() {
            if (delayed) {
                rest.onReady();
            } else {
                super.onReady();
            }
        }
    }

    /** Returns the content that a request asks for; nothing if it is not valid, which the service finds out. */
    private static List<Digest> wanted(@Nullable Object request) {
        try {
            if (request instanceof ReadRequest read) {
                return List.of(ResourceName.ofRead(read.getResourceName()).digest());
            }
            if (request instanceof GetTreeRequest tree) {
                return List.of(Digests.of(tree.getRootDigest()));
            }
            if (request instanceof BatchReadBlobsRequest batch) {
                List<Digest> digests = new ArrayList<>(batch.getDigestsCount());
                batch.getDigestsList().forEach(digest -> digests.add(Digests.of(digest)));
                return ContentService.fits(batch.getDigestsList()) ? digests : List.of();
            }
            return List.of();
        } catch (RuntimeException e) {
            return List.of();
        }
    }
}
