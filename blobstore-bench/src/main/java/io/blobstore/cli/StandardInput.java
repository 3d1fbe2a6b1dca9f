package io.blobstore.cli;

import io.blobstore.Crc32c;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.ContentGenerator;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;

/** Content that can be read once, and whose size is not known before: standard input, a named pipe, or a device. */
final class StandardInput implements ContentGenerator<StoredBlob> {
    private static final int PIECE = 1 << 20;

    private final ReadableByteChannel input;
    private final CRC32C crc = new CRC32C();

    private StandardInput(ReadableByteChannel input) {
        this.input = input;
    }

    /** Returns whether a path names such content: {@code -}, or something that is neither a file nor a directory. */
    static boolean isNamedBy(Path path) {
        return isDash(path) || (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path));
    }

    private static boolean isDash(Path path) {
        return path.toString().equals("-");
    }

    /** Opens the content; a named pipe blocks until another process writes to it. */
    static StandardInput open(Path path) throws IOException {
        return new StandardInput(
                isDash(path)
                        ? new FileInputStream(FileDescriptor.in).getChannel()
                        : FileChannel.open(path, StandardOpenOption.READ));
    }

    @Override
    public void generate(BlobWriter writer) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        while (input.read(piece.clear()) >= 0) {
            piece.flip();
            crc.update(piece.duplicate());
            writer.write(piece);
        }
    }

    /** Returns the blob, with the checksum of what was read if the store keeps none. */
    @Override
    public StoredBlob result(StoredBlob stored) {
        Crc32c checksum = stored.checksum().orElse(new Crc32c((int) crc.getValue()));
        return StoredBlob.of(stored.key(), stored.size(), stored.version(), Optional.of(checksum));
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
