package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.opendal.OpenDALException;
import org.apache.opendal.Operator;
import org.apache.opendal.WriteOptions;

/**
 * Apache OpenDAL, a client in Rust, by its Java binding. That takes and gives arrays only: whatever is in mapped memory
 * is copied to the heap, and from there to native memory. It sends no checksum.
 */
final class OpenDalClient implements BenchmarkClient {
    private static final int COPY = 64 * 1024;

    /** Uploads the content under a key. */
    @FunctionalInterface
    private interface Uploader {
        void upload(OpenDalClient contestant) throws IOException;
    }

    private final TransferSpec job;
    private final Uploader uploader;
    private final Operator operator;
    private final PartWorkers workers;
    private final WarmMapping memory;
    /** The object's CRC32C. It has to be known from elsewhere: the binding does not tell it. */
    private final String expected;

    private OpenDalClient(TransferSpec job, Uploader uploader) throws Exception {
        this.job = job;
        this.uploader = uploader;
        this.operator = open(job);
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
        try (LoopConnection connection =
                new LoopConnection(job.endpoint(), ClientEngines.of(job.scenario().transport))) {
            requireTrust();
            this.expected = connection.checksum("HEAD " + S3Requests.object(job));
        }
    }

    /** Its HTTP client has authorities compiled in, and neither a setting nor {@code SSL_CERT_FILE} adds to them. */
    private void requireTrust() {
        try {
            operator.stat(job.key());
        } catch (OpenDALException e) {
            if (String.valueOf(e.getMessage()).contains("UnknownIssuer")) {
                throw new BenchmarkException("it trusts the public authorities only, and nobody can tell it another");
            }
            throw e;
        }
    }

    /** Whether the library's platform is this one. */
    static boolean isAvailable() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }

    /** Uploads by the binding's stream: a part after the other, since a stream has no setting but its buffer's size. */
    static BenchmarkClient streaming(TransferSpec job) throws Exception {
        return new OpenDalClient(job, OpenDalClient::uploadByStream);
    }

    /** Uploads the content as one array, the only way to have the binding send parts at the same time. */
    static BenchmarkClient whole(TransferSpec job) throws Exception {
        long room = Runtime.getRuntime().maxMemory() / 2;
        if (job.isUpload() && Files.size(job.file()) > room) {
            throw new BenchmarkException(
                    "it takes the object as one array, and half the heap is " + (room >> 20) + " MiB");
        }
        return new OpenDalClient(job, OpenDalClient::uploadAsOne);
    }

    private static Operator open(TransferSpec job) throws IOException {
        try {
            return Operator.of(
                    "s3",
                    Map.of(
                            "endpoint", job.endpoint().toString(),
                            "region", TransferSpec.REGION,
                            "bucket", TransferSpec.BUCKET,
                            "access_key_id", "benchmark",
                            "secret_access_key", "benchmark",
                            "disable_config_load", "true",
                            "disable_ec2_metadata", "true"));
        } catch (LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new BenchmarkException("its native library cannot be loaded: " + cause.getMessage());
        } finally {
            deleteUnpackedLibrary();
        }
    }

    /**
     * The binding unpacks its library, 45 MB, into a temporary file that is deleted when the JVM ends by itself.
     * Clients are killed; and loaded, it needs no name.
     */
    private static void deleteUnpackedLibrary() throws IOException {
        try (Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
            for (String line : mappings.filter(line -> line.contains("libopendal_java"))
                    .map(line -> line.substring(line.indexOf('/')))
                    .distinct()
                    .toList()) {
                Files.deleteIfExists(Path.of(line));
            }
        }
    }

    @Override
    public void round() throws Exception {
        switch (job.scenario().direction) {
            case UPLOAD -> uploader.upload(this);
            case READ -> read();
            case DOWNLOAD -> download();
            default -> throw new UnsupportedOperationException("the client does not know " + job.scenario());
        }
    }

    private void uploadByStream() throws IOException {
        byte[] copy = new byte[COPY];
        ByteBuffer content = memory.whole();
        try (OutputStream stream = operator.createOutputStream(job.key(), job.partSize())) {
            while (content.hasRemaining()) {
                int count = Math.min(COPY, content.remaining());
                content.get(copy, 0, count);
                stream.write(copy, 0, count);
            }
        }
    }

    private void uploadAsOne() {
        byte[] copy = new byte[Math.toIntExact(memory.size())];
        memory.whole().get(copy);
        WriteOptions options = WriteOptions.builder()
                .chunk(job.partSize())
                .concurrent(job.concurrency())
                .build();
        operator.write(job.key(), copy, options);
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            slice.duplicate().put(operator.read(job.key(), offset, length));
            checksums.set(index, Crc32c.of(slice));
        });
        checksums.require(expected);
    }

    private void download() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        try (FileChannel file =
                FileChannel.open(job.newFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
                ByteBuffer content = ByteBuffer.wrap(operator.read(job.key(), offset, length));
                checksums.set(index, Crc32c.of(content));
                while (content.hasRemaining()) {
                    file.write(content, offset + content.position());
                }
            });
        }
        checksums.require(expected);
    }

    @Override
    public void close() {
        workers.close();
        operator.close();
    }
}
