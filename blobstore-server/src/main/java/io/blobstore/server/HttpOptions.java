package io.blobstore.server;

import java.net.InetSocketAddress;
import java.util.Objects;

/** Options of the HTTP endpoint of a {@link CacheServer}. Immutable. */
public final class HttpOptions {
    private final InetSocketAddress address;
    private final int eventLoopThreads;
    private final boolean validateActionResults;

    private HttpOptions(Builder builder) {
        address = builder.address;
        eventLoopThreads = Sockets.requireThreads(builder.eventLoopThreads);
        validateActionResults = builder.validateActionResults;
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

    /** Returns whether {@code /ac/} is for action results only; see {@link Builder#validateActionResults}. */
    public boolean validateActionResults() {
        return validateActionResults;
    }

    @Override
    public String toString() {
        return "HttpOptions[" + address + ", " + eventLoopThreads + " event loop threads"
                + (validateActionResults ? ", action results validated]" : "]");
    }

    /** Builds {@link HttpOptions}. Not thread-safe. */
    public static final class Builder {
        private InetSocketAddress address = Sockets.defaultAddress();
        private int eventLoopThreads = Sockets.defaultThreads();
        private boolean validateActionResults;

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
         * Sets whether {@code /ac/} takes nothing but messages {@code ActionResult} of the Remote Execution API, of 4
         * MiB at most, and gives out only those of which all outputs are there: for Bazel. Default false: it takes any
         * bytes, as ccache and others put them there. Needs the classes of {@code blobstore-reapi}.
         */
        public Builder validateActionResults(boolean validate) {
            validateActionResults = validate;
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
