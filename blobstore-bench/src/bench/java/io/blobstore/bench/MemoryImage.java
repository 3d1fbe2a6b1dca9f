package io.blobstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * A file like the memory of a virtual machine, of random pages, some of which change between two snapshots.
 * Deterministic.
 */
final class MemoryImage {
    /** The size of a page in bytes. */
    static final int PAGE = 4096;

    /** The average length of a run of pages that change together: 512 KiB. */
    static final int RUN = 128;

    private static final int PAGES_AT_ONCE = 256;

    /** Which pages change. */
    enum Change {
        /**
         * Runs of neighbours, at random places: their lengths are distributed geometrically, with an average of
         * {@value MemoryImage#RUN} pages, as a process that works changes heaps, buffers and page caches in pieces.
         */
        CLUSTERED("runs of 128 pages on average"),
        /** Single pages at random places: the worst case for blocks larger than a page. */
        SCATTERED("single pages");

        final String title;

        Change(String title) {
            this.title = title;
        }

        /** Returns the numbers of the pages that change. */
        BitSet of(int pages, double share) {
            SplittableRandom random = new SplittableRandom(42);
            BitSet changed = new BitSet(pages);
            int left = (int) Math.round(pages * share);
            while (left > 0) {
                int length =
                        this == SCATTERED ? 1 : 1 + (int) (Math.log1p(-random.nextDouble()) / Math.log1p(-1.0 / RUN));
                int start = random.nextInt(pages);
                for (int page = start; page < Math.min(pages, start + length) && left > 0; page++) {
                    if (!changed.get(page)) {
                        changed.set(page);
                        left--;
                    }
                }
            }
            return changed;
        }
    }

    private final Path file;
    private final int pages;

    private MemoryImage(Path file, int pages) {
        this.file = file;
        this.pages = pages;
    }

    /** Creates an image of a size in bytes, which is rounded down to whole pages. */
    static MemoryImage create(Path file, long size) throws IOException {
        MemoryImage image = new MemoryImage(file, Math.toIntExact(size / PAGE));
        BitSet all = new BitSet();
        all.set(0, image.pages);
        image.write(all, 0);
        return image;
    }

    Path file() {
        return file;
    }

    long size() {
        return (long) pages * PAGE;
    }

    /** Gives some pages another content; the others keep theirs. */
    void change(BitSet changed) throws IOException {
        write(changed, 1);
    }

    /** Gives some pages their first content again. */
    void restore(BitSet changed) throws IOException {
        write(changed, 0);
    }

    private void write(BitSet some, long version) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(PAGES_AT_ONCE * PAGE).order(ByteOrder.nativeOrder());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int from = some.nextSetBit(0); from >= 0; from = some.nextSetBit(from)) {
                int to = Math.min(some.nextClearBit(from), from + PAGES_AT_ONCE);
                buffer.clear();
                for (long page = from; page < to; page++) {
                    SplittableRandom random = new SplittableRandom(2 * page + version);
                    for (int i = 0; i < PAGE / Long.BYTES; i++) {
                        buffer.putLong(random.nextLong());
                    }
                }
                buffer.flip();
                for (long at = (long) from * PAGE; buffer.hasRemaining(); ) {
                    at += channel.write(buffer, at);
                }
                from = to;
            }
        }
    }
}
