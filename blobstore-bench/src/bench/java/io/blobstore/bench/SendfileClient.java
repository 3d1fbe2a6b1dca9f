package io.blobstore.bench;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * The lower bound of an unencrypted upload: the loop of {@link HandRolledClient}, but the kernel sends the file, and no
 * checksum is computed.
 */
final class SendfileClient extends HandRolledClient {
    private final FileChannel file;

    SendfileClient(TransferSpec spec) throws Exception {
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
