package io.blobstore.split;

import io.blobstore.split.internal.blocks.ContentDefinedSplitter;
import io.blobstore.split.internal.blocks.FixedSplitter;
import io.blobstore.split.internal.tar.TarSplitter;
import java.io.IOException;

/**
 * Decides where content is cut: which bytes a split stream holds inline, and which are objects. Merging needs no
 * splitter.
 *
 * <p>Implementations are immutable and thread-safe; one splitter may split several inputs at the same time.
 */
@FunctionalInterface
public interface Splitter {
    /** The largest file that {@link #tar()} stores inline, in bytes, as composefs-rs does. */
    int TAR_INLINE = 64;

    /**
     * Cuts an input: declares all of its bytes, in order, as inline or as objects.
     *
     * @param input the content, whose next bytes can be inspected
     * @param sink receives the cuts; each one consumes bytes of the input
     * @throws TarFormatException if a tar archive is expected, and {@code input} is not one
     * @throws IOException if the input cannot be read, or the sink fails
     */
    void split(SplitInput input, SplitSink sink) throws IOException;

    /**
     * Returns a splitter for uncompressed tar archives, which makes each regular file of more than {@value #TAR_INLINE}
     * bytes an object. Headers, padding and smaller files stay inline. Refuses what is not a well-formed archive, and
     * sparse files, as composefs-rs does.
     */
    static Splitter tar() {
        return new TarSplitter(false, TAR_INLINE);
    }

    /**
     * Returns a splitter like {@link #tar()} that makes only larger files objects.
     *
     * <p>Each object that is missing costs a request to store it, and each object one to look for it: an archive of
     * 100,000 tiny files with the bound {@value #TAR_INLINE} costs as many as it has different files of more than
     * {@value #TAR_INLINE} bytes. In a bucket, 64 KiB is a good bound: it saves most requests, at the cost of storing
     * such files again with each archive that contains them, compressed. On disk, {@value #TAR_INLINE} is.
     *
     * <p>The bound is part of what a stream is: the same archive split with another one is another stream, with other
     * objects. Any bound merges to the same bytes, also with composefs-rs's {@code cat}, but its image functions refuse
     * streams with another one than {@value #TAR_INLINE}.
     *
     * @param inlineUpTo the size in bytes of the largest file that is stored inline; 0 or more
     */
    static Splitter tar(int inlineUpTo) {
        return new TarSplitter(false, inlineUpTo);
    }

    /**
     * Returns a splitter like {@link #tar(int)} that accepts anything: from the first byte on that does not belong to a
     * well-formed archive, everything stays inline. It merges to the same bytes.
     */
    static Splitter lenientTar(int inlineUpTo) {
        return new TarSplitter(true, inlineUpTo);
    }

    /**
     * Returns a splitter for memory images, disks and database files, which makes each block an object. Blocks of zeros
     * are one object.
     *
     * @param blockSize in bytes: a power of two from 64 KiB to 16 MiB. Smaller blocks send less after a change, and
     *     need more requests
     */
    static Splitter fixed(int blockSize) {
        return new FixedSplitter(blockSize);
    }

    /**
     * Returns a splitter for any content, which cuts where the content says so: bytes that are inserted or removed
     * change the objects around them only. Objects have 16 KiB to 1 MiB, and 256 KiB on average.
     */
    static Splitter contentDefined() {
        return ContentDefinedSplitter.INSTANCE;
    }
}
