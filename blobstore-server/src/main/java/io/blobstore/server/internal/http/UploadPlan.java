package io.blobstore.server.internal.http;

import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.Upload;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;

/**
 * What a client announces to send.
 *
 * @param size the size of the content in bytes
 * @param zstd whether it is sent as zstd frames
 * @param maxReceived the most bytes that the body may have
 */
record UploadPlan(Resource.Blob blob, long size, boolean zstd, long maxReceived) {
    private static final String SIZE_FIELD = "X-Digest-SizeBytes";
    /** What frames may have beyond their content, besides 1/8 of it: headers, and frames that hold nothing. */
    private static final int FRAME_MARGIN = 1 << 20;

    private static final int MAX_DIGITS = 18;

    /** The request cannot be served as it is. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final transient HttpResponseStatus status;

        RefusedException(HttpResponseStatus status, String message) {
            super(message, null, false, false);
            this.status = status;
        }

        HttpResponseStatus status() {
            return status;
        }
    }

    /** Checks what the head of a request announces. */
    static UploadPlan of(HttpRequest head, Resource.Blob blob, CacheAccess limits) throws RefusedException {
        boolean zstd = isZstd(head, blob);
        long length = HttpUtil.getContentLength(head, -1L);
        long size = size(head.headers(), length, zstd);
        boolean content = blob.keyspace() == Keyspace.CAS;
        long most = content ? limits.maxBlobBytes() : limits.maxRecordBytes();
        if (size > most) {
            throw new RefusedException(
                    HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "at most " + most + " bytes can be put");
        }
        long maxReceived = zstd ? size + size / 8 + FRAME_MARGIN : size;
        if (length > maxReceived || (!zstd && length >= 0 && length != size)) {
            throw new RefusedException(
                    HttpResponseStatus.BAD_REQUEST,
                    "Content-Length is " + length + ", which does not agree with a size of " + size);
        }
        String expectation = head.headers().get(HttpHeaderNames.EXPECT);
        if (expectation != null && !HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expectation)) {
            throw new RefusedException(HttpResponseStatus.EXPECTATION_FAILED, "only 100-continue can be expected");
        }
        return new UploadPlan(blob, size, zstd, maxReceived);
    }

    private static boolean isZstd(HttpRequest head, Resource.Blob blob) throws RefusedException {
        if (Routes.isIdentity(head)) {
            return false;
        }
        if (blob.keyspace() == Keyspace.CAS
                && head.headers().get(HttpHeaderNames.CONTENT_ENCODING).strip().equalsIgnoreCase("zstd")) {
            return true;
        }
        throw new RefusedException(
                HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                "the encoding of content is zstd or identity, and that of records is identity");
    }

    private static long size(HttpHeaders fields, long length, boolean zstd) throws RefusedException {
        String declared = fields.get(SIZE_FIELD);
        if (declared == null) {
            if (zstd) {
                throw new RefusedException(
                        HttpResponseStatus.BAD_REQUEST,
                        SIZE_FIELD + " is needed with zstd: the size of the content in bytes");
            }
            if (length < 0) {
                throw new RefusedException(
                        HttpResponseStatus.LENGTH_REQUIRED, "Content-Length or " + SIZE_FIELD + " is needed");
            }
            return length;
        }
        String digits = declared.strip();
        if (digits.isEmpty() || digits.length() > MAX_DIGITS || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new RefusedException(
                    HttpResponseStatus.BAD_REQUEST, SIZE_FIELD + " must be a number of bytes, 0 or more");
        }
        return Long.parseLong(digits);
    }

    /** Begins the upload; called by a worker. */
    Upload begin(CacheAccess cache) throws IOException {
        return blob.keyspace() == Keyspace.CAS
                ? cache.upload(new Digest(blob.hash(), size), zstd)
                : cache.uploadRecord(blob.keyspace(), blob.hash(), size);
    }
}
