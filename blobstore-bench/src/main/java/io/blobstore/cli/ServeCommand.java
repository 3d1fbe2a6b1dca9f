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
import io.blobstore.server.HttpRemote;
import io.blobstore.server.HttpRemote.ClientCertificate;
import io.blobstore.server.RemoteLayout;
import io.blobstore.server.RemoteOptions;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.TlsOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
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
    @Nullable Path state;

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
    @Nullable InetSocketAddress grpcListen;

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
    @Nullable ByteSize maxBlob;

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
    @Nullable Path htpasswdFile;

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
        @Nullable Path authorities;
    }

    @ArgGroup(exclusive = false)
    @Nullable Certificate tls;

    @Option(
            names = "--proxy",
            paramLabel = "URI",
            description = "What is behind the cache: a bucket, for example s3://builds?region=eu-central-1, gs://builds"
                    + " or file:/mnt/builds, which may be one that bazel-remote uses in storage mode zstd; or an HTTP"
                    + " cache, http://HOST[:PORT][/PREFIX] or https://…. What the cache does not have is fetched from"
                    + " it, and what clients put is uploaded to it.")
    @Nullable String proxy;

    @Option(
            names = "--proxy-auth-file",
            paramLabel = "FILE",
            description = "A file with one line USER:PASSWORD for an HTTP cache.")
    @Nullable Path proxyAuthFile;

    @Option(
            names = "--proxy-tls-ca",
            paramLabel = "FILE",
            description = "The authorities that an HTTP cache's certificate is of, as PEM. Default: those of the JVM.")
    @Nullable Path proxyAuthorities;

    /** The certificate and the key for an HTTP cache: both, or neither. */
    static final class ProxyCertificate {
        @Option(
                names = "--proxy-tls-cert",
                required = true,
                paramLabel = "FILE",
                description = "The certificate that is shown to an HTTP cache, as PEM.")
        Path certificate;

        @Option(
                names = "--proxy-tls-key",
                required = true,
                paramLabel = "FILE",
                description = "Its private key, as PEM (PKCS #8), not encrypted.")
        Path key;
    }

    @ArgGroup(exclusive = false)
    @Nullable ProxyCertificate proxyCertificate;

    @Option(
            names = "--proxy-prefix",
            paramLabel = "PREFIX",
            defaultValue = "",
            description = "What the keys in the bucket begin with. Default: nothing.")
    String proxyPrefix;

    @Option(
            names = "--proxy-write-through",
            description =
                    "Answers clients when what is behind the cache has what they put. Default: when the cache has it,"
                            + " and a record that it is to be uploaded.")
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
        Optional<HttpRemote> http = httpRemote();
        try (ContentCache cache = ContentCache.open(directory, cacheOptions());
                @Nullable BlobStore bucket = proxy == null || http.isPresent() ? null : openBucket(proxy);
                CacheServer server = builder(cache, remote(bucket, http)).start()) {
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
            throw wrong("--proxy: " + e.getMessage(), e);
        }
    }

    /** Returns the HTTP cache that is behind this one, if any; its options without it are an error. */
    private Optional<HttpRemote> httpRemote() {
        if (proxy != null && proxy.matches("(?i)https?:.*")) {
            if (!proxyPrefix.isEmpty()) {
                throw wrong("--proxy-prefix is for buckets; an HTTP cache has its prefix in the URL", null);
            }
            try {
                return Optional.of(new HttpRemote(
                        new URI(proxy),
                        Optional.ofNullable(proxyAuthFile),
                        Optional.ofNullable(proxyAuthorities),
                        Optional.ofNullable(proxyCertificate)
                                .map(files -> new ClientCertificate(files.certificate, files.key))));
            } catch (IllegalArgumentException e) {
                throw wrong("--proxy: " + e.getMessage(), e);
            } catch (URISyntaxException e) { // its message has the URL
                throw wrong("--proxy: the URL is not valid: " + e.getReason(), null);
            }
        }
        if (proxyAuthFile != null || proxyAuthorities != null || proxyCertificate != null) {
            throw wrong("--proxy-auth-file and --proxy-tls-… are for an HTTP cache as --proxy", null);
        }
        return Optional.empty();
    }

    private ParameterException wrong(String problem, @Nullable Exception cause) {
        return new ParameterException(command.commandLine(), problem, cause);
    }

    private Optional<RemoteOptions> remote(@Nullable BlobStore bucket, Optional<HttpRemote> http) {
        if (proxy == null) {
            return Optional.empty();
        }
        RemoteOptions.Builder options = bucket == null
                ? RemoteOptions.builder(http.orElseThrow())
                : RemoteOptions.builder(bucket)
                        .prefix(proxyPrefix)
                        .layout(proxy.startsWith("gs:") ? RemoteLayout.FLAT : RemoteLayout.SHARDED);
        if (proxyWriteThrough) {
            options.writeThrough();
        }
        return Optional.of(options.build());
    }

    private CacheServer.Builder builder(ContentCache cache, Optional<RemoteOptions> remote) {
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
        remote.ifPresent(builder::remote);
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
