package io.blobstore.server.internal;

import io.blobstore.cas.DigestMismatchException;
import io.blobstore.cas.RecordWriter;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An upload of a record, kept as it was sent. */
final class RecordUpload implements Upload {
    private final RecordWriter writer;

    RecordUpload(RecordWriter writer) {
        this.writer = writer;
    }

    @Override
    public void write(ByteBuffer received) throws IOException {
        try {
            writer.write(received);
        } catch (DigestMismatchException e) {
            throw new BadContentException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void finish() throws IOException {
        try {
            writer.commit();
        } catch (DigestMismatchException e) {
            throw new BadContentException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        writer.close();
    }
}
