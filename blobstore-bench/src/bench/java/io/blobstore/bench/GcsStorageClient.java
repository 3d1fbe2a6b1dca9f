package io.blobstore.bench;

import com.google.cloud.ReadChannel;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import io.blobstore.Crc32c;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** google-cloud-storage's client, which reads with one reader per part, or as a whole with default settings. */
final class GcsStorageClient extends PartwiseClient {
    private final BlobId blob;
    private final Storage storage;
    private final boolean byDefault;

    private GcsStorageClient(TransferSpec spec, boolean byDefault) throws IOException {
        super(spec);
        this.blob = BlobId.of(TransferSpec.BUCKET, spec.key());
        this.storage = GoogleSdk.options(spec).getService();
        this.byDefault = byDefault;
    }

    /** Creates a client that reads into memory with one unbuffered reader per part, which verifies no checksum. */
    static BenchmarkClient inParts(TransferSpec spec) throws IOException {
        return new GcsStorageClient(spec, false);
    }

    /**
     * Creates a client that reads or downloads the whole object with one request. A read that stops at the size does
     * not reach the SDK's own verification, which happens at the end of the stream.
     */
    static BenchmarkClient byDefault(TransferSpec spec) throws IOException {
        return new GcsStorageClient(spec, true);
    }

    @Override
    public void round() throws Exception {
        if (!byDefault) {
            super.round();
        } else if (spec.operation() == Operation.DOWNLOAD) {
            storage.downloadTo(blob, spec.newFile());
        } else {
            try (ReadChannel reader = storage.reader(blob)) {
                require(readFully(reader, memory.duplicate()), checksum());
            }
        }
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) throws IOException {
        try (ReadChannel reader = storage.reader(blob)) {
            reader.setChunkSize(0); // without a buffer of 2 MiB for each part
            reader.seek(offset);
            reader.limit(offset + target.remaining());
            return readFully(reader, target);
        }
    }

    private static Crc32c readFully(ReadChannel reader, ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (reader.read(target) < 0) {
                throw new EOFException("the response ended early");
            }
        }
        return Crc32c.of(target.flip());
    }

    @Override
    String checksum() {
        return storage.get(blob).getCrc32c();
    }

    @Override
    public void put(ByteBuffer content) {
        byte[] copy = new byte[content.remaining()]; // a single request takes nothing else
        content.get(copy);
        // By default it compresses, and the server decodes nothing.
        storage.create(BlobInfo.newBuilder(blob).build(), copy, Storage.BlobTargetOption.disableGzipContent());
    }

    @Override
    public void get(ByteBuffer target) {
        target.put(storage.readAllBytes(blob));
    }

    @Override
    public void close() throws Exception {
        super.close();
        storage.close();
    }
}
