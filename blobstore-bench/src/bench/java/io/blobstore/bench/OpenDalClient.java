package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Map;
import org.apache.opendal.Operator;
import org.apache.opendal.WriteOptions;

/**
 * Apache OpenDAL, a client in Rust, through its Java binding, which takes and returns arrays only: mapped content is
 * copied to the heap and from there to native memory. An upload passes the content as one array, as only then the
 * binding sends parts concurrently. It sends no checksum.
 */
final class OpenDalClient extends PartwiseClient {
    private final Operator operator;
    /** The CRC32C of the object, which the binding does not return. */
    private final String expected;

    OpenDalClient(TransferSpec spec) throws Exception {
        super(spec);
        long limit = Runtime.getRuntime().maxMemory() / 2;
        if (spec.isUpload() && size > limit) {
            throw new BenchmarkException(
                    "takes the object as one array, and half the heap is " + (limit >> 20) + " MiB");
        }
        if (spec.transport().isEncrypted()) {
            throw new BenchmarkException("trusts public certificate authorities only");
        }
        this.operator = open(spec);
        try (HandRolledConnection connection = new HandRolledConnection(spec)) {
            this.expected = connection.checksum(HandRolledClient.object(spec));
        }
    }

    /** Returns whether the native library is for this platform. */
    static boolean isAvailable() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }

    private static Operator open(TransferSpec spec) {
        return Operator.of(
                "s3",
                Map.of(
                        "endpoint", spec.endpoint().toString(),
                        "region", TransferSpec.REGION,
                        "bucket", TransferSpec.BUCKET,
                        "access_key_id", "benchmark",
                        "secret_access_key", "benchmark",
                        "disable_config_load", "true",
                        "disable_ec2_metadata", "true"));
    }

    @Override
    public void round() throws Exception {
        if (spec.operation() == Operation.UPLOAD) {
            byte[] copy = new byte[size];
            memory.duplicate().get(copy);
            WriteOptions options = WriteOptions.builder()
                    .chunk(spec.partSize())
                    .concurrent(spec.concurrency())
                    .build();
            operator.write(spec.key(), copy, options);
        } else {
            super.round();
        }
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) {
        target.duplicate().put(operator.read(spec.key(), offset, target.remaining()));
        return Crc32c.of(target);
    }

    @Override
    Crc32c download(long offset, int length, FileChannel file) throws IOException {
        ByteBuffer content = ByteBuffer.wrap(operator.read(spec.key(), offset, length));
        Crc32c checksum = Crc32c.of(content);
        while (content.hasRemaining()) {
            file.write(content, offset + content.position());
        }
        return checksum;
    }

    @Override
    String checksum() {
        return expected;
    }

    @Override
    public void close() throws Exception {
        super.close();
        operator.close();
    }
}
