package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the journals of resumable uploads are: in the user's directory for state, as the file's own may be read-only.
 * Its path is {@code $XDG_STATE_HOME/blobstore}, or {@code ~/.local/state/blobstore}.
 */
final class UploadJournals {
    private UploadJournals() {}

    /** Returns the path of the journal of one file, store and key, in a directory that exists. */
    static Path of(Path file, BlobStore store, BlobKey key) throws IOException {
        String text = file.toAbsolutePath() + "\n" + store + "\n" + key;
        Sha256 name = Sha256.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        return Files.createDirectories(directory()).resolve(name.hex() + ".upload");
    }

    private static Path directory() {
        String state = System.getenv("XDG_STATE_HOME");
        Path parent = state != null && !state.isEmpty()
                ? Path.of(state)
                : Path.of(System.getProperty("user.home"), ".local", "state");
        return parent.resolve("blobstore");
    }
}
