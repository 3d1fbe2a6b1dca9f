package io.blobstore.server.internal.grpc;

import io.blobstore.server.internal.ServerMetrics;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelFactory;
import io.grpc.netty.shaded.io.netty.channel.ChannelFuture;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Creates the listening socket, which refuses connections beyond a maximum, and counts them. Thread-safe. */
final class ConnectionLimit implements ChannelFactory<ServerChannel> {
    private final int max;
    private final ServerMetrics metrics;
    private final AtomicInteger open = new AtomicInteger();

    ConnectionLimit(int max, ServerMetrics metrics) {
        this.max = max;
        this.metrics = metrics;
    }

    @Override
    public ServerChannel newChannel() {
        return new NioServerSocketChannel() {
            @Override
            protected int doReadMessages(List<Object> accepted) throws Exception {
                int count = super.doReadMessages(accepted);
                if (count > 0 && !admit((Channel) accepted.get(accepted.size() - 1))) {
                    accepted.remove(accepted.size() - 1);
                    return 0;
                }
                return count;
            }
        };
    }

    private boolean admit(Channel connection) {
        if (open.incrementAndGet() > max) {
            open.decrementAndGet();
            metrics.refused(CallLog.PROTOCOL);
            connection.unsafe().closeForcibly();
            return false;
        }
        metrics.opened(CallLog.PROTOCOL);
        ChannelFuture unused = connection.closeFuture().addListener(closed -> {
            open.decrementAndGet();
            metrics.closed(CallLog.PROTOCOL);
        });
        return true;
    }
}
