package io.blobstore.server.internal.http;

import io.blobstore.Sha256;
import io.blobstore.cache.ArrivingContent;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.CachedRecord;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.StoredContent;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.ContentRead;
import io.blobstore.server.internal.ReadMemory;
import io.blobstore.server.internal.ReadMemory.Chunk;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is sent about content or a record: a status, header fields, and bytes. Holds the file open until it is closed,
 * or until the region is released that {@link #region} returned.
 */
final class Representation implements Closeable {
    /** What a client wants. */
    record Wish(
            Resource.Blob blob,
            boolean headOnly,
            boolean encrypted,
            AcceptEncoding accepts,
            Optional<RangeHeader> range,
            List<String> noneMatch) {
        /** Returns whether all of some content is wanted as it is: that can be sent while it arrives. */
        boolean isPlainContent() {
            return blob.keyspace() == Keyspace.CAS
                    && !headOnly
                    && accepts.identity()
                    && !accepts.zstd()
                    && range.isEmpty()
                    && noneMatch.isEmpty();
        }
    }

    /** Up to here, bytes are read and sent rather than transferred by the kernel: fewer system calls. */
    private static final int SMALL = 64 << 10;

    private final HttpResponseStatus status;
    private final HttpHeaders fields = new DefaultHttpHeaders();
    private long length;
    private @Nullable StoredRegion region;
    private @Nullable ContentRead read;
    private @Nullable Chunk first;

    private Representation(HttpResponseStatus status) {
        this.status = status;
    }

    /**
     * Finds what a client wants.
     *
     * @return empty if it is not there, or turned out to be damaged
     */
    static Optional<Representation> find(CacheAccess cache, Wish wish) throws IOException {
        if (wish.blob.keyspace() == Keyspace.CAS) {
            Optional<CachedContent> found = cache.open(wish.blob.hash());
            return found.isEmpty() ? Optional.empty() : Optional.of(content(cache.memory(), found.get(), wish));
        }
        Optional<CachedRecord> found = cache.openRecord(wish.blob.keyspace(), wish.blob.hash());
        return found.isEmpty() ? Optional.empty() : Optional.of(record(cache.memory(), found.get(), wish));
    }

    /** Returns what is sent about content of the remote cache when only the head is wanted. */
    static Representation ofRemote(Wish wish, long size) {
        boolean known = EntityTags.anyMatches(wish.noneMatch, wish.blob.hash());
        return ofRemote(wish, size, known);
    }

    /**
     * Returns content of the remote cache that is sent while it arrives.
     *
     * @param content closed with the result
     */
    static Representation ofArriving(ReadMemory memory, ArrivingContent content, Wish wish) {
        Representation result = ofRemote(wish, content.size(), false);
        result.read = ContentRead.arriving(content, memory);
        return result;
    }

    private static Representation ofRemote(Wish wish, long size, boolean known) {
        Sha256 hash = wish.blob.hash();
        Representation result = new Representation(
                known
                        ? HttpResponseStatus.NOT_MODIFIED
                        : wish.accepts.identity() ? HttpResponseStatus.OK : HttpResponseStatus.NOT_ACCEPTABLE);
        result.fields.set(HttpHeaderNames.ETAG, EntityTags.strong(hash));
        result.fields.set(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING);
        result.fields.set(HttpHeaderNames.ACCEPT_RANGES, "bytes");
        result.length = size;
        return result;
    }

    private static Representation record(ReadMemory memory, CachedRecord record, Wish wish) throws IOException {
        try {
            Representation result = new Representation(HttpResponseStatus.OK);
            result.length = record.size();
            if (!wish.headOnly) {
                result.send(memory, record.stored(), record, wish, 0, record.size());
            }
            return result.finish(record);
        } catch (IOException | RuntimeException | Error e) {
            record.close();
            throw e;
        }
    }

    private static Representation content(ReadMemory memory, CachedContent content, Wish wish) throws IOException {
        try {
            Representation result =
                    content(memory, content, wish, content.digest().sha256());
            result.fields.set(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING);
            return result.finish(content);
        } catch (IOException | RuntimeException | Error e) {
            content.close();
            throw e;
        }
    }

    /** Closes the lease if nothing is read after this. */
    private Representation finish(Closeable lease) throws IOException {
        if (region == null && read == null) {
            lease.close();
        }
        return this;
    }

    private static Representation content(ReadMemory memory, CachedContent content, Wish wish, Sha256 hash)
            throws IOException {
        if (EntityTags.anyMatches(wish.noneMatch, hash)) {
            Representation result = new Representation(HttpResponseStatus.NOT_MODIFIED);
            result.fields.set(HttpHeaderNames.ETAG, EntityTags.strong(hash));
            return result;
        }
        if (wish.accepts.zstd() && (wish.range.isEmpty() || !wish.accepts.identity())) {
            StoredContent stored = content.stored();
            if (stored.encoding() == StoredContent.Encoding.ZSTD) {
                return frames(memory, content, stored, wish, hash);
            }
        }
        if (!wish.accepts.identity()) {
            return new Representation(HttpResponseStatus.NOT_ACCEPTABLE);
        }
        return identity(memory, content, wish, hash);
    }

    private static Representation frames(
            ReadMemory memory, CachedContent content, StoredContent stored, Wish wish, Sha256 hash) throws IOException {
        Representation result = new Representation(HttpResponseStatus.OK);
        result.fields.set(HttpHeaderNames.CONTENT_ENCODING, "zstd");
        result.fields.set(HttpHeaderNames.ETAG, EntityTags.weak(hash));
        result.fields.set("X-Digest-SizeBytes", content.digest().size());
        result.length = stored.size();
        if (!wish.headOnly) {
            result.send(memory, stored, content, wish, 0, stored.size());
        }
        return result;
    }

    private static Representation identity(ReadMemory memory, CachedContent content, Wish wish, Sha256 hash)
            throws IOException {
        long size = content.digest().size();
        long from = 0;
        long to = size;
        Representation result = new Representation(HttpResponseStatus.OK);
        if (wish.range.isPresent() && !wish.headOnly) {
            Optional<RangeHeader.Part> part = wish.range.get().of(size);
            if (part.isEmpty()) {
                Representation unsatisfiable = new Representation(HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
                unsatisfiable.fields.set(HttpHeaderNames.CONTENT_RANGE, "bytes */" + size);
                return unsatisfiable;
            }
            from = part.get().from();
            to = part.get().to();
            result = new Representation(HttpResponseStatus.PARTIAL_CONTENT);
            result.fields.set(HttpHeaderNames.CONTENT_RANGE, "bytes " + from + '-' + (to - 1) + '/' + size);
        }
        result.fields.set(HttpHeaderNames.ETAG, EntityTags.strong(hash));
        result.fields.set(HttpHeaderNames.ACCEPT_RANGES, "bytes");
        result.length = to - from;
        if (wish.headOnly) {
            content.stored(); // so that it says what a GET would say
        } else if (to > from) {
            result.sendDecoded(memory, content, wish, from, to);
        }
        return result;
    }

    private void sendDecoded(ReadMemory memory, CachedContent content, Wish wish, long from, long to)
            throws IOException {
        if (to - from > ReadMemory.LARGE && !wish.encrypted) {
            StoredContent stored = content.stored();
            if (stored.encoding() == StoredContent.Encoding.IDENTITY) {
                region = new StoredRegion(stored, content, from, to - from);
                return;
            }
        }
        send(ContentRead.decoded(content, memory, from, to));
    }

    private void send(ReadMemory memory, StoredContent stored, Closeable lease, Wish wish, long from, long to)
            throws IOException {
        if (to - from > SMALL && !wish.encrypted) {
            region = new StoredRegion(stored, lease, from, to - from);
        } else if (to > from) {
            send(ContentRead.stored(stored, lease, memory, from, to));
        }
    }

    /** Reads the first chunk: content that is damaged there is not there, instead of a response that ends early. */
    private void send(ContentRead bytes) throws IOException {
        first = bytes.next();
        read = bytes;
    }

    HttpResponseStatus status() {
        return status;
    }

    HttpHeaders fields() {
        return fields;
    }

    /** Returns the number of bytes, which are sent unless only the head is. */
    long length() {
        return length;
    }

    /** Returns what the kernel sends; null if nothing. To be released by its receiver. */
    @Nullable StoredRegion region() {
        return region;
    }

    /** Returns what is read and sent, the {@link #first} chunk excepted; null if nothing. */
    @Nullable ContentRead read() {
        return read;
    }

    /** Returns the first chunk, to be closed by its receiver. */
    @Nullable Chunk first() {
        return first;
    }

    @Override
    public void close() throws IOException {
        if (region != null) {
            region.release();
        }
        if (first != null) {
            first.close();
        }
        if (read != null) {
            read.close();
        }
    }
}
