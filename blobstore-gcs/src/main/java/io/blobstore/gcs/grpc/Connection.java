package io.blobstore.gcs.grpc;

import com.google.api.gax.grpc.ChannelPoolSettings;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.auth.Credentials;
import com.google.storage.v2.BidiReadObjectRequest;
import com.google.storage.v2.StorageGrpc;
import com.google.storage.v2.StorageSettings;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.MethodDescriptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.auth.MoreCallCredentials;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.TrustManager;

/**
 * A channel of gRPC, which is one TCP connection, with the ranges in flight over it. The connection is established with
 * the first call, and again after it was lost. Thread-safe.
 */
final class Connection {
    /** Ranges above this size are large: a small one behind them would wait. */
    static final long LARGE = 1L << 20;

    /** The server's messages have up to 2 MiB of content; a much larger one is not received. */
    private static final int MAX_MESSAGE = 8 << 20;

    private static final MethodDescriptor<BidiReadObjectRequest, ReadMessage> METHOD =
            StorageGrpc.getBidiReadObjectMethod().toBuilder(
                            StorageGrpc.getBidiReadObjectMethod().getRequestMarshaller(), new ReadMessage.Marshaller())
                    .build();

    private final GrpcTransportChannel channel;
    private final CallOptions options;
    private final AtomicInteger ranges = new AtomicInteger();
    private final AtomicInteger large = new AtomicInteger();

    private Connection(GrpcTransportChannel channel, CallOptions options) {
        this.channel = channel;
        this.options = options;
    }

    /** Creates a channel; connects nothing yet. */
    static Connection create(GrpcSettings settings) throws IOException {
        URI endpoint = settings.endpoint();
        boolean plain = "http".equals(endpoint.getScheme());
        int port = endpoint.getPort() > 0 ? endpoint.getPort() : plain ? 80 : 443;
        String target = endpoint.getHost() + ":" + port;
        InstantiatingGrpcChannelProvider.Builder provider = StorageSettings.defaultGrpcTransportProviderBuilder()
                .setEndpoint(target)
                .setHeaderProvider(
                        StorageSettings.defaultApiClientHeaderProviderBuilder().build())
                .setMaxInboundMessageSize(MAX_MESSAGE)
                .setChannelPoolSettings(ChannelPoolSettings.staticallySized(1))
                .setAllowNonDefaultServiceAccount(true)
                .setAttemptDirectPath(settings.isGoogle());
        Optional<Credentials> credentials = plain ? Optional.empty() : settings.credentials();
        credentials.ifPresent(provider::setCredentials);
        if (plain) {
            provider.setChannelConfigurator(channel -> channel.usePlaintext());
        } else if (!settings.trustManagers().isEmpty()) {
            provider.setChannelConfigurator(ignored -> Grpc.newChannelBuilder(
                            target,
                            TlsChannelCredentials.newBuilder()
                                    .trustManager(settings.trustManagers().toArray(new TrustManager[0]))
                                    .build())
                    .maxInboundMessageSize(MAX_MESSAGE));
        }
        return new Connection(
                (GrpcTransportChannel) provider.build().getTransportChannel(),
                credentials
                        .map(found -> CallOptions.DEFAULT.withCallCredentials(MoreCallCredentials.from(found)))
                        .orElse(CallOptions.DEFAULT));
    }

    Channel channel() {
        return channel.getChannel();
    }

    /** Returns the options of all calls, with the credentials. */
    CallOptions options() {
        return options;
    }

    /** Creates a call of the method that reads objects, without starting it. */
    ClientCall<BidiReadObjectRequest, ReadMessage> newCall() {
        return channel().newCall(METHOD, options);
    }

    /** Counts a range that is about to be requested. */
    void begin(long length) {
        ranges.incrementAndGet();
        if (length > LARGE) {
            large.incrementAndGet();
        }
    }

    /** Counts the end of a range. */
    void end(long length) {
        ranges.decrementAndGet();
        if (length > LARGE) {
            large.decrementAndGet();
        }
    }

    /** Returns the number of ranges in flight. */
    int ranges() {
        return ranges.get();
    }

    /** Returns whether a large range is in flight. */
    boolean carriesLarge() {
        return large.get() > 0;
    }

    /** Ends all streams, and closes the connection. */
    void shutdownNow() {
        channel.shutdownNow();
    }

    /** Waits up to 5 s until the connection is closed, and keeps the thread's interrupt status. */
    void awaitTermination() {
        boolean interrupted = Thread.interrupted();
        try {
            channel.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true; // the connection closes nevertheless
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
