package io.blobstore.s3;

import io.blobstore.contract.ServerJvm;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * An S3 server with blobs in memory, over HTTP and HTTPS. It runs in a separate JVM, so that leak checks do not count
 * its threads and sockets. {@link Shared} passes it to tests as a parameter.
 */
final class S3ProxyServer implements AutoCloseable {
    static final String REGION = "us-east-1";

    private static final String ACCESS_KEY = "test";
    private static final String SECRET_KEY = "test-secret-key";

    private final AtomicInteger buckets = new AtomicInteger();
    private final ServerJvm process;
    private final Path directory;
    private final TrustManager[] trustManagers;

    private S3ProxyServer(ServerJvm process, Path directory, TrustManager[] trustManagers) {
        this.process = process;
        this.directory = directory;
        this.trustManagers = trustManagers;
    }

    /**
     * Passes one server to all tests of this JVM, and starts it for the first test with such a parameter: starting
     * takes longer than many tests, and a warm server is faster.
     */
    static final class Shared implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == S3ProxyServer.class;
        }

        @Override
        public S3ProxyServer resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(Shared.class))
                    .computeIfAbsent(S3ProxyServer.class, key -> start(), S3ProxyServer.class); // closed by JUnit
        }
    }

    private static S3ProxyServer start() {
        try {
            Path directory = Files.createTempDirectory("s3-proxy");
            ServerJvm process = ServerJvm.start(S3ProxyServer.class, directory);
            Path trust = directory.resolve(TestAuthority.TRUST_STORE);
            S3ProxyServer server = new S3ProxyServer(process, directory, trustManagers(trust));
            Files.delete(trust);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs the server. */
    public static void main(String[] args) throws Exception {
        TestAuthority.get().trustStore(Path.of("").toAbsolutePath());
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(new TransientNio2BlobStore())
                .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                .ignoreUnknownHeaders(true)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .secureEndpoint(URI.create("https://127.0.0.1:0"))
                .sslContext(TestAuthority.get().serverContext(TestAuthority.Identity.SERVER))
                .build();
        proxy.start();
        ServerJvm.serve(
                URI.create("http://127.0.0.1:" + proxy.getPort()),
                URI.create("https://127.0.0.1:" + proxy.getSecurePort()));
    }

    URI endpoint() {
        return process.endpoints().get(0);
    }

    static AwsCredentialsProvider credentials() {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));
    }

    /** Creates a bucket. */
    TestBucket newBucket() {
        TestBucket bucket = new TestBucket(endpoint(), REGION, credentials(), "bucket-" + buckets.incrementAndGet());
        bucket.create();
        return bucket;
    }

    /** Returns a builder of stores in one of the buckets. */
    S3BlobStore.Builder store(String bucket) {
        return store(bucket, endpoint());
    }

    /** Returns a builder of stores over TLS in one of the buckets. */
    S3BlobStore.Builder secureStore(String bucket) {
        return store(bucket, process.endpoints().get(1)).trustManagers(trustManagers);
    }

    private static S3BlobStore.Builder store(String bucket, URI endpoint) {
        return S3BlobStore.builder(bucket)
                .endpoint(endpoint)
                .region(REGION)
                .pathStyle(true)
                .credentials(credentials());
    }

    private static TrustManager[] trustManagers(Path trustStore) {
        try (InputStream file = Files.newInputStream(trustStore)) {
            KeyStore trust = KeyStore.getInstance("JKS");
            trust.load(file, null); // certificates of this type are read without password
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trust);
            return factory.getTrustManagers();
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        process.close();
        Files.delete(directory); // it is empty, unless the server crashed
    }
}
