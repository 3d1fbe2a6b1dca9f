package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;
import javax.net.ssl.SSLEngine;

/** One connection to the server, as simple as can be. Blocking; not thread-safe. */
final class LoopConnection implements Closeable {
    private static final Body NO_BODY = () -> {};
    private static final int HEAD = 8 * 1024;
    private static final int PIECE = 256 * 1024;

    private final String host;
    private final SocketChannel channel;
    private final Wire wire;
    private final HttpInput input;
    private final ByteBuffer head = ByteBuffer.allocateDirect(HEAD);
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);

    LoopConnection(URI endpoint, ClientEngines engines) throws IOException {
        channel = SocketChannel.open(new InetSocketAddress(endpoint.getHost(), endpoint.getPort()));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        Optional<SSLEngine> engine = engines.engine(endpoint.getHost(), endpoint.getPort());
        host = endpoint.getAuthority();
        wire = engine.isPresent() ? new EngineWire(channel, engine.get()) : Wire.plain(channel);
        input = new HttpInput(wire);
    }

    /** Sends a request with a body, or without one if that is empty, and returns that of the answer. */
    String exchange(String request, String headers, ByteBuffer body) throws IOException {
        HttpHead response =
                send(request, headers + "Content-Length: " + body.remaining() + "\r\n", () -> wire.write(body));
        return text(response);
    }

    /** Sends a piece of a file that this JVM does not look at. The connection must be a plain one. */
    String exchange(String request, FileChannel file, long position, int length) throws IOException {
        HttpHead response = send(request, "Content-Length: " + length + "\r\n", () -> {
            for (long done = 0; done < length; ) {
                done += file.transferTo(position + done, length - done, channel);
            }
        });
        return text(response);
    }

    private String text(HttpHead response) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(response.contentLength()));
        while (content.hasRemaining()) {
            input.read(content);
        }
        return new String(content.array(), StandardCharsets.UTF_8);
    }

    /** Reads a range into memory. */
    Crc32c get(String request, String range, ByteBuffer target) throws IOException {
        send(request, "Range: " + range + "\r\n", NO_BODY);
        CRC32C crc = new CRC32C();
        ByteBuffer content = target.duplicate();
        while (target.hasRemaining()) {
            input.read(target);
            crc.update(content.limit(target.position()));
        }
        return new Crc32c((int) crc.getValue());
    }

    /** Reads a range into a file, through a small buffer. */
    Crc32c copy(String request, String range, int length, FileChannel file, long position) throws IOException {
        send(request, "Range: " + range + "\r\n", NO_BODY);
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

    /** The object's CRC32C in Base64. */
    String checksum(String request) throws IOException {
        return send(request, "x-amz-checksum-mode: ENABLED\r\n", NO_BODY)
                .header("x-amz-checksum-crc32c")
                .orElseThrow();
    }

    private HttpHead send(String request, String headers, Body body) throws IOException {
        String text = request + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n";
        head.clear().put(text.getBytes(StandardCharsets.ISO_8859_1));
        wire.write(head.flip());
        body.write();
        HttpHead response = input.head().orElseThrow(() -> new IOException("the server closed the connection"));
        if (!response.words().get(1).startsWith("2")) {
            throw new IOException("the server answered " + response.words());
        }
        return response;
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }

    @FunctionalInterface
    private interface Body {
        void write() throws IOException;
    }
}
