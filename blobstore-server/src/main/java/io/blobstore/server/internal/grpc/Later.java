package io.blobstore.server.internal.grpc;

import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers calls of one message when a future completes. */
final class Later {
    private static final Logger LOG = LoggerFactory.getLogger(Later.class);

    private Later() {}

    /**
     * Answers a call.
     *
     * @param result what the response depends on; its failure is that of the call
     * @param answer makes the response; what it throws is the failure of the call
     */
    static <T, R> void respond(CompletableFuture<T> result, Function<T, R> answer, StreamObserver<R> response) {
        CompletableFuture<?> unused = result.thenApply(answer).whenComplete((message, failure) -> {
            try {
                if (failure == null) {
                    response.onNext(message);
                    response.onCompleted();
                } else {
                    response.onError(Statuses.of(cause(failure)));
                }
            } catch (RuntimeException e) {
                LOG.debug("the call was cancelled before it was answered", e);
            }
        });
    }

    /** Returns what a future failed with. */
    static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}
