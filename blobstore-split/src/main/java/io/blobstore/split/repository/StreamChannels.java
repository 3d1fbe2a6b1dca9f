package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.file.UnnamedFile;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/** Opens objects that are streams as channels. */
final class StreamChannels {
    /** Larger streams pass through a temporary file; in bytes. */
    private static final long MAX_MEMORY = 4 << 20;

    private static final int BUFFER = 256 << 10;

    private StreamChannels() {}

    /**
     * Reads a whole object, verifies it, and returns a channel of its content, to be closed by the caller.
     *
     * @throws MissingObjectException if it is missing
     * @throws DamagedObjectException if its content is not what its id says
     */
    static SeekableByteChannel verified(ObjectStore store, ObjectId id, VerityDigest digest) throws IOException {
        StoredObject found = find(store, id);
        if (found.size() <= MAX_MEMORY) {
            ByteBuffer content = ByteBuffer.allocate((int) found.size());
            Verification.read(store, id, BlobTarget.Window.of(content), digest);
            return new RangeChannel(content.flip());
        }
        return file(store, found, digest).position(0);
    }

    /** Reads and verifies an object, into a temporary file that is closed by the caller. */
    static FileChannel file(ObjectStore store, StoredObject object, VerityDigest digest) throws IOException {
        FileChannel channel = UnnamedFile.create(Path.of(System.getProperty("java.io.tmpdir")));
        try (PooledBuffer memory = DirectBufferPool.shared().take(BUFFER)) {
            Verification.read(
                    store,
                    object.id(),
                    new SpillWindow(memory.buffer(), object.size(), bytes -> append(channel, bytes)),
                    digest);
            return channel;
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Returns a channel that reads an object in ranges, on demand, and verifies nothing.
     *
     * @throws MissingObjectException if it is missing
     */
    static SeekableByteChannel ranges(ObjectStore store, ObjectId id) throws IOException {
        StoredObject found = find(store, id);
        return new RangeChannel(
                found.size(),
                (offset, target) ->
                        store.read(id, ByteRange.of(offset, target.remaining()), BlobTarget.Window.of(target)));
    }

    private static StoredObject find(ObjectStore store, ObjectId id) throws IOException {
        StoredObject found = store.find(id).orElseThrow(() -> new MissingObjectException(id, null));
        if (found.size() < 0) {
            throw new DamagedObjectException(id, "it is no regular file");
        }
        return found;
    }

    private static void append(FileChannel file, ByteBuffer bytes) throws TargetException {
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException e) {
            throw new TargetException("a temporary file in java.io.tmpdir", String.valueOf(e.getMessage()), e);
        }
    }
}
