package io.blobstore.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** What the options of both endpoints say about sockets. */
final class Sockets {
    private static final int MAX_DEFAULT_THREADS = 8;

    private Sockets() {}

    /** Returns a free port of the loopback address. */
    static InetSocketAddress defaultAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Returns the default number of threads that read and write sockets: the number of processors, 2 to 8. */
    static int defaultThreads() {
        return Math.max(2, Math.min(MAX_DEFAULT_THREADS, Runtime.getRuntime().availableProcessors()));
    }

    static int requireThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("1 event loop thread or more is needed; got " + threads);
        }
        return threads;
    }
}
