package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A client that transfers the content part by part with threads of its own, from or to a warm mapping. Subclasses
 * transfer one part; operations that they do not override are not supported.
 */
abstract class PartwiseClient implements BenchmarkClient {
    final TransferSpec spec;
    /** The whole content; only slices and duplicates of it are used. */
    final ByteBuffer memory;

    final int size;
    private final PartWorkers workers;

    PartwiseClient(TransferSpec spec) throws IOException {
        this.spec = spec;
        this.memory = spec.map();
        this.size = memory.capacity();
        this.workers = new PartWorkers(spec.concurrency());
    }

    @Override
    public void round() throws Exception {
        switch (spec.operation()) {
            case UPLOAD -> upload();
            case READ -> read((offset, length) -> read(offset, memory.slice((int) offset, length)));
            case DOWNLOAD -> {
                try (FileChannel file =
                        FileChannel.open(spec.newFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                    read((offset, length) -> download(offset, length, file));
                }
            }
            default -> throw new UnsupportedOperationException();
        }
    }

    private void upload() throws Exception {
        String uploadId = create();
        String[] etags = new String[PartWorkers.parts(size, spec.partSize())];
        workers.forEachPart(
                size,
                spec.partSize(),
                (index, offset, length) ->
                        etags[index] = uploadPart(uploadId, index, offset, memory.slice((int) offset, length)));
        complete(uploadId, Arrays.asList(etags));
    }

    /** Reads one part and returns its checksum. */
    @FunctionalInterface
    private interface PartReader {
        Crc32c read(long offset, int length) throws Exception;
    }

    private void read(PartReader reader) throws Exception {
        AtomicIntegerArray checksums = new AtomicIntegerArray(PartWorkers.parts(size, spec.partSize()));
        workers.forEachPart(
                size,
                spec.partSize(),
                (index, offset, length) ->
                        checksums.set(index, reader.read(offset, length).value()));
        Crc32c whole = Crc32c.EMPTY;
        for (int i = 0; i < checksums.length(); i++) {
            long length = Math.min(spec.partSize(), size - (long) i * spec.partSize());
            whole = whole.combine(new Crc32c(checksums.get(i)), length);
        }
        require(whole, checksum());
    }

    /** Fails if the content that was read does not have the checksum of the object. */
    static void require(Crc32c actual, String expected) throws IOException {
        if (!actual.base64().equals(expected)) {
            throw new IOException("the object's CRC32C is " + expected + ", but " + actual.base64() + " was read");
        }
    }

    /** Creates a multipart upload and returns its id. */
    String create() throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Uploads part {@code index}, counted from 0, and returns its entity tag. */
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) throws Exception {
        throw new UnsupportedOperationException();
    }

    void complete(String uploadId, List<String> etags) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Reads a range until the target is full, and returns the checksum of the range. */
    Crc32c read(long offset, ByteBuffer target) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Reads a range into the same place of a file, and returns its checksum. */
    Crc32c download(long offset, int length, FileChannel file) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Returns the CRC32C of the whole object in Base64. */
    String checksum() throws Exception {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws Exception {
        workers.close();
    }
}
