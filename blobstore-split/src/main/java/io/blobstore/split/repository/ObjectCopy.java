package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.split.internal.file.ChannelSource;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A verified copy of an object of another store, in memory or in a temporary file. */
final class ObjectCopy implements Closeable {
    /** In bytes; larger objects pass through a file. */
    private static final long MAX_MEMORY = 1 << 20;

    private final BlobSource content;
    private final @Nullable FileChannel file;

    private ObjectCopy(BlobSource content, @Nullable FileChannel file) {
        this.content = content;
        this.file = file;
    }

    /**
     * Reads and verifies an object.
     *
     * @throws DamagedObjectException if it is damaged
     */
    static ObjectCopy of(ObjectStore store, StoredObject object, VerityDigest digest) throws IOException {
        if (object.size() <= MAX_MEMORY) {
            ByteBuffer memory = ByteBuffer.allocateDirect((int) object.size());
            Verification.read(store, object.id(), BlobTarget.Window.of(memory), digest);
            return new ObjectCopy(BlobSource.of(memory.flip()), null);
        }
        FileChannel file = StreamChannels.file(store, object, digest);
        return new ObjectCopy(new ChannelSource(file, 0, object.size()), file);
    }

    BlobSource content() {
        return content;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
