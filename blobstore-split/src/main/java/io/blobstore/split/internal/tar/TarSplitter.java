package io.blobstore.split.internal.tar;

import io.blobstore.split.SplitInput;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import io.blobstore.split.TarFormatException;
import java.io.IOException;

/**
 * Makes the files of a tar archive objects; headers, padding, small files and all other contents stay inline, so that
 * the archive merges to the same bytes. Accepts and refuses what composefs-rs does.
 *
 * @param lenient whether everything is accepted, and stays inline from the first bad header on
 * @param inlineUpTo the size in bytes of the largest file that is stored inline
 */
public record TarSplitter(boolean lenient, int inlineUpTo) implements Splitter {
    /** Creates a splitter. */
    public TarSplitter {
        if (inlineUpTo < 0) {
            throw new IllegalArgumentException("inlineUpTo must be 0 or more; got " + inlineUpTo);
        }
    }

    @Override
    public void split(SplitInput input, SplitSink sink) throws IOException {
        TarArchive archive = new TarArchive(input, sink, inlineUpTo);
        try {
            archive.split();
        } catch (TarFormatException e) {
            if (!lenient) {
                throw e;
            }
        }
        archive.inlineRest();
    }
}
