package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.ActionCacheGrpc;
import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.GetActionResultRequest;
import build.bazel.remote.execution.v2.UpdateActionResultRequest;
import io.blobstore.Sha256;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;

/** Finds and stores the results of actions. */
final class ActionCacheService extends ActionCacheGrpc.ActionCacheImplBase {
    private final ActionResults results;
    private final int maxBytes;

    /**
     * Creates the service.
     *
     * @param maxBytes the size in bytes of the largest result that can be stored
     */
    ActionCacheService(ActionResults results, int maxBytes) {
        this.results = results;
        this.maxBytes = maxBytes;
    }

    @Override
    public void getActionResult(GetActionResultRequest request, StreamObserver<ActionResult> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            Sha256 action = Digests.of(request.getActionDigest()).sha256();
            Later.respond(
                    results.get(action),
                    result -> result.orElseThrow(() -> Status.NOT_FOUND
                            .withDescription("there is no complete result of action " + action.hex())
                            .asRuntimeException()),
                    response);
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    @Override
    public void updateActionResult(UpdateActionResultRequest request, StreamObserver<ActionResult> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            if (!request.hasActionResult()) {
                throw new IllegalArgumentException("the request has no action result");
            }
            int size = request.getActionResult().getSerializedSize();
            if (size > maxBytes) {
                throw new IllegalArgumentException(
                        "an action result has at most " + maxBytes + " bytes here; got " + size);
            }
            Later.respond(
                    results.put(Digests.of(request.getActionDigest()).sha256(), request.getActionResult()),
                    done -> request.getActionResult(),
                    response);
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }
}
