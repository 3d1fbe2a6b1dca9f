package io.blobstore.cache.pieces;

import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Maps ranges whose pieces are all on the disk. Thread-safe. */
final class PieceMapper {
    private final PieceDirectory directory;
    private final PieceIndex index;

    /** Finds intact pieces. */
    interface Finder {
        /** Returns a piece that is there, pinned and verified. */
        Optional<Piece> find(PieceId id) throws IOException;
    }

    PieceMapper(PieceDirectory directory, PieceIndex index) {
        this.directory = directory;
        this.index = index;
    }

    /**
     * Leases a range, a buffer for each piece.
     *
     * @param offset in bytes
     * @param length 1 or more, in bytes
     * @param hold released when the view is closed; by the caller if there is none
     * @return the view; empty if a piece is missing
     */
    Optional<Lease> view(PieceSource source, long offset, long length, Usage.Hold hold, Finder finder)
            throws IOException {
        List<Piece> pinned = new ArrayList<>();
        List<Lease> leases = new ArrayList<>();
        boolean complete = false;
        try {
            long end = offset + length;
            for (long at = offset; at < end; ) {
                Optional<Piece> found = finder.find(source.piece(source.layout().pieceAt(at)));
                if (found.isEmpty()) {
                    return Optional.empty();
                }
                Piece piece = found.get();
                pinned.add(piece);
                long from = at - source.layout().offset(piece.id.number());
                long bytes = Math.min(piece.length - from, end - at);
                leases.add(lease(piece, from, bytes));
                at += bytes;
            }
            complete = true;
            return Optional.of(new PieceView(leases, () -> {
                pinned.forEach(index::unpin);
                hold.close();
            }));
        } finally {
            if (!complete) {
                leases.forEach(Lease::close);
                pinned.forEach(index::unpin);
            }
        }
    }

    private Lease lease(Piece piece, long from, long length) throws IOException {
        try (MappedFile file = MappedFile.open(directory.path(piece))) { // its lease keeps it mapped
            return file.region(from, length).acquire();
        }
    }
}
