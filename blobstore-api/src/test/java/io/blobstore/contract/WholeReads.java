package io.blobstore.contract;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;

/** For decorators that look at an answer as a whole, and may change it, before any of it is where it was asked for. */
public final class WholeReads {
    private WholeReads() {}

    /** Reads, and changes what was read. */
    public interface Body {
        /** Leaves the position of the buffer, which was 0, behind what is to arrive; also if it throws. */
        ReadResult read(ByteBuffer content) throws IOException;
    }

    /** Reads into a buffer, and copies what is in it then. */
    public static ReadResult read(ByteRange range, BlobTarget.Window target, Body body) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(Math.min(range.length(), target.remaining())));
        try {
            return body.read(content);
        } finally {
            target.put(content.flip());
        }
    }
}
