package io.blobstore.server.internal;

import io.blobstore.cas.CachedContent;
import io.blobstore.cas.ContentWriter;
import io.blobstore.cas.Digest;
import io.blobstore.cas.DigestMismatchException;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.StreamDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An upload of content, as it is or as zstd frames, which are decoded: the hash is that of what they hold. Content that
 * is there already is not written again, so what is sent in its place can do no harm.
 */
final class ContentUpload implements Upload {
    private final CacheAccess cache;
    private final Digest digest;
    private final @Nullable StreamDecoder decoder;
    /** Null if the content is there already. */
    private @Nullable ContentWriter writer;

    private ContentUpload(CacheAccess cache, Digest digest, @Nullable StreamDecoder decoder) {
        this.cache = cache;
        this.digest = digest;
        this.decoder = decoder;
    }

    /**
     * Begins an upload.
     *
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    static ContentUpload begin(CacheAccess cache, Digest digest, boolean zstd) throws IOException {
        ContentUpload upload = new ContentUpload(cache, digest, zstd ? new StreamDecoder() : null);
        boolean complete = false;
        try {
            Optional<CachedContent> found = cache.open(digest);
            if (found.isPresent()) {
                found.get().close();
            } else {
                upload.writer = cache.cache().write(digest);
            }
            complete = true;
            return upload;
        } finally {
            if (!complete) {
                upload.close();
            }
        }
    }

    @Override
    public void write(ByteBuffer received) throws IOException {
        ContentWriter target = writer;
        if (target == null) {
            received.position(received.limit());
            return;
        }
        try {
            if (decoder != null) {
                decoder.decode(received, target::write);
            } else {
                target.write(received);
            }
        } catch (DigestMismatchException | FrameFormatException e) {
            throw bad(e);
        }
    }

    @Override
    public CompletableFuture<Void> finish() throws IOException {
        ContentWriter target = writer;
        if (target == null) {
            return cache.uploaded(digest);
        }
        try {
            if (decoder != null && !decoder.isComplete()) {
                throw new FrameFormatException("the last zstd frame is not complete");
            }
            target.commit();
        } catch (DigestMismatchException | FrameFormatException e) {
            throw bad(e);
        }
        return cache.uploaded(digest);
    }

    private static BadContentException bad(IOException cause) {
        return new BadContentException(String.valueOf(cause.getMessage()), cause);
    }

    @Override
    public void close() throws IOException {
        try {
            if (writer != null) {
                writer.close();
            }
        } finally {
            if (decoder != null) {
                decoder.close();
            }
        }
    }
}
