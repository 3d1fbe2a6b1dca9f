package io.blobstore.server.internal.grpc;

import io.blobstore.cas.CachedContent;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.Optional;

/**
 * One download of a blob: sends while the connection takes more, and goes on when gRPC says that it does again. A slow
 * client holds a file and no thread. The calls of gRPC come one after the other; not thread-safe.
 */
final class BlobDownload {
    private final CachedContent content;
    private final BlobPieces pieces;
    private final ServerCallStreamObserver<Piece> response;
    private boolean ended;

    private BlobDownload(CachedContent content, BlobPieces pieces, ServerCallStreamObserver<Piece> response) {
        this.content = content;
        this.pieces = pieces;
        this.response = response;
    }

    /** Starts a download of a range of content, which is closed at its end. */
    static void start(
            CachedContent content,
            boolean compressed,
            long from,
            long to,
            ServerCallStreamObserver<Piece> response) {
        BlobPieces pieces = compressed ? new CompressedPieces(content, from) : new PlainPieces(content, from, to);
        BlobDownload download = new BlobDownload(content, pieces, response);
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
            pieces.close();
            content.close();
        }
    }
}
