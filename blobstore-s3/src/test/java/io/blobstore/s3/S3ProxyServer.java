package io.blobstore.s3;

import io.blobstore.contract.ChildJvm;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * An S3 server that keeps blobs in memory, in a JVM of its own: so its threads and sockets do not count as what a test leaves
 * behind.
 */
final class S3ProxyServer implements AutoCloseable {
    static final String REGION = "us-east-1";

    private static final String ACCESS_KEY = "test";
    private static final String SECRET_KEY = "test-secret-key";
    private static final String READY = "ready at ";
    private static final String SECURE = "secure";
    private static final Duration START = Duration.ofSeconds(60);

    private final ChildJvm.Running process;
    private final URI endpoint;
    /** Where it takes TLS, if it does. */
    private final Optional<URI> secureEndpoint;

    private final Path directory;

    private S3ProxyServer(ChildJvm.Running process, URI endpoint, Optional<URI> secureEndpoint, Path directory) {
        this.process = process;
        this.endpoint = endpoint;
        this.secureEndpoint = secureEndpoint;
        this.directory = directory;
    }

    static S3ProxyServer start(Path directory) throws IOException, InterruptedException {
        return launch(directory);
    }

    /** One that takes TLS too, with a certificate of an authority of its own. */
    static S3ProxyServer startSecure(Path directory) throws IOException, InterruptedException {
        return launch(directory, SECURE);
    }

    private static S3ProxyServer launch(Path directory, String... args) throws IOException, InterruptedException {
        ChildJvm.Running process =
                ChildJvm.of(S3ProxyServer.class, directory).with("-Xmx512m").start(args);
        try {
            String[] words =
                    process.awaitLine(text -> text.startsWith(READY), START).split(" ");
            return new S3ProxyServer(
                    process,
                    URI.create(words[2]),
                    words.length > 3 ? Optional.of(URI.create(words[3])) : Optional.empty(),
                    directory);
        } catch (InterruptedException | AssertionError e) {
            process.close();
            throw e;
        }
    }

    /** The server. Ends when its input does, and so with the JVM that has started it. */
    public static void main(String[] args) throws Exception {
        boolean secure = args.length > 0 && args[0].equals(SECURE);
        S3Proxy.Builder builder = S3Proxy.builder()
                .blobStore(new TransientNio2BlobStore())
                .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                .ignoreUnknownHeaders(true)
                .endpoint(URI.create("http://127.0.0.1:0"));
        if (secure) {
            TestAuthority.get().trustStore(Path.of("").toAbsolutePath());
            builder.secureEndpoint(URI.create("https://127.0.0.1:0"))
                    .sslContext(TestAuthority.get().serverContext(TestAuthority.Identity.SERVER));
        }
        S3Proxy proxy = builder.build();
        proxy.start();
        System.out.println(READY + "http://127.0.0.1:" + proxy.getPort()
                + (secure ? " https://127.0.0.1:" + proxy.getSecurePort() : ""));
        while (System.in.read() >= 0) {
            // nobody writes
        }
        System.exit(0);
    }

    URI endpoint() {
        return endpoint;
    }

    static AwsCredentialsProvider credentials() {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));
    }

    /** Makes a bucket. */
    TestBucket bucket(String name) {
        TestBucket bucket = new TestBucket(endpoint, REGION, credentials(), name);
        bucket.create();
        return bucket;
    }

    /** A builder of stores in one of its buckets. */
    S3BlobStore.Builder store(String bucket) {
        return store(bucket, endpoint);
    }

    /** A builder of stores in one of its buckets, which trust it. */
    S3BlobStore.Builder secureStore(String bucket) {
        return store(bucket, secureEndpoint.orElseThrow()).trustManagers(trustManagers());
    }

    private static S3BlobStore.Builder store(String bucket, URI endpoint) {
        return S3BlobStore.builder(bucket)
                .endpoint(endpoint)
                .region(REGION)
                .pathStyle(true)
                .credentials(credentials());
    }

    private TrustManager[] trustManagers() {
        try (InputStream file = Files.newInputStream(directory.resolve("trust.jks"))) {
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
    public void close() {
        process.close();
    }
}
