package io.blobstore.contract;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads content completely before it is put into a target, for decorators that inspect or change it. */
public final class WholeReads {
    /** More than any test reads in this way; targets may have room for more. */
    private static final long MAX = 64 << 20;

    private WholeReads() {}

    /** Reads content, and may change it. */
    public interface Body {
        /**
         * Fills the buffer from position 0, and leaves its position after the bytes that the target is to receive, even
         * if this method throws.
         */
        ReadResult read(ByteBuffer content) throws IOException;
    }

    /** Reads into a buffer, and copies its content into the target. */
    public static ReadResult read(ByteRange range, BlobTarget.Window target, Body body) throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) Math.min(MAX, Math.min(range.length(), target.remaining())));
        try {
            return body.read(content);
        } finally {
            target.put(content.flip());
        }
    }
}
