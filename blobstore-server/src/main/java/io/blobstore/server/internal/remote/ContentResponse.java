package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.TargetException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.StreamDecoder;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives content from an HTTP cache into a window: as it is, or as zstd frames, which are decoded while they arrive.
 * Whatever the response says, no more content is taken than is expected, and no more is read than frames of it need.
 *
 * <p>Receives one response. Not thread-safe.
 */
final class ContentResponse implements ResponseHandler, Closeable {
    /** The header field by which caches tell the size of the content, whatever its encoding. */
    static final String SIZE = "X-Digest-SizeBytes";

    private static final int PARTIAL = 206;
    private static final int BUFFER = 256 << 10;
    /** What frames, and the header of a casblob, take in addition to content that does not compress: at most. */
    private static final long MAX_OVERHEAD = 64 << 10;

    private static final int MAX_OVERHEAD_SHIFT = 6;

    /** Signals that content has more bytes than there is room for. */
    static final class TooLargeException extends BlobStoreException {
        private static final long serialVersionUID = 1;

        TooLargeException(BlobKey key) {
            super(Operation.READ, key, "it has more bytes than there is room for", null, false);
        }
    }

    private final BlobKey key;
    /** The size of the content; if it is not known, the most that is taken. */
    private final long size;

    private final boolean known;
    private final long offset;
    private final long length;
    private final BlobTarget.Window target;

    private final CRC32C crc = new CRC32C();
    /** The bytes of content that have arrived, and those of them that were put into the window. */
    private long arrived;

    private long delivered;
    private Optional<Long> announced = Optional.empty();
    private @Nullable StreamDecoder decoder;
    private @Nullable Arriving arriving;
    private @Nullable IOException damage;

    private ContentResponse(BlobKey key, long size, boolean known, long offset, long length, BlobTarget.Window target) {
        this.key = key;
        this.size = size;
        this.known = known;
        this.offset = offset;
        this.length = length;
        this.target = target;
    }

    /** Receives a range of content whose size is known. */
    static ContentResponse range(BlobKey key, long size, long offset, long length, BlobTarget.Window target) {
        return new ContentResponse(key, size, true, offset, length, target);
    }

    /** Receives all of some content if the window has room for it; otherwise the request fails. */
    static ContentResponse small(BlobKey key, BlobTarget.Window target) {
        long room = target.remaining();
        return new ContentResponse(key, room, false, 0, room, target);
    }

    // ---- the response

    @Override
    public Optional<Body> target(int status, HttpHeaders headers) throws IOException {
        announced = headers.number(SIZE);
        if (announced.isPresent()) {
            requireSize(announced.get());
        }
        boolean zstd = isZstd(headers);
        if (status == PARTIAL) {
            requireRange(headers, zstd);
            return Optional.of(new Body(length, target));
        }
        if (status != 200 || headers.first("Content-Range").isPresent()) {
            throw refused("the status is " + status + ", which is not that of the content");
        }
        if (zstd) {
            decoder = new StreamDecoder();
            return receive(size + (size >> MAX_OVERHEAD_SHIFT) + MAX_OVERHEAD);
        }
        Optional<Long> sent = headers.number("Content-Length");
        if (sent.isPresent()) {
            requireSize(sent.get());
            if (offset == 0 && (!known || length == size)) {
                return Optional.of(new Body(sent.get(), target));
            }
        }
        return receive(size);
    }

    private Optional<Body> receive(long max) {
        Arriving body = new Arriving(max);
        arriving = body;
        return Optional.of(Body.upTo(body.remaining(), body));
    }

    private void requireSize(long sent) throws IOException {
        if (known ? sent != size : sent > size) {
            throw known ? wrong("the cache sends " + sent + " bytes instead of " + size) : new TooLargeException(key);
        }
    }

    private boolean isZstd(HttpHeaders headers) throws BlobStoreException {
        List<String> encodings = headers.all("Content-Encoding").stream()
                .map(encoding -> encoding.strip().toLowerCase(Locale.ROOT))
                .filter(encoding -> !encoding.isEmpty() && !encoding.equals("identity"))
                .toList();
        if (!encodings.isEmpty() && !encodings.equals(List.of("zstd"))) {
            throw refused("it is encoded as nobody asked for");
        }
        return !encodings.isEmpty();
    }

    private void requireRange(HttpHeaders headers, boolean zstd) throws BlobStoreException {
        String expected = "bytes " + offset + '-' + (offset + length - 1) + '/' + size;
        if (!known || zstd || !headers.all("Content-Range").equals(List.of(expected))) {
            throw refused("it is another range than the one that was requested");
        }
    }

    private BlobStoreException refused(String problem) {
        return new BlobStoreException(
                Operation.READ, key, "the response of the HTTP cache cannot be used: " + problem, null, false);
    }

    private IntegrityException wrong(String problem) {
        return new IntegrityException(Operation.READ, key, problem, null);
    }

    private IOException tooLong() {
        return known ? wrong("it has more bytes than " + size) : new TooLargeException(key);
    }

    /** Counts what arrives in the caller's memory directly. */
    @Override
    public void received(ByteBuffer bytes) {
        if (arriving == null) {
            arrived += bytes.remaining();
            delivered += bytes.remaining();
            crc.update(bytes);
        }
    }

    /** The memory in which a body arrives that is not put into the caller's memory as it is. */
    private final class Arriving implements BlobTarget.Window {
        private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
        private final ByteBuffer buffer = memory.buffer();
        private final long max;
        private long taken;

        Arriving(long max) {
            this.max = max;
        }

        /** Returns more than the maximum: it is not the transport that tells what is too much. */
        @Override
        public long remaining() {
            return Long.MAX_VALUE;
        }

        @Override
        public ByteBuffer buffer() throws TargetException {
            if (!buffer.hasRemaining()) {
                take();
            }
            return buffer;
        }

        void take() throws TargetException {
            taken += buffer.position();
            buffer.flip();
            try {
                if (taken > max) {
                    throw tooLong();
                }
                if (decoder != null) {
                    decoder.decode(buffer, ContentResponse.this::take);
                } else {
                    ContentResponse.this.take(buffer);
                }
            } catch (TargetException e) {
                throw e;
            } catch (FrameFormatException e) {
                throw failed(wrong(String.valueOf(e.getMessage())));
            } catch (IOException e) {
                throw failed(e);
            }
            buffer.clear();
        }

        private TargetException failed(IOException cause) {
            damage = cause;
            return new TargetException("content", String.valueOf(cause.getMessage()), cause);
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    /** Takes content: what is in the range is put into the window. */
    private void take(ByteBuffer content) throws IOException {
        int bytes = content.remaining();
        if (bytes > size - arrived) {
            throw tooLong();
        }
        long skipped = Math.min(bytes, Math.max(0, offset - arrived));
        arrived += bytes;
        ByteBuffer wanted =
                content.slice(content.position() + (int) skipped, (int) Math.min(bytes - skipped, length - delivered));
        content.position(content.limit());
        crc.update(wanted.duplicate());
        int put = wanted.remaining();
        target.put(wanted);
        delivered += put;
    }

    // ---- the result

    /** Returns what to throw for a request that failed: if content is damaged, that. */
    IOException failure(BlobStoreException problem) {
        return damage == null ? problem : damage;
    }

    /**
     * Delivers the end of what has arrived, when the response is complete.
     *
     * @throws IntegrityException if that is not all of the content
     */
    void finish() throws IOException {
        if (arriving != null) {
            try {
                arriving.take();
            } catch (TargetException e) {
                throw failure(e);
            }
        }
        if (decoder != null && !decoder.isComplete()) {
            throw wrong("its last zstd frame is not complete");
        }
        if (!known && announced.isPresent() && announced.get() != arrived) {
            throw wrong("it has " + arrived + " bytes instead of " + announced.get());
        }
        if (known && delivered != length) {
            throw wrong("it has " + arrived + " bytes instead of " + size);
        }
    }

    /** Returns the number of bytes that were put into the window. */
    long delivered() {
        return delivered;
    }

    /** Returns the checksum of these bytes. */
    Crc32c checksum() {
        return new Crc32c((int) crc.getValue());
    }

    @Override
    public void close() {
        if (arriving != null) {
            arriving.close();
        }
        if (decoder != null) {
            decoder.close();
        }
    }
}
