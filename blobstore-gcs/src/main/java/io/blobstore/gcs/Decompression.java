package io.blobstore.gcs;

import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpResponse;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * Decompresses responses to the SDK's requests, which ask for gzip. A few KiB can expand to gigabytes: the result is
 * bounded like a response that was not compressed.
 */
final class Decompression {
    private static final int MAX_SUCCESS = HttpClient.MAX_KEPT_BODY;
    private static final int MAX_ERROR = HttpClient.MAX_SMALL_BODY;

    private Decompression() {}

    /** Returns whether {@link #content} decompresses this response. */
    static boolean isNeeded(HttpResponse response) {
        Optional<String> coding = response.header("Content-Encoding");
        return response.body().bytes().length > 0
                && (coding.filter("gzip"::equalsIgnoreCase).isPresent()
                        || coding.filter("x-gzip"::equalsIgnoreCase).isPresent());
    }

    /**
     * Returns the decompressed content. A success that is too large ends with an exception; of an error, the beginning
     * is returned, as far as it can be decompressed.
     */
    static InputStream content(HttpResponse response) throws IOException {
        InputStream compressed = new ByteArrayInputStream(response.body().bytes());
        return response.isSuccess() ? new Bounded(new GZIPInputStream(compressed)) : beginning(compressed);
    }

    private static InputStream beginning(InputStream compressed) {
        byte[] bytes = new byte[MAX_ERROR];
        int size = 0;
        try (InputStream content = new GZIPInputStream(compressed)) {
            for (int read = 0; read >= 0 && size < bytes.length; size += Math.max(read, 0)) {
                read = content.read(bytes, size, bytes.length - size);
            }
        } catch (IOException e) {
            return new ByteArrayInputStream(bytes, 0, size); // only the beginning of a large body is kept
        }
        return new ByteArrayInputStream(bytes, 0, size);
    }

    /** A stream that is not longer than the maximum. */
    private static final class Bounded extends FilterInputStream {
        private long left = MAX_SUCCESS;

        private Bounded(InputStream content) {
            super(content);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count(read);
            return read;
        }

        @Override
        public long skip(long bytes) throws IOException {
            long skipped = super.skip(bytes);
            count(skipped);
            return skipped;
        }

        private void count(long bytes) throws IOException {
            left -= Math.max(bytes, 0);
            if (left < 0) {
                throw new IOException(
                        "the server's response has more than " + MAX_SUCCESS + " bytes when it is decompressed");
            }
        }
    }
}
