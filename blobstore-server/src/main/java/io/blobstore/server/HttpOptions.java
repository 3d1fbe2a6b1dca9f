package io.blobstore.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Options of the HTTP endpoint of a {@link CacheServer}. Immutable. */
public final class HttpOptions {
    private final InetSocketAddress address;
    private final int eventLoopThreads;

    private HttpOptions(Builder builder) {
        address = builder.address;
        eventLoopThreads = builder.eventLoopThreads;
        if (eventLoopThreads < 1) {
            throw new IllegalArgumentException("1 event loop thread or more is needed; got " + eventLoopThreads);
        }
    }

    /** Returns options with an address, and everything else at its default. */
    public static HttpOptions of(InetSocketAddress address) {
        return builder().address(address).build();
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the address to listen on. */
    public InetSocketAddress address() {
        return address;
    }

    /** Returns the number of threads that read and write sockets. */
    public int eventLoopThreads() {
        return eventLoopThreads;
    }

    @Override
    public String toString() {
        return "HttpOptions[" + address + ", " + eventLoopThreads + " event loop threads]";
    }

    /** Builds {@link HttpOptions}. Not thread-safe. */
    public static final class Builder {
        private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private int eventLoopThreads =
                Math.max(2, Math.min(8, Runtime.getRuntime().availableProcessors()));

        private Builder() {}

        /** Sets the address to listen on; default: a free port of the loopback address. */
        public Builder address(InetSocketAddress address) {
            this.address = address;
            return this;
        }

        /** Sets the number of threads that read and write sockets; default: the number of processors, 2 to 8. */
        public Builder eventLoopThreads(int threads) {
            eventLoopThreads = threads;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public HttpOptions build() {
            return new HttpOptions(this);
        }
    }
}
