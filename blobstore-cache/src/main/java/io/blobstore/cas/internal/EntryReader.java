package io.blobstore.cas.internal;

import io.blobstore.BlobTarget;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the content of an entry from its file. Thread-safe, except that it must not be closed while it is read.
 *
 * <p>Nothing that the file says is trusted. Its length must be what it was when the entry was added. The header is
 * checked against the file's name and length, a frame by its checksum and length. Records, whose keys say nothing about
 * their content, have no other check than that of the length: who puts them adds a checksum. Content that no checksum
 * protects (plain files, content stored as it is, frames of writers that leave the checksum out) is compared with the
 * key, its SHA-256: at each read if it has at most {@link #SMALL} bytes, otherwise before the first read of it. That
 * takes as long as reading all of it, whatever the range; an interrupt of the thread ends it.
 */
public final class EntryReader implements Closeable {
    /** Content of this size in bytes, or less, is read whole, if it has to be verified. */
    static final int SMALL = 1 << 20;

    /** A file of this length, or less, is read in one piece, together with its header. */
    private static final int SMALL_FILE = 64 << 10;

    /** What is read of other files first: a header of up to 508 offsets. */
    private static final int HEADER = 4 << 10;

    /** A helper is worth it from this many frames on: about 2 ms of decoding. */
    private static final int FRAMES_PER_HELPER = 4;

    /** Consecutive frames are read together up to this many bytes. */
    private static final int RUN = 1 << 20;

    private final EntryChannel channel;
    private final Entry entry;
    private final EntryState state;
    private final FrameTable table;
    /** The whole file, if it is small and was read with its header. */
    private final @Nullable PooledBuffer whole;

    private final ReadSupport support;

    private EntryReader(
            EntryChannel channel,
            Entry entry,
            EntryState state,
            FrameTable table,
            @Nullable PooledBuffer whole,
            ReadSupport support) {
        this.channel = channel;
        this.entry = entry;
        this.state = state;
        this.table = table;
        this.whole = whole;
        this.support = support;
    }

    /**
     * Opens the file of an entry, which the caller keeps from being deleted.
     *
     * @throws java.nio.file.NoSuchFileException if there is no such file any more
     * @throws FrameFormatException if it is not what its name says
     */
    public static EntryReader open(Entry entry, Path path, ReadSupport support) throws IOException {
        EntryChannel channel = EntryChannel.open(() -> support.files().open(path));
        try {
            EntryState state = EntryState.of(entry);
            long size = channel.size();
            if (support.ownFiles() && size != entry.storedSize()) {
                throw new FrameFormatException(
                        "it has " + size + " bytes, instead of " + entry.storedSize() + " when it was added");
            }
            if (entry.format() == EntryFile.Format.PLAIN) {
                FrameTable table = FrameTable.identity(0, size);
                return new EntryReader(channel, entry, state, table, null, support);
            }
            FrameTable kept = state.table();
            if (kept == null || kept.storedOffset(kept.frameCount()) != size) {
                return openCasblob(channel, entry, state, size, support);
            }
            return new EntryReader(channel, entry, state, kept, null, support);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private static EntryReader openCasblob(
            EntryChannel channel, Entry entry, EntryState state, long size, ReadSupport support) throws IOException {
        int length = (int) Math.min(size, size <= SMALL_FILE ? size : HEADER);
        PooledBuffer start = DirectBufferPool.shared().take(length);
        try {
            CasblobHeader header = CasblobHeader.parse(read(channel, start), size);
            if (header.contentSize() != entry.contentSize()) {
                throw new FrameFormatException(
                        "its header gives a size of " + header.contentSize() + ", and its name " + entry.contentSize());
            }
            FrameTable table =
                    header.length() <= length ? header.table(start.buffer(), size) : readTable(channel, header, size);
            if (table.frameCount() > 1) {
                state.keep(table);
                entry.attach(state);
            }
            if (length == size) {
                return new EntryReader(channel, entry, state, table, start, support);
            }
            start.close();
            return new EntryReader(channel, entry, state, table, null, support);
        } catch (IOException | RuntimeException | Error e) {
            start.close();
            throw e;
        }
    }

    private static FrameTable readTable(EntryChannel channel, CasblobHeader header, long size) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take(header.length())) {
            return header.table(read(channel, memory), size);
        }
    }

    private static ByteBuffer read(EntryChannel channel, PooledBuffer memory) throws IOException {
        channel.readFully(memory.buffer(), 0);
        return memory.buffer().flip();
    }

    /** Returns the size of the content in bytes. */
    public long contentSize() {
        return table.contentSize();
    }

    /**
     * Reads a range of the content.
     *
     * @param from the first byte
     * @param to the end of the range, inside the content
     * @param target receives the bytes; after a failure, what was put is undefined
     * @throws FrameFormatException if the content is damaged, or is not that of the key
     */
    public void read(long from, long to, BlobTarget.Window target) throws IOException {
        if (from >= to) {
            return;
        }
        if (table.encoding() == Encoding.IDENTITY) {
            readPlain(from, to, target);
        } else {
            try (FrameReads reads = new FrameReads()) {
                reads.read(from, to, target);
            }
        }
    }

    /** Verifies all of the content, whatever was verified before. */
    public void verify() throws IOException {
        ContentCheck check = new ContentCheck(entry.key());
        if (table.encoding() == Encoding.IDENTITY) {
            try (PooledBuffer memory = DirectBufferPool.shared().take((int) Math.min(RUN, contentSize()))) {
                long end = contentSize();
                for (long at = 0; at < end; at += memory.buffer().limit()) {
                    ByteBuffer piece = memory.buffer().clear();
                    piece.limit((int) Math.min(piece.capacity(), end - at));
                    readStored(piece, table.storedOffset(0) + at);
                    check.add(piece.flip());
                }
            }
        } else {
            try (FrameReads reads = new FrameReads()) {
                reads.hash(check);
            }
        }
        check.finish();
        if (contentSize() > SMALL) {
            state.setVerified();
            entry.attach(state);
        }
    }

    /** Verifies content that no checksum protects, unless that was done before. */
    public void verifyOnce() throws IOException {
        if (!state.isVerified() && ContentCheck.applies(entry.key())) {
            verify();
        }
    }

    /** Verifies content again that no checksum protects, and that is read without verifying it each time. */
    public void verifyAgain() throws IOException {
        if (table.encoding() == Encoding.IDENTITY && contentSize() > SMALL && ContentCheck.applies(entry.key())) {
            verify();
        }
    }

    /** Returns where the frames are stored. */
    public FrameTable table() {
        return table;
    }

    /** Returns how the content is stored. */
    public Encoding encoding() {
        return table.encoding();
    }

    /**
     * Returns the number of bytes of the stored form: of a file of frames, all of it; otherwise the content as it is.
     */
    public long storedSize() {
        return table.encoding() == Encoding.IDENTITY ? contentSize() : table.storedOffset(table.frameCount());
    }

    /**
     * Verifies the content if whoever receives its stored form cannot, for lack of checksums. A writer gives all of its
     * frames a checksum, or none: the first one tells.
     *
     * @throws FrameFormatException if it is damaged
     */
    public void verifyStored() throws IOException {
        if (table.encoding() == Encoding.ZSTD && table.frameCount() > 0) {
            try (PooledBuffer memory = DirectBufferPool.shared().take((int) Math.min(8, table.storedLength(0)))) {
                readStored(memory.buffer(), table.storedOffset(0));
                if (ContentCheck.hasChecksum(memory.buffer().flip())) {
                    return;
                }
            }
        }
        verifyOnce();
    }

    /**
     * Reads bytes of the stored form, as many as the buffer has room for.
     *
     * @param position of the first byte in the stored form
     * @throws FrameFormatException if the file ends before
     */
    public void readStored(long position, ByteBuffer target) throws IOException {
        readStored(target, storedStart() + position);
    }

    /** Transfers bytes of the stored form to a channel; returns how many it took. */
    public long transferStored(long position, long count, WritableByteChannel target) throws IOException {
        return channel.transferTo(storedStart() + position, count, target);
    }

    private long storedStart() {
        return table.encoding() == Encoding.IDENTITY ? table.storedOffset(0) : 0;
    }

    private void readPlain(long from, long to, BlobTarget.Window target) throws IOException {
        if (contentSize() <= SMALL && ContentCheck.applies(entry.key())) {
            readSmallPlain(from, to, target);
            return;
        }
        verifyOnce();
        long at = from;
        while (at < to) {
            ByteBuffer memory = target.buffer();
            int bytes = (int) Math.min(Math.min(memory.remaining(), to - at), RUN);
            ByteBuffer piece = memory.slice(memory.position(), bytes);
            readStored(piece, table.storedOffset(0) + at);
            memory.position(memory.position() + bytes);
            at += bytes;
        }
    }

    /** Reads and verifies all of the content, and puts the part that is wanted: in place if that is all of it. */
    private void readSmallPlain(long from, long to, BlobTarget.Window target) throws IOException {
        int size = (int) contentSize();
        ByteBuffer memory = target.buffer();
        if (to - from == size && memory.isDirect() && memory.remaining() >= size) {
            ByteBuffer content = memory.slice(memory.position(), size);
            readStored(content, table.storedOffset(0));
            ContentCheck.require(entry.key(), content.flip());
            memory.position(memory.position() + size);
            return;
        }
        try (PooledBuffer scratch = DirectBufferPool.shared().take(size)) {
            ByteBuffer content = scratch.buffer();
            readStored(content, table.storedOffset(0));
            ContentCheck.require(entry.key(), content.flip());
            target.put(content.slice((int) from, (int) (to - from)));
        }
    }

    /** Fills a buffer with bytes of the file. */
    private void readStored(ByteBuffer target, long offset) throws IOException {
        if (whole == null) {
            channel.readFully(target, offset);
        } else {
            target.put(whole.buffer().slice((int) offset, target.remaining()));
        }
    }

    /** Closes the file, and releases the memory. Idempotent. */
    @Override
    public void close() throws IOException {
        if (whole != null) {
            whole.close();
        }
        channel.close();
    }

    /** The memory and the decoder of one read of frames. */
    private final class FrameReads implements Closeable {
        private final FrameDecoder decoder = support.decoders().take();
        private @Nullable PooledBuffer stored;
        private @Nullable PooledBuffer scratch;

        void read(long from, long to, BlobTarget.Window target) throws IOException {
            int last = table.frameAt(to - 1);
            boolean first = true;
            for (int frame = table.frameAt(from); frame <= last; first = false) {
                if (!first) { // which verified the content if frames have no checksum
                    frame = readTogether(frame, to, target);
                    if (frame > last) {
                        return;
                    }
                }
                int end = first ? frame + 1 : runFrom(frame, last);
                ByteBuffer run = readRun(frame, end);
                for (int start = frame; frame < end; frame++) {
                    int offset = (int) (table.storedOffset(frame) - table.storedOffset(start));
                    deliver(frame, run.slice(offset, (int) table.storedLength(frame)), from, to, target);
                }
            }
        }

        /**
         * Reads the whole frames of a range with helpers, if they are many and go straight into the target's memory.
         *
         * @return the frame to go on with
         */
        private int readTogether(int frame, long to, BlobTarget.Window target) throws IOException {
            ByteBuffer memory = target.buffer();
            long room = memory.isDirect() ? memory.remaining() : 0;
            int end = frame;
            while (end < table.frameCount()
                    && table.contentOffset(end + 1) <= to
                    && table.contentOffset(end + 1) - table.contentOffset(frame) <= room) {
                end++;
            }
            int helpers = Math.min(support.helpers(), (end - frame) / FRAMES_PER_HELPER);
            if (helpers == 0) {
                return frame;
            }
            ByteBuffer shared = memory.slice();
            SharedFrames frames = new SharedFrames(frame, end);
            int done = frames.run(
                    taken -> {
                        try (FrameReads reads = new FrameReads()) {
                            reads.decodeAll(taken, frame, shared);
                        }
                    },
                    support.executor(),
                    helpers);
            memory.position(memory.position() + (int) (table.contentOffset(done) - table.contentOffset(frame)));
            frames.throwFailure();
            return done;
        }

        /** Decodes frames, each into its place in memory that begins with a frame. */
        private void decodeAll(SharedFrames frames, int first, ByteBuffer memory) {
            for (int frame = frames.take(); frame >= 0; frame = frames.take()) {
                try {
                    ByteBuffer bytes = readRun(frame, frame + 1);
                    protect(bytes);
                    int offset = (int) (table.contentOffset(frame) - table.contentOffset(first));
                    decode(frame, bytes, memory.slice(offset, (int) table.contentLength(frame)), false);
                } catch (IOException | RuntimeException | Error e) {
                    frames.fail(frame, e);
                }
            }
        }

        /** Returns the end of the run of frames that are read together, beginning with a frame. */
        private int runFrom(int frame, int last) {
            int end = frame + 1;
            while (end <= last && table.storedOffset(end + 1) - table.storedOffset(frame) <= RUN) {
                end++;
            }
            return end;
        }

        private ByteBuffer readRun(int frame, int end) throws IOException {
            int length = (int) (table.storedOffset(end) - table.storedOffset(frame));
            if (whole != null) {
                return whole.buffer().slice((int) table.storedOffset(frame), length);
            }
            stored = ensure(stored, length);
            ByteBuffer run = stored.buffer().clear().limit(length);
            channel.readFully(run, table.storedOffset(frame));
            return run.flip();
        }

        private void deliver(int frame, ByteBuffer bytes, long from, long to, BlobTarget.Window target)
                throws IOException {
            long start = table.contentOffset(frame);
            int length = (int) table.contentLength(frame);
            if (length == 0) {
                return;
            }
            boolean alone = protect(bytes);
            ByteBuffer memory = target.buffer();
            if (start >= from && start + length <= to && memory.isDirect() && memory.remaining() >= length) {
                decode(frame, bytes, memory, alone);
                memory.position(memory.position() + length);
            } else {
                scratch = ensure(scratch, length);
                ByteBuffer decoded = scratch.buffer().clear();
                decode(frame, bytes, decoded, alone);
                int skip = (int) (Math.max(from, start) - start);
                target.put(decoded.slice(skip, (int) (Math.min(to, start + length) - start) - skip));
            }
        }

        /**
         * Verifies the content if a frame has no checksum; returns whether the frame is all of it, still to be done.
         */
        private boolean protect(ByteBuffer bytes) throws IOException {
            if (ContentCheck.hasChecksum(bytes)) {
                return false;
            }
            if (table.frameCount() == 1) {
                return true;
            }
            verifyOnce();
            return false;
        }

        private void decode(int frame, ByteBuffer bytes, ByteBuffer memory, boolean alone) throws IOException {
            try {
                decoder.decode(table, frame, bytes, memory);
                if (alone) {
                    int length = (int) table.contentLength(frame);
                    ContentCheck.require(entry.key(), memory.slice(memory.position(), length));
                }
            } catch (FrameFormatException e) {
                throw new FrameFormatException(e.getMessage() + ", at offset " + table.storedOffset(frame));
            }
        }

        void hash(ContentCheck check) throws IOException {
            for (int frame = 0; frame < table.frameCount(); frame++) {
                int length = (int) table.contentLength(frame);
                scratch = ensure(scratch, length);
                ByteBuffer decoded = scratch.buffer().clear();
                decode(frame, readRun(frame, frame + 1), decoded, false);
                check.add(decoded.limit(length));
            }
        }

        private PooledBuffer ensure(@Nullable PooledBuffer memory, int length) {
            if (memory != null && memory.buffer().capacity() >= length) {
                return memory;
            }
            if (memory != null) {
                memory.close();
            }
            return DirectBufferPool.shared().take(length);
        }

        @Override
        public void close() {
            support.decoders().give(decoder);
            if (stored != null) {
                stored.close();
            }
            if (scratch != null) {
                scratch.close();
            }
        }
    }
}
