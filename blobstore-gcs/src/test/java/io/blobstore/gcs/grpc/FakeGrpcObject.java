package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import com.google.storage.v2.Object;
import com.google.storage.v2.ObjectChecksums;
import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;

/**
 * A generation of an object in a {@link FakeGrpcStorage}. Bytes that are persisted never change, so slices of them may
 * be sent while the object grows. Thread-safe.
 */
final class FakeGrpcObject {
    private final Object metadata;
    private byte[] content = new byte[0];
    private int persisted;
    private Crc32c crc32c = Crc32c.EMPTY;
    private boolean finalized;
    private boolean wrongChecksum;
    private long writer;

    /** @param metadata what the writer sent, with the bucket's full name, and a generation */
    FakeGrpcObject(Object metadata) {
        this.metadata = metadata;
    }

    String name() {
        return metadata.getName();
    }

    long generation() {
        return metadata.getGeneration();
    }

    synchronized int size() {
        return persisted;
    }

    synchronized boolean isFinalized() {
        return finalized;
    }

    synchronized Crc32c crc32c() {
        return crc32c;
    }

    /** Returns a copy of the persisted content. */
    synchronized byte[] content() {
        return Arrays.copyOf(content, persisted);
    }

    /** Returns persisted content without a copy. */
    synchronized ByteString slice(long offset, int length) {
        return UnsafeByteOperations.unsafeWrap(content, Math.toIntExact(offset), length);
    }

    /** Changes a persisted byte; the checksum of the metadata stays. */
    synchronized void damage(int offset) {
        content = content.clone();
        content[offset] ^= 1;
    }

    /** Makes the metadata contain another CRC32C than the content's. */
    synchronized void pretendWrongChecksum() {
        wrongChecksum = true;
    }

    /** Makes the metadata contain a CRC32C, whether or not it is the content's. */
    synchronized void useChecksum(Crc32c checksum) {
        crc32c = checksum;
    }

    /** Makes a new writer the only one, and returns its number. */
    synchronized long takeOver() {
        return ++writer;
    }

    synchronized boolean isWriter(long number) {
        return writer == number;
    }

    /** Writes content behind what is persisted; it is not visible before {@link #persist}. */
    synchronized void write(int offset, ByteString data) {
        int end = offset + data.size();
        if (end > content.length) {
            content = Arrays.copyOf(content, Math.max(end, Math.min(content.length * 2, 1 << 28)));
        }
        data.copyTo(content, offset);
    }

    synchronized void persist(int size) {
        crc32c = crc32c.combine(Crc32c.of(ByteBuffer.wrap(content, persisted, size - persisted)), size - persisted);
        persisted = size;
    }

    synchronized void finish() {
        finalized = true;
    }

    /** Returns the metadata, as of now. */
    synchronized Object metadata() {
        Timestamp now = Timestamp.newBuilder()
                .setSeconds(Instant.now().getEpochSecond())
                .build();
        Object.Builder result = metadata.toBuilder()
                .setMetageneration(1)
                .setSize(persisted)
                .setCreateTime(now)
                .setUpdateTime(metadata.hasUpdateTime() ? metadata.getUpdateTime() : now)
                .setEtag(generation() + "-" + persisted)
                .setChecksums(ObjectChecksums.newBuilder().setCrc32C(wrongChecksum ? ~crc32c.value() : crc32c.value()));
        if (finalized) {
            result.setFinalizeTime(now);
        }
        return result.build();
    }
}
