package io.blobstore.split.oci;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Decompresses gzip (RFC 1952) of any number of members, and refuses anything else after them, as programs written in
 * Go and composefs-rs do. The JDK's stream needs a stack frame for each empty member, so that a small file overflows
 * the stack. Not thread-safe.
 */
final class GzipMembers extends InputStream {
    private static final int BUFFER = 64 << 10;

    private static final int HEADER_CRC = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int RESERVED = 0xe0;

    private final InputStream compressed;
    private final byte[] input = new byte[BUFFER];
    private int at;
    private int end;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private boolean inside;

    /** Reads the first header. */
    GzipMembers(InputStream compressed) throws IOException {
        this.compressed = compressed;
        try {
            if (!fill()) {
                throw new EOFException("it is empty, which is not gzip");
            }
            header();
        } catch (Throwable e) {
            inflater.end();
            throw e;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (inside || nextMember()) {
            int count;
            try {
                count = inflater.inflate(target, offset, length);
            } catch (DataFormatException e) {
                throw new ZipException("its compressed data are damaged: " + e.getMessage());
            }
            if (inflater.needsDictionary()) {
                throw new ZipException("its compressed data are damaged: they need a dictionary");
            }
            crc.update(target, offset, count);
            if (inflater.finished()) {
                trailer();
            } else if (inflater.needsInput()) {
                require(fill());
                inflater.setInput(input, at, end - at);
                at = end;
            }
            if (count > 0) {
                return count;
            }
        }
        return -1;
    }

    private boolean nextMember() throws IOException {
        if (at == end && !fill()) {
            return false;
        }
        header();
        return true;
    }

    private void header() throws IOException {
        if (next() != 0x1f || next() != 0x8b || next() != 8) {
            throw new ZipException("it is not gzip, or followed by something else");
        }
        int flags = next();
        if ((flags & RESERVED) != 0) {
            throw new ZipException("its gzip header has unknown flags");
        }
        skip(6); // time, level, system
        if ((flags & EXTRA) != 0) {
            skip(next() | next() << 8);
        }
        for (int text : new int[] {NAME, COMMENT}) {
            boolean more = (flags & text) != 0;
            while (more) {
                more = next() != 0;
            }
        }
        if ((flags & HEADER_CRC) != 0) {
            skip(2);
        }
        inflater.reset();
        inflater.setInput(input, at, end - at);
        at = end;
        crc.reset();
        inside = true;
    }

    private void trailer() throws IOException {
        at = end - inflater.getRemaining();
        long sum = nextInt();
        long size = nextInt();
        if (sum != crc.getValue() || size != (inflater.getBytesWritten() & 0xffff_ffffL)) {
            throw new ZipException("its gzip checksum does not match");
        }
        inside = false;
    }

    private long nextInt() throws IOException {
        return next() | next() << 8 | next() << 16 | (long) next() << 24;
    }

    private void skip(int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            next();
        }
    }

    private int next() throws IOException {
        require(at < end || fill());
        return input[at++] & 0xff;
    }

    private static void require(boolean more) throws EOFException {
        if (!more) {
            throw new EOFException("it ends inside the compressed data");
        }
    }

    private boolean fill() throws IOException {
        at = 0;
        end = Math.max(0, compressed.read(input, 0, input.length));
        return end > 0;
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        compressed.close();
    }
}
