package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The baseline: a hand-written loop that writes the mapped slices to blocking channels, or reads into them, and
 * computes their CRC32C. It signs nothing, never retries, and handles no errors.
 */
class HandRolledClient extends PartwiseClient {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    /** Uses a connection exclusively. */
    @FunctionalInterface
    interface Use<T> {
        T apply(HandRolledConnection connection) throws Exception;
    }

    private final BlockingQueue<HandRolledConnection> idle = new LinkedBlockingQueue<>();

    HandRolledClient(TransferSpec spec) throws Exception {
        super(spec);
        for (int i = 0; i < spec.concurrency(); i++) {
            idle.add(new HandRolledConnection(spec));
        }
    }

    /** Uses an idle connection, which is not reused after a failure. */
    final <T> T with(Use<T> use) throws Exception {
        HandRolledConnection connection = idle.take();
        T result = use.apply(connection);
        idle.add(connection);
        return result;
    }

    static String object(TransferSpec spec) {
        return "/" + TransferSpec.BUCKET + "/" + spec.key();
    }

    static String part(TransferSpec spec, String uploadId, int index) {
        return object(spec) + "?partNumber=" + (index + 1) + "&uploadId=" + uploadId;
    }

    /** Returns the upload id in the response to the creation of a multipart upload. */
    static String uploadId(String created) {
        String before = "<UploadId>";
        int start = created.indexOf(before) + before.length();
        return created.substring(start, created.indexOf("</UploadId>", start));
    }

    private static String checksumHeader(ByteBuffer content) {
        return "x-amz-checksum-crc32c: " + Crc32c.of(content).base64() + "\r\n";
    }

    @Override
    String create() throws Exception {
        return uploadId(with(connection -> connection.exchange("POST " + object(spec) + "?uploads", "", EMPTY)));
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) throws Exception {
        String request = "PUT " + part(spec, uploadId, index);
        return with(connection -> connection.exchange(request, checksumHeader(content), content));
    }

    @Override
    void complete(String uploadId, List<String> etags) throws Exception {
        with(connection -> connection.exchange("POST " + object(spec) + "?uploadId=" + uploadId, "", EMPTY));
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) throws Exception {
        String range = TransferSpec.range(offset, target.remaining());
        return with(connection -> connection.get("GET " + object(spec), range, target));
    }

    @Override
    Crc32c download(long offset, int length, FileChannel file) throws Exception {
        String range = TransferSpec.range(offset, length);
        return with(connection -> connection.copy("GET " + object(spec), range, length, file, offset));
    }

    @Override
    String checksum() throws Exception {
        return with(connection -> connection.checksum(object(spec)));
    }

    @Override
    public void put(ByteBuffer content) throws Exception {
        with(connection -> connection.exchange("PUT " + object(spec), checksumHeader(content), content));
    }

    @Override
    public void get(ByteBuffer target) throws Exception {
        read(0, target);
    }

    @Override
    public void close() throws Exception {
        super.close();
        for (HandRolledConnection connection : idle) {
            connection.close();
        }
    }

    /**
     * The lower bound of an unencrypted upload: the same loop, but the kernel sends the file, and no checksum is
     * computed.
     */
    static final class Sendfile extends HandRolledClient {
        private final FileChannel file;

        Sendfile(TransferSpec spec) throws Exception {
            super(requirePlain(spec));
            this.file = FileChannel.open(spec.file(), StandardOpenOption.READ);
        }

        private static TransferSpec requirePlain(TransferSpec spec) {
            if (spec.transport().isEncrypted()) {
                throw new BenchmarkException("the kernel sends files unchanged: uploads over HTTP only");
            }
            return spec;
        }

        @Override
        String uploadPart(String uploadId, int index, long offset, ByteBuffer content) throws Exception {
            int length = content.remaining();
            return with(connection -> connection.exchange("PUT " + part(spec, uploadId, index), file, offset, length));
        }

        @Override
        public void close() throws Exception {
            super.close();
            file.close();
        }
    }
}
