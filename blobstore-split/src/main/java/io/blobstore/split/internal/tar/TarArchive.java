package io.blobstore.split.internal.tar;

import static io.blobstore.split.internal.tar.TarHeader.BLOCK;

import io.blobstore.split.SplitInput;
import io.blobstore.split.SplitSink;
import io.blobstore.split.TarFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One archive while it is being split. Not thread-safe. */
final class TarArchive {
    /** The largest sum of the metadata of an entry, in bytes: long names and pax headers. */
    private static final int MAX_METADATA = SplitInput.MAX_PEEK;

    /** The rest of an input is declared in steps, as an input of unknown size reads ahead. */
    private static final int STEP = 64 * 1024;

    private final SplitInput input;
    private final SplitSink sink;
    private final int inlineUpTo;
    private final TarHeader header = new TarHeader();

    /** The offset of the first header of the current entry. */
    private long entryOffset;
    // Metadata that precede the header of the current entry:
    private @Nullable String longName;
    private boolean hasLongLink;
    private @Nullable PaxRecords pax;
    private long metadataBytes;

    TarArchive(SplitInput input, SplitSink sink, int inlineUpTo) {
        this.input = input;
        this.sink = sink;
        this.inlineUpTo = inlineUpTo;
    }

    /**
     * Splits entries up to the end of the archive: two blocks of zeros, or the end of the input instead of a header.
     *
     * @throws TarFormatException if the archive is not well-formed; what was consumed until then is declared correctly
     */
    void split() throws IOException {
        boolean isAtEnd = false;
        while (!isAtEnd) {
            forgetMetadata();
            entryOffset = input.position();
            isAtEnd = splitEntry();
        }
    }

    /** Declares inline what is left. */
    void inlineRest() throws IOException {
        for (long bytes = input.available(STEP); bytes > 0; bytes = input.available(STEP)) {
            sink.inline(bytes);
        }
    }

    private void forgetMetadata() {
        longName = null;
        hasLongLink = false;
        pax = null;
        metadataBytes = 0;
    }

    private boolean hasMetadata() {
        return longName != null || hasLongLink || pax != null;
    }

    /** Splits an entry with the metadata before it. Returns whether the archive ends here instead. */
    private boolean splitEntry() throws IOException {
        while (readHeader()) {
            try {
                if (header.isZero()) {
                    if (isEndMarker()) {
                        return true;
                    }
                    sink.inline(BLOCK); // a stray one: the next block is a header
                    continue;
                }
                header.checkChecksum();
                if (header.type() == 'g') { // whatever the magic is
                    global();
                    return false;
                }
                if (header.isExtensible() && isMetadata(header.type())) {
                    addMetadata();
                    continue;
                }
                splitContent();
                return false;
            } catch (TarFieldException e) {
                throw failed(e.problem());
            }
        }
        return true;
    }

    /** Reads the next header, without consuming it. Returns false if the input ends here, as it may. */
    private boolean readHeader() throws IOException {
        ByteBuffer next = input.peek(BLOCK);
        if (next.remaining() == BLOCK) {
            header.read(next);
            return true;
        }
        if (next.hasRemaining()) {
            throw new TarFormatException(
                    longName, entryOffset, "the input ends inside a header, after " + next.remaining() + " bytes");
        }
        if (hasMetadata()) {
            throw new TarFormatException(longName, entryOffset, "the input ends instead of a header");
        }
        return false;
    }

    /** Returns whether a second block of zeros follows the one that was read. */
    private boolean isEndMarker() throws IOException, TarFieldException {
        ByteBuffer next = input.peek(2 * BLOCK);
        if (next.remaining() < 2 * BLOCK) {
            throw new TarFormatException(null, input.position(), "the input ends after one block of zeros, not two");
        }
        header.read(next.position(BLOCK));
        if (!header.isZero()) {
            return false;
        }
        if (hasMetadata()) {
            throw new TarFormatException(longName, entryOffset, "the archive ends after metadata of an entry");
        }
        return true;
    }

    private static boolean isMetadata(char type) {
        return type == 'L' || type == 'K' || type == 'x';
    }

    /** Reads the name, the link's target, or the pax header of the next entry. */
    private void addMetadata() throws IOException, TarFieldException {
        char type = header.type();
        if (type == 'L' ? longName != null : type == 'K' ? hasLongLink : pax != null) {
            throw new TarFieldException("there are two headers of type " + type + " for one entry");
        }
        byte[] content = metadata(metadataBytes);
        metadataBytes += content.length;
        if (type == 'L') {
            int length = content.length > 0 && content[content.length - 1] == 0 ? content.length - 1 : content.length;
            longName = new String(content, 0, length, StandardCharsets.UTF_8);
        } else if (type == 'K') {
            hasLongLink = true;
        } else {
            pax = PaxRecords.parse(content);
        }
    }

    /**
     * Passes over a pax header of all following entries: sizes and names cannot be in it. It also ends what was said of
     * the next entry, as in composefs-rs.
     */
    private void global() throws IOException, TarFieldException {
        metadata(0);
    }

    /** Consumes a header and its content, and returns the content. */
    private byte[] metadata(long before) throws IOException, TarFieldException {
        long size = header.size();
        if (size < 0 || size > MAX_METADATA - before) {
            throw new TarFieldException("its metadata have more than " + MAX_METADATA + " bytes");
        }
        requireAvailable(BLOCK + padded(size), size);
        sink.inline(BLOCK);
        byte[] content = new byte[(int) size];
        input.peek(content.length).get(content);
        sink.inline(padded(size));
        return content;
    }

    private void splitContent() throws IOException, TarFieldException {
        long size = header.size();
        if (pax != null) {
            if (pax.size() >= 0) {
                size = pax.size();
            }
            if (pax.isSparse()) {
                throw new TarFieldException("it is a sparse file, which is not supported");
            }
        }
        if (header.type() == 'S' && header.isExtensible()) {
            throw new TarFieldException("it is a sparse file, which is not supported");
        }
        header.checkOtherFields();
        String name = name();
        if (name.isEmpty()) {
            throw new TarFieldException("it has no name");
        }
        if (size < 0 || size > Long.MAX_VALUE - 2 * BLOCK) {
            throw new TarFieldException("its size, " + Long.toUnsignedString(size) + ", is not possible");
        }
        boolean isObject = header.isFile() && size > inlineUpTo;
        if (isObject && size > SplitInput.MAX_PEEK) {
            largeObject(size, name);
            return;
        }
        requireAvailable(BLOCK + padded(size), size);
        sink.inline(BLOCK);
        if (isObject) {
            sink.object(size, name);
            sink.inline(padded(size) - size);
        } else {
            sink.inline(padded(size));
        }
    }

    /** Declares a large file before all of it is available, so that it is processed while it arrives. */
    private void largeObject(long size, String name) throws IOException, TarFieldException {
        sink.inline(BLOCK);
        try {
            sink.object(size, name);
        } catch (EOFException e) {
            long available = input.available(size); // throws it again if the input is what ended
            if (available == size) {
                throw e;
            }
            throw new TarFieldException("the input ends after " + available + " of its " + size + " bytes");
        }
        long padding = padded(size) - size;
        if (input.available(padding) < padding) {
            throw new TarFieldException("the input ends inside the padding after its " + size + " bytes");
        }
        sink.inline(padding);
    }

    private String name() {
        String ofPax = pax == null ? null : pax.path();
        if (ofPax != null) {
            return ofPax;
        }
        return longName != null ? longName : header.name();
    }

    private void requireAvailable(long bytes, long size) throws IOException, TarFieldException {
        long available = input.available(bytes);
        if (available < bytes) {
            throw new TarFieldException(
                    available - BLOCK < size
                            ? "the input ends after " + (available - BLOCK) + " of its " + size + " bytes"
                            : "the input ends inside the padding after its " + size + " bytes");
        }
    }

    private static long padded(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }

    private TarFormatException failed(String problem) {
        String name = name();
        boolean isReadable = !name.isEmpty() && name.chars().noneMatch(c -> c < ' ' || c == '\ufffd');
        return new TarFormatException(isReadable ? name : null, entryOffset, problem);
    }
}
