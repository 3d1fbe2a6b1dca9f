package io.blobstore.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Options of the gRPC face of a {@link CacheServer}, the Remote Execution API. Immutable. */
public final class GrpcOptions {
    private final InetSocketAddress address;

    private GrpcOptions(Builder builder) {
        address = builder.address;
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

    @Override
    public String toString() {
        return "GrpcOptions[" + address + "]";
    }

    /** Builds {@link GrpcOptions}. Not thread-safe. */
    public static final class Builder {
        private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

        private Builder() {}

        /** Sets the address to listen on; default: a free port of the loopback address. */
        public Builder address(InetSocketAddress address) {
            this.address = address;
            return this;
        }

        /** Builds the options. */
        public GrpcOptions build() {
            return new GrpcOptions(this);
        }
    }
}
