package io.blobstore.server;

import java.net.InetSocketAddress;
import java.util.Objects;

/** Options of the gRPC endpoint of a {@link CacheServer}, the Remote Execution API. Immutable. */
public final class GrpcOptions {
    private final InetSocketAddress address;
    private final int eventLoopThreads;
    private final boolean checkOutputs;

    private GrpcOptions(Builder builder) {
        address = builder.address;
        eventLoopThreads = Sockets.requireThreads(builder.eventLoopThreads);
        checkOutputs = builder.checkOutputs;
    }

    /** Returns options with an address, and everything else at its default. */
    public static GrpcOptions of(InetSocketAddress address) {
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

    /** Returns whether an action result is found only if everything is there that it refers to. */
    public boolean checkOutputs() {
        return checkOutputs;
    }

    @Override
    public String toString() {
        return "GrpcOptions[" + address + ", " + eventLoopThreads + " event loop threads"
                + (checkOutputs ? "]" : ", outputs not checked]");
    }

    /** Builds {@link GrpcOptions}. Not thread-safe. */
    public static final class Builder {
        private InetSocketAddress address = Sockets.defaultAddress();
        private int eventLoopThreads = Sockets.defaultThreads();
        private boolean checkOutputs = true;

        private Builder() {}

        /** Sets the address to listen on; default: a free port of the loopback address. */
        public Builder address(InetSocketAddress address) {
            this.address = Objects.requireNonNull(address, "address");
            return this;
        }

        /** Sets the number of threads that read and write sockets; default: the number of processors, 2 to 8. */
        public Builder eventLoopThreads(int threads) {
            eventLoopThreads = threads;
            return this;
        }

        /**
         * Sets whether an action result is found only if everything is there that it refers to, so that no client
         * learns of outputs that were evicted; default true.
         */
        public Builder checkOutputs(boolean check) {
            checkOutputs = check;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public GrpcOptions build() {
            return new GrpcOptions(this);
        }
    }
}
