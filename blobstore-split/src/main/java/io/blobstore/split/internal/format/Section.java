package io.blobstore.split.internal.format;

/**
 * A range of bytes in a stream.
 *
 * @param start the offset of its first byte
 * @param end the offset behind its last byte, at least {@code start}
 */
public record Section(long start, long end) {
    /** Returns the number of bytes. */
    public long length() {
        return end - start;
    }
}
