package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of the files of pieces: {@code <blob>/<version>-<number>-<length>-<crc32c>-<serial>}, of which the first
 * two are SHA-256 in hex and the others numbers in hex. So a name alone says which piece a file holds, and how its
 * content is checked.
 */
final class PieceNames {
    private static final Pattern BLOB = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern FILE =
            Pattern.compile("([0-9a-f]{64})-([0-9a-f]{1,15})-([0-9a-f]{1,7})-([0-9a-f]{8})-([0-9a-f]{1,15})");

    private PieceNames() {}

    /** Returns the name of the directory and the name in it, separated by a slash. */
    static String of(Piece piece) {
        return piece.id.version().blob() + "/" + piece.id.version().version()
                + "-" + Long.toHexString(piece.id.number())
                + "-" + Integer.toHexString(piece.length)
                + "-" + piece.checksum.hex()
                + "-" + Long.toHexString(piece.serial);
    }

    /** Returns whether the name of a directory is one of a blob. */
    static boolean isBlob(String name) {
        return BLOB.matcher(name).matches();
    }

    /** Returns the piece of a file, not verified yet; empty if it is not the file of a piece. */
    static Optional<Piece> parse(String blob, Path file) {
        Matcher match = FILE.matcher(file.getFileName().toString());
        if (!match.matches()) {
            return Optional.empty();
        }
        int length = Integer.parseInt(match.group(3), 16);
        if (length < 1 || length > PieceLayout.MAX_PIECE_SIZE) {
            return Optional.empty();
        }
        PieceId id = new PieceId(new VersionId(blob, match.group(1)), Long.parseLong(match.group(2), 16));
        return Optional.of(
                new Piece(id, length, Crc32c.parse(match.group(4)), Long.parseLong(match.group(5), 16), false));
    }
}
