package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Durability;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.AuthOptions;
import io.blobstore.server.CacheServer;
import io.blobstore.server.GrpcOptions;
import io.blobstore.server.HttpOptions;
import io.blobstore.server.RemoteLayout;
import io.blobstore.server.RemoteOptions;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.TlsOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code blobstore serve}. */
@Command(
        name = "serve",
        description = {
            "Serves a content-addressed cache by HTTP, as bazel-remote does, until it is terminated. Requests that run"
                    + " then have 30 s to end.",
            ""
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ServeCommand implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @ParentCommand
    Main main;

    @Option(
            names = "--dir",
            required = true,
            paramLabel = "DIR",
            description = "The directory of the cache; created if it is missing. May be one of bazel-remote, stopped.")
    Path directory;

    @Option(
            names = "--max",
            required = true,
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The most that the cache takes on the disk, for example 50GiB.")
    ByteSize max;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "The directory of its locks and its journal. Default: beside the cache, with the name"
                    + " .NAME.blobstore-cas.")
    @Nullable
    Path state;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:8080",
            converter = HostPort.class,
            description = "Where to listen for HTTP; port 0 for any free one. Default: ${DEFAULT-VALUE}.")
    InetSocketAddress listen;

    @Option(
            names = "--grpc-listen",
            paramLabel = "HOST:PORT",
            converter = HostPort.class,
            description = "Where to listen for gRPC (Remote Execution API). Default: nowhere.")
    @Nullable
    InetSocketAddress grpcListen;

    @Option(
            names = "--storage-mode",
            paramLabel = "MODE",
            defaultValue = "hybrid",
            description = "How content is stored: zstd, uncompressed, or hybrid (zstd where it saves something)."
                    + " Default: ${DEFAULT-VALUE}.")
    StorageMode storageMode;

    @Option(
            names = "--durability",
            paramLabel = "MODE",
            defaultValue = "none",
            description = "What survives a power failure: none, file or full. Default: ${DEFAULT-VALUE}.")
    Durability durability;

    @Option(
            names = "--max-blob",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The largest content that clients may put. Default: the size of the cache.")
    @Nullable
    ByteSize maxBlob;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "1024",
            description = "The most open connections. Default: ${DEFAULT-VALUE}.")
    int maxConnections;

    @Option(
            names = "--htpasswd-file",
            paramLabel = "FILE",
            description = "Requires the password of a user in this file, which 'htpasswd -B' creates.")
    @Nullable
    Path htpasswdFile;

    @Option(
            names = "--allow-anonymous-reads",
            description = "Lets clients read without the password or the certificate that they need to write.")
    boolean anonymousReads;

    /** The certificate and the key: both, or neither. */
    static final class Certificate {
        @Option(
                names = "--tls-cert",
                required = true,
                paramLabel = "FILE",
                description = "The certificate of the server, and those of intermediate authorities, as PEM.")
        Path certificate;

        @Option(
                names = "--tls-key",
                required = true,
                paramLabel = "FILE",
                description = "Its private key, as PEM (PKCS #8), not encrypted.")
        Path key;

        @Option(
                names = "--tls-ca",
                paramLabel = "FILE",
                description = "Requires client certificates of the authorities in this file, as PEM.")
        @Nullable
        Path authorities;
    }

    @ArgGroup(exclusive = false)
    @Nullable
    Certificate tls;

    @Option(
            names = "--proxy",
            paramLabel = "URI",
            description = "A bucket behind the cache, for example s3://builds?region=eu-central-1, gs://builds or"
                    + " file:/mnt/builds: what the cache does not have is fetched from it, and what clients put is"
                    + " uploaded to it. May be one that bazel-remote uses in storage mode zstd.")
    @Nullable
    String proxy;

    @Option(
            names = "--proxy-prefix",
            paramLabel = "PREFIX",
            defaultValue = "",
            description = "What the keys in the bucket begin with. Default: nothing.")
    String proxyPrefix;

    @Option(
            names = "--proxy-write-through",
            description =
                    "Answers clients when the bucket has what they put. Default: when the cache has it, and a record"
                            + " that it is to be uploaded.")
    boolean proxyWriteThrough;

    @Option(
            names = "--http-ac-validation",
            description = "Takes only action results of the Remote Execution API at /ac/, and gives out those of which"
                    + " all outputs are there. Default: any bytes, as ccache puts them there.")
    boolean validateActionResults;

    @Option(
            names = "--disable-grpc-ac-deps-check",
            description = "Finds action results by gRPC though some of their outputs are not there.")
    boolean outputsUnchecked;

    @Option(names = "--access-log", description = "Log a line for each request to standard error.")
    boolean accessLog;

    @Override
    public Integer call() throws IOException {
        Logging.configureServer(main.verbose, accessLog);
        main.holdExit();
        try (ContentCache cache = ContentCache.open(directory, cacheOptions());
                @Nullable BlobStore bucket = proxy == null ? null : openBucket(proxy);
                CacheServer server = builder(cache, bucket).start()) {
            PrintWriter out = command.commandLine().getOut();
            out.println(
                    "listening on " + (tls == null ? "http" : "https") + "://" + HostPort.text(server.httpAddress()));
            if (grpcListen != null) {
                out.println("listening on " + (tls == null ? "grpc" : "grpcs") + "://"
                        + HostPort.text(server.grpcAddress()));
            }
            out.flush();
            awaitTermination();
        }
        return ExitCode.OK;
    }

    private CacheOptions cacheOptions() {
        CacheOptions.Builder options = CacheOptions.builder()
                .maxBytes(max.bytes())
                .storageMode(storageMode)
                .durability(durability);
        if (state != null) {
            options.stateDirectory(state);
        }
        return options.build();
    }

    private BlobStore openBucket(String uri) throws IOException {
        try {
            return BlobStores.open(uri);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--proxy: " + e.getMessage(), e);
        }
    }

    private RemoteOptions remote(BlobStore bucket, String uri) {
        RemoteOptions.Builder options = RemoteOptions.builder(bucket)
                .prefix(proxyPrefix)
                .layout(uri.startsWith("gs:") ? RemoteLayout.FLAT : RemoteLayout.SHARDED);
        if (proxyWriteThrough) {
            options.writeThrough();
        }
        return options.build();
    }

    private CacheServer.Builder builder(ContentCache cache, @Nullable BlobStore bucket) {
        ServerLimits.Builder limits = ServerLimits.builder().maxConnections(maxConnections);
        if (maxBlob != null) {
            limits.maxBlobBytes(maxBlob.bytes());
        }
        CacheServer.Builder builder = CacheServer.builder(cache)
                .http(HttpOptions.builder()
                        .address(listen)
                        .validateActionResults(validateActionResults)
                        .build())
                .auth(new AuthOptions(Optional.ofNullable(htpasswdFile), anonymousReads))
                .limits(limits.build());
        if (bucket != null && proxy != null) {
            builder.remote(remote(bucket, proxy));
        }
        if (grpcListen != null) {
            builder.grpc(GrpcOptions.builder()
                    .address(grpcListen)
                    .checkOutputs(!outputsUnchecked)
                    .build());
        }
        if (tls != null) {
            builder.tls(new TlsOptions(tls.certificate, tls.key, Optional.ofNullable(tls.authorities)));
        }
        return builder;
    }

    /** Waits until the process is terminated, which interrupts this thread. */
    private static void awaitTermination() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            // The server is closed in order, which the interrupt would cut short.
        }
    }
}
