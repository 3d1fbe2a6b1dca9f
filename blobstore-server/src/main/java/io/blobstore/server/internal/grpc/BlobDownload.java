package io.blobstore.server.internal.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One download of a blob: sends while the connection takes more, and goes on when gRPC says that it does again. A slow
 * client holds a file and no thread. The calls of gRPC come one after the other; not thread-safe.
 */
final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);

    private final BlobPieces pieces;
    private final ServerCallStreamObserver<Piece> response;
    private boolean ended;

    private BlobDownload(BlobPieces pieces, ServerCallStreamObserver<Piece> response) {
        this.pieces = pieces;
        this.response = response;
    }

    /** Starts a download; the pieces are closed at its end. */
    static void start(BlobPieces pieces, ServerCallStreamObserver<Piece> response) {
        BlobDownload download = new BlobDownload(pieces, response);
        response.setOnReadyHandler(download::send);
        response.setOnCancelHandler(download::end);
    }

    private void send() {
        try {
            while (!ended && response.isReady()) {
                Optional<Piece> piece = pieces.next();
                if (piece.isEmpty()) {
                    end();
                    response.onCompleted();
                } else {
                    try {
                        response.onNext(piece.get());
                    } finally {
                        piece.get().discard();
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            end();
            response.onError(Statuses.of(e));
        }
    }

    /** Releases everything. Idempotent. */
    private void end() {
        if (!ended) {
            ended = true;
            try {
                pieces.close();
            } catch (IOException e) {
                LOG.debug("a file was not closed", e);
            }
        }
    }
}
