package io.blobstore.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A client that sends bytes as they are, and reads responses strictly. */
final class RawClient implements Closeable {
    /** A response. */
    record Response(int status, Map<String, String> fields, byte[] body) {
        String field(String name) {
            return fields.get(name.toLowerCase(Locale.ROOT));
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RawClient(InetSocketAddress address) throws IOException {
        this(connect(address));
    }

    RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout((int) ServerFixture.PATIENCE.toMillis());
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.connect(address);
        return socket;
    }

    Socket socket() {
        return socket;
    }

    RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
        return this;
    }

    /** Sends the head of a request, with header fields, each followed by CRLF. */
    RawClient head(String method, String target, String... fields) throws IOException {
        StringBuilder head = new StringBuilder(method + ' ' + target + " HTTP/1.1\r\nHost: test\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        return send(head.append("\r\n").toString());
    }

    Response get(String target, String... fields) throws IOException {
        return head("GET", target, fields).response(true);
    }

    Response headOf(String target, String... fields) throws IOException {
        return head("HEAD", target, fields).response(false);
    }

    Response put(String target, byte[] body, String... fields) throws IOException {
        String[] all = new String[fields.length + 1];
        System.arraycopy(fields, 0, all, 0, fields.length);
        all[fields.length] = "Content-Length: " + body.length;
        return head("PUT", target, all).send(body).response(true);
    }

    /** Reads a response; without a body if it is that of a HEAD request. */
    Response response(boolean hasBody) throws IOException {
        String[] line = line().split(" ", 3);
        if (!line[0].equals("HTTP/1.1")) {
            throw new IOException("not a response: " + String.join(" ", line));
        }
        int status = Integer.parseInt(line[1]);
        Map<String, String> fields = new TreeMap<>();
        for (String field = line(); !field.isEmpty(); field = line()) {
            int colon = field.indexOf(':');
            fields.put(
                    field.substring(0, colon).toLowerCase(Locale.ROOT),
                    field.substring(colon + 1).strip());
        }
        byte[] body = new byte[0];
        if (hasBody && status >= 200 && status != 304) {
            String length = fields.get("content-length");
            if (length == null) {
                throw new IOException("no Content-Length: " + fields);
            }
            body = in.readNBytes(Integer.parseInt(length));
            if (body.length < Integer.parseInt(length)) {
                throw new EOFException("the body ends after " + body.length + " bytes instead of " + length);
            }
        }
        return new Response(status, fields, body);
    }

    /** Returns whether the server has closed the connection, after everything that was read. */
    boolean isAtEnd() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException e) {
            return true; // it was reset
        }
    }

    /** Resets the connection, instead of closing it in order. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection was closed after '" + line + "'");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
