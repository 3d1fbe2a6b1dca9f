package io.blobstore.cas.internal;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Writes content as it is. */
public final class PlainWriter implements EntryWriter {
    private static final int PIECE = 128 << 10;

    private final TemporaryEntry file;
    private final MessageDigest digest = Sha256.newMessageDigest();
    private volatile long written;

    /** Creates a writer into an empty file. */
    public PlainWriter(TemporaryEntry file) {
        this.file = file;
    }

    @Override
    public void add(BlobSource content, Runnable done) throws IOException {
        try {
            content.forEachBuffer(PIECE, buffer -> {
                digest.update(buffer.duplicate());
                file.append(buffer);
                written = file.length();
            });
        } finally {
            done.run();
        }
    }

    @Override
    public void flush() {
        // nothing is kept back
    }

    @Override
    public int pieceSize() {
        return Integer.MAX_VALUE;
    }

    @Override
    public EntryFile.Format format() {
        return EntryFile.Format.PLAIN;
    }

    @Override
    public Sha256 finish() {
        return Sha256.ofBytes(digest.digest());
    }

    @Override
    public long readable() {
        return written;
    }

    @Override
    public int read(EntryChannel channel, IdleObjects<FrameDecoder> decoders, long offset, ByteBuffer target)
            throws IOException {
        int bytes = (int) Math.min(target.remaining(), written - offset);
        ByteBuffer piece = target.slice(target.position(), bytes);
        channel.readFully(piece, offset);
        target.position(target.position() + bytes);
        return bytes;
    }

    @Override
    public void describe(Entry entry) {
        if (written > EntryReader.SMALL) {
            EntryState state = EntryState.of(entry);
            state.setVerified();
            entry.attach(state);
        }
    }

    @Override
    public void close() {
        // nothing to release
    }
}
