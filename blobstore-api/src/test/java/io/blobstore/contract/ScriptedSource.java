package io.blobstore.contract;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Content on the heap that is visited in small pieces, with a script that runs before each of them, so that a test can
 * act while a store reads.
 */
final class ScriptedSource implements BlobSource {
    /** Runs before a piece is visited. */
    interface Script {
        /**
         * Runs on the visiting thread.
         *
         * @param piece the number of pieces visited before, of this source and all its slices
         */
        void beforePiece(int piece) throws IOException;
    }

    private final BlobSource content;
    private final long pieceSize;
    private final Script script;
    private final AtomicInteger pieces;

    ScriptedSource(byte[] content, long pieceSize, Script script) {
        this(BlobSource.of(ByteBuffer.wrap(content)), pieceSize, script, new AtomicInteger());
    }

    private ScriptedSource(BlobSource content, long pieceSize, Script script, AtomicInteger pieces) {
        this.content = content;
        this.pieceSize = pieceSize;
        this.script = script;
        this.pieces = pieces;
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size());
        return new ScriptedSource(content.slice(offset, length), pieceSize, script, pieces);
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        for (long at = 0; at < size(); at += pieceSize) {
            script.beforePiece(pieces.getAndIncrement());
            content.slice(at, Math.min(pieceSize, size() - at)).forEachBuffer(maxBufferSize, visitor);
        }
    }

    @Override
    public void checkUnchanged() throws IOException {
        content.checkUnchanged();
    }

    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, content.retain()::close);
    }
}
