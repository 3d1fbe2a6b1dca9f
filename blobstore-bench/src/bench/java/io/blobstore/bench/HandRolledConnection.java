package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** One connection to the server with the least code that works. Blocking; not thread-safe. */
final class HandRolledConnection implements Closeable {
    private static final int HEAD = 8 * 1024;
    private static final int PIECE = 256 * 1024;

    private final String host;
    private final SocketChannel channel;
    private final NetConnection connection;
    private final HttpInput input;
    private final ByteBuffer head = ByteBuffer.allocateDirect(HEAD);
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);

    HandRolledConnection(TransferSpec spec) throws Exception {
        host = spec.endpoint().getAuthority();
        channel = SocketChannel.open(
                new InetSocketAddress(spec.endpoint().getHost(), spec.endpoint().getPort()));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        connection = NetConnection.of(channel, spec.transport().engine(spec.endpoint()));
        input = new HttpInput(connection);
    }

    /** Sends a request with a body, which may be empty, and returns the body of the response. */
    String exchange(String request, String headers, ByteBuffer body) throws IOException {
        send(request, headers + "Content-Length: " + body.remaining() + "\r\n");
        connection.write(body);
        return text(receive());
    }

    /** Sends a piece of a file with {@code sendfile}. The connection must not be encrypted. */
    String exchange(String request, FileChannel file, long position, int length) throws IOException {
        send(request, "Content-Length: " + length + "\r\n");
        for (long done = 0; done < length; ) {
            done += file.transferTo(position + done, length - done, channel);
        }
        return text(receive());
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
        send(request, "Range: " + range + "\r\n");
        receive();
        CRC32C crc = new CRC32C();
        ByteBuffer content = target.duplicate();
        while (target.hasRemaining()) {
            input.read(target);
            crc.update(content.limit(target.position()));
        }
        return new Crc32c((int) crc.getValue());
    }

    /** Reads a range into a file through a small buffer. */
    Crc32c copy(String request, String range, int length, FileChannel file, long position) throws IOException {
        send(request, "Range: " + range + "\r\n");
        receive();
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

    /** Returns the CRC32C of the object in Base64. */
    String checksum(String object) throws IOException {
        send("HEAD " + object, "x-amz-checksum-mode: ENABLED\r\n");
        return receive().header("x-amz-checksum-crc32c").orElseThrow();
    }

    private void send(String request, String headers) throws IOException {
        String text = request + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n";
        connection.write(
                head.clear().put(text.getBytes(StandardCharsets.ISO_8859_1)).flip());
    }

    private HttpHead receive() throws IOException {
        HttpHead response = input.head().orElseThrow(() -> new IOException("the server closed the connection"));
        if (!response.words().get(1).startsWith("2")) {
            throw new IOException("the server answered " + response.words());
        }
        return response;
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
