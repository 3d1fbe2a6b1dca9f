package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitStreamException;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;

/** Opens what streams refer to: other streams, or EROFS images, to which the streams of container images refer. */
final class StreamReferences {
    /** The magic number of an EROFS image, 1,024 bytes from its start. */
    private static final int EROFS_MAGIC = 0xe0f5e1e2;

    private static final int EROFS_OFFSET = 1024;

    private StreamReferences() {}

    /**
     * Reads and verifies a whole stream; its references and chunks are read from the copy.
     *
     * @param by what refers to it, for messages of errors
     * @param digest a digest without content, and without content again afterwards
     * @return the stream, to be closed by the caller; empty if it is an EROFS image, which refers to nothing known here
     * @throws DamagedObjectException if its content is not what its id says
     * @throws SplitStreamException if its content is none of both
     */
    static Optional<SplitStreamReader> open(ObjectStore store, ObjectId id, String by, VerityDigest digest)
            throws IOException {
        try {
            return Optional.of(SplitStreamReader.open(StreamChannels.verified(store, id, digest), store.hash(), by));
        } catch (SplitStreamException e) {
            if (isImage(store, id, digest)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean isImage(ObjectStore store, ObjectId id, VerityDigest digest) throws IOException {
        try (SeekableByteChannel content = StreamChannels.verified(store, id, digest)) {
            ByteBuffer magic = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            content.position(EROFS_OFFSET);
            while (magic.hasRemaining() && content.read(magic) >= 0) {
                // goes on
            }
            return !magic.hasRemaining() && magic.getInt(0) == EROFS_MAGIC;
        }
    }
}
