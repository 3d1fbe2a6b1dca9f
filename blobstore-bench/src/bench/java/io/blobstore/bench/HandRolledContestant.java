package io.blobstore.bench;

import io.blobstore.Crc32c;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.CRC32C;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * What the machine can do: a loop that writes the mapped slices to blocking channels, or reads into them, and computes their
 * CRC32C. It signs nothing, repeats nothing and knows no errors.
 */
final class HandRolledContestant implements Contestant {
    private final Job job;
    private final PartWorkers workers;
    private final WarmMapping memory;
    private final BlockingQueue<Connection> idle = new LinkedBlockingQueue<>();

    HandRolledContestant(Job job) throws Exception {
        this.job = job;
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
        Engines engines = Engines.of(job.scenario().transport);
        for (int i = 0; i < job.concurrency(); i++) {
            idle.add(new Connection(job.endpoint(), engines));
        }
    }

    @Override
    public void round() throws Exception {
        switch (job.scenario().direction) {
            case UPLOAD -> upload();
            case READ -> read();
            case DOWNLOAD -> download();
            default -> throw new UnsupportedOperationException("the loop does not know " + job.scenario());
        }
    }

    private String target() {
        return "/" + Job.BUCKET + "/" + job.key();
    }

    private void upload() throws Exception {
        String created = withConnection(connection -> connection.exchange("POST " + target() + "?uploads", "", none()));
        String uploadId = between(created, "<UploadId>", "</UploadId>");
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            String checksum = Crc32c.of(slice).base64();
            withConnection(connection -> connection.exchange(
                    "PUT " + target() + "?partNumber=" + (index + 1) + "&uploadId=" + uploadId,
                    "x-amz-checksum-crc32c: " + checksum + "\r\n",
                    slice));
        });
        withConnection(connection -> connection.exchange("POST " + target() + "?uploadId=" + uploadId, "", none()));
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            checksums.set(
                    index,
                    withConnection(
                            connection -> connection.get("GET " + target(), AwsSdk.range(offset, length), slice)));
        });
        checksums.require(withConnection(connection -> connection.checksum("HEAD " + target())));
    }

    /** Into a new file, through a small buffer of each connection. */
    private void download() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        try (FileChannel file =
                FileChannel.open(job.newFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            workers.forEachPart(
                    memory.size(),
                    job.partSize(),
                    (index, offset, length) -> checksums.set(
                            index,
                            withConnection(connection -> connection.copy(
                                    "GET " + target(), AwsSdk.range(offset, length), length, file, offset))));
        }
        checksums.require(withConnection(connection -> connection.checksum("HEAD " + target())));
    }

    private <T> T withConnection(Use<T> use) throws Exception {
        Connection connection = idle.take();
        T result = use.apply(connection);
        idle.add(connection);
        return result;
    }

    private static ByteBuffer none() {
        return ByteBuffer.allocate(0);
    }

    private static String between(String text, String before, String after) {
        int start = text.indexOf(before) + before.length();
        return text.substring(start, text.indexOf(after, start));
    }

    @Override
    public void close() throws IOException {
        workers.close();
        for (Connection connection : idle) {
            connection.wire.close();
        }
    }

    @FunctionalInterface
    private interface Use<T> {
        T apply(Connection connection) throws Exception;
    }

    /** Makes TLS engines that trust what this JVM trusts; none for plain connections. */
    @FunctionalInterface
    private interface Engines {
        Optional<SSLEngine> engine(String host, int port);

        static Engines of(Scenario.Transport transport) throws Exception {
            switch (transport) {
                case HTTP -> {
                    return (host, port) -> Optional.empty();
                }
                case HTTPS_OPENSSL -> {
                    SslContext context = SslContextBuilder.forClient()
                            .sslProvider(SslProvider.OPENSSL)
                            .build();
                    return (host, port) -> client(context.newEngine(ByteBufAllocator.DEFAULT, host, port));
                }
                case HTTPS_JDK -> {
                    SSLContext context = SSLContext.getDefault();
                    return (host, port) -> client(context.createSSLEngine(host, port));
                }
                default -> throw new AssertionError(transport);
            }
        }

        private static Optional<SSLEngine> client(SSLEngine engine) {
            engine.setUseClientMode(true);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
            return Optional.of(engine);
        }
    }

    /** One connection to the server. */
    private static final class Connection {
        private static final int HEAD = 8 * 1024;
        private static final int PIECE = 256 * 1024;

        private final String host;
        private final Wire wire;
        private final HttpInput input;
        private final ByteBuffer head = ByteBuffer.allocateDirect(HEAD);
        private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);

        Connection(URI endpoint, Engines engines) throws IOException {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(endpoint.getHost(), endpoint.getPort()));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Optional<SSLEngine> engine = engines.engine(endpoint.getHost(), endpoint.getPort());
            host = endpoint.getAuthority();
            wire = engine.isPresent() ? new EngineWire(channel, engine.get()) : Wire.plain(channel);
            input = new HttpInput(wire);
        }

        String exchange(String request, String headers, ByteBuffer body) throws IOException {
            HttpHead response = send(request, headers + "Content-Length: " + body.remaining() + "\r\n", body);
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(response.contentLength()));
            while (content.hasRemaining()) {
                input.read(content);
            }
            return new String(content.array(), StandardCharsets.UTF_8);
        }

        Crc32c get(String request, String range, ByteBuffer target) throws IOException {
            send(request, "Range: " + range + "\r\n", none());
            CRC32C crc = new CRC32C();
            ByteBuffer content = target.duplicate();
            while (target.hasRemaining()) {
                input.read(target);
                crc.update(content.limit(target.position()));
            }
            return new Crc32c((int) crc.getValue());
        }

        Crc32c copy(String request, String range, int length, FileChannel file, long position) throws IOException {
            send(request, "Range: " + range + "\r\n", none());
            CRC32C crc = new CRC32C();
            for (int done = 0; done < length; ) {
                input.read(piece.clear().limit(Math.min(PIECE, length - done)));
                crc.update(piece.flip());
                piece.rewind();
                while (piece.hasRemaining()) {
                    done += file.write(piece, position + done);
                }
            }
            return new Crc32c((int) crc.getValue());
        }

        String checksum(String request) throws IOException {
            return send(request, "x-amz-checksum-mode: ENABLED\r\n", none())
                    .header("x-amz-checksum-crc32c")
                    .orElseThrow();
        }

        private HttpHead send(String request, String headers, ByteBuffer body) throws IOException {
            String text = request + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n";
            head.clear().put(text.getBytes(StandardCharsets.ISO_8859_1));
            wire.write(head.flip());
            wire.write(body);
            HttpHead response = input.head().orElseThrow(() -> new IOException("the server closed the connection"));
            if (!response.words().get(1).startsWith("2")) {
                throw new IOException("the server answered " + response.words());
            }
            return response;
        }
    }
}
