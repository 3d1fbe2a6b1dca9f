package io.blobstore.zstd.internal;

import java.io.IOException;

/** Signals bytes that are not what the format of a compressed blob prescribes. */
public final class FrameFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception. */
    public FrameFormatException(String problem) {
        super(problem);
    }
}
