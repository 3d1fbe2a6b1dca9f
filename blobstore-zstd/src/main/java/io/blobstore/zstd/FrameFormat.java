package io.blobstore.zstd;

/**
 * How the frames of a compressed blob, and the table of them, are arranged. Both formats are valid {@code .zst} files:
 * {@code zstd -d} decodes them.
 */
public enum FrameFormat {
    /** The format of bazel-remote 2.x: the table precedes the frames. */
    CASBLOB("casblob"),
    /** The Zstandard seekable format of the zstd project: the table follows the frames. */
    SEEKABLE("seekable");

    private final String text;

    FrameFormat(String text) {
        this.text = text;
    }

    /** Returns the format's name as the command line and metadata have it, such as "seekable". */
    @Override
    public String toString() {
        return text;
    }
}
