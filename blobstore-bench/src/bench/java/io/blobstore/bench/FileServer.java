package io.blobstore.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The least that a server can do with Netty: it sends files by {@code sendfile}, and writes what is put into files, on
 * its event loops. It verifies nothing; for the loopback interface only.
 */
final class FileServer {
    private static final int MAX_LINE = 4096;
    private static final int MAX_HEAD = 8192;
    private static final int CHUNK = 64 << 10;

    /** What is kept of what was put, in bytes: more than the clients put before they get it. */
    private static final long KEPT = 1 << 30;

    private final Path directory;
    private final Deque<Path> files = new ArrayDeque<>();
    private long kept;

    private FileServer(Path directory) {
        this.directory = directory;
    }

    /**
     * Runs a server until standard input ends. Prints {@code #port N}.
     *
     * @param args the directory of its files
     */
    public static void main(String[] args) throws Exception {
        FileServer server = new FileServer(Files.createDirectories(Path.of(args[0])));
        NioEventLoopGroup loops = new NioEventLoopGroup(Runtime.getRuntime().availableProcessors());
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec(MAX_LINE, MAX_HEAD, CHUNK), server.new Exchanges());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        System.out.println("#port " + ((InetSocketAddress) listener.localAddress()).getPort());
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    /** Deletes the oldest files if there are too many. */
    private synchronized void stored(Path file) throws IOException {
        files.add(file);
        kept += Files.size(file);
        while (kept > KEPT) {
            Path oldest = files.remove();
            kept -= Files.size(oldest);
            Files.delete(oldest);
        }
    }

    /** The requests of a connection, one after another. */
    private final class Exchanges extends SimpleChannelInboundHandler<HttpObject> {
        private Path file = Path.of("");
        private @Nullable FileChannel written;

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) throws IOException {
            if (message instanceof HttpRequest request) {
                file = directory.resolve(request.uri().substring(request.uri().lastIndexOf('/') + 1));
                if (request.method().equals(HttpMethod.PUT)) {
                    written = FileChannel.open(unfinished(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                } else {
                    send(context);
                }
            }
            if (message instanceof HttpContent content && written != null) {
                ByteBuf bytes = content.content();
                while (bytes.isReadable()) {
                    bytes.readBytes(written, bytes.readableBytes());
                }
                if (message instanceof LastHttpContent) {
                    written.close();
                    written = null;
                    Files.move(unfinished(), file, StandardCopyOption.ATOMIC_MOVE);
                    stored(file);
                    context.writeAndFlush(empty(HttpResponseStatus.OK));
                }
            }
        }

        private Path unfinished() {
            return file.resolveSibling(file.getFileName() + ".new");
        }

        private void send(ChannelHandlerContext context) throws IOException {
            if (!Files.exists(file)) {
                context.writeAndFlush(empty(HttpResponseStatus.NOT_FOUND));
                return;
            }
            long size = Files.size(file);
            HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, size);
            context.write(head);
            context.write(new DefaultFileRegion(file.toFile(), 0, size));
            context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }

        private HttpResponse empty(HttpResponseStatus status) {
            HttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
            return response;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            cause.printStackTrace();
            context.close();
        }
    }
}
