package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StorageFullException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.oci.OciLayer;
import io.blobstore.transfer.TransferContext;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The uncompressed content of a layer as a mapping: of its blob, or of a temporary file. */
final class LayerContent implements Closeable {
    private static final int BUFFER = 128 << 10;

    private final MappedFile file;
    private final @Nullable Path temporary;

    private LayerContent(MappedFile file, @Nullable Path temporary) {
        this.file = file;
        this.temporary = temporary;
    }

    /** Opens the content; decompresses it if that is necessary, which verifies the blob. */
    static LayerContent open(OciLayer layer, long maxBytes, TransferContext context) throws IOException {
        if (!layer.isCompressed()) {
            return new LayerContent(MappedFile.open(layer.blob()), null);
        }
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        Path temporary = Files.createTempFile(directory, "blobstore-layer", ".tmp");
        try {
            decompress(layer, maxBytes, temporary, context);
            return new LayerContent(MappedFile.open(temporary), temporary);
        } catch (Throwable e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
    }

    private static void decompress(OciLayer layer, long maxBytes, Path temporary, TransferContext context)
            throws IOException {
        byte[] buffer = new byte[BUFFER];
        try (InputStream content = layer.open(maxBytes, context::moved);
                FileChannel target = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
                WorkQueue.requireRunning(context);
                write(target, ByteBuffer.wrap(buffer, 0, count), temporary);
            }
        }
    }

    private static void write(FileChannel target, ByteBuffer bytes, Path temporary) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                target.write(bytes);
            }
        } catch (IOException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            String problem = "the temporary file " + temporary + " for a decompressed layer cannot be written: "
                    + e.getMessage();
            throw String.valueOf(e.getMessage()).contains("No space left")
                    ? new StorageFullException(Operation.READ_SOURCE, null, problem, e)
                    : new BlobStoreException(Operation.READ_SOURCE, null, problem, e, false);
        }
    }

    MappedFile file() {
        return file;
    }

    /** Deletes the temporary file. The mapping is kept as long as a split retains it. */
    @Override
    public void close() throws IOException {
        file.close();
        if (temporary != null) {
            Files.deleteIfExists(temporary);
        }
    }
}
