package io.blobstore.gcs.grpc;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts and cuts the TCP connections of a {@link FakeGrpcStorage}. Thread-safe. */
final class FakeConnections {
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    /** Returns how many connections were accepted so far. */
    int accepted() {
        return accepted.get();
    }

    /** Returns how many connections are open. */
    int open() {
        return open.size();
    }

    /** Closes every open connection, in the middle of whatever it carries, and returns how many there were. */
    int cut() {
        List<Channel> victims = List.copyOf(open);
        // Not Channel.close, which waits for the streams: gRPC's handler shuts down gracefully.
        victims.forEach(connection -> connection
                .eventLoop()
                .submit(() -> connection.unsafe().close(connection.unsafe().voidPromise()))
                .syncUninterruptibly());
        return victims.size();
    }

    NioServerSocketChannel newAcceptor() {
        return new Acceptor();
    }

    private final class Acceptor extends NioServerSocketChannel {
        @Override
        protected int doReadMessages(List<Object> children) throws Exception {
            int count = super.doReadMessages(children);
            for (Object child : children.subList(children.size() - Math.max(count, 0), children.size())) {
                Channel connection = (Channel) child;
                accepted.incrementAndGet();
                open.add(connection);
                connection.closeFuture().addListener(closed -> open.remove(connection));
            }
            return count;
        }
    }
}
