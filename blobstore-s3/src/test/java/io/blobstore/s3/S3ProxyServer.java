package io.blobstore.s3;

import io.blobstore.contract.ServerJvm;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
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
    private static final String SECURE = "secure";

    private final ServerJvm process;
    private final Path directory;

    private S3ProxyServer(ServerJvm process, Path directory) {
        this.process = process;
        this.directory = directory;
    }

    static S3ProxyServer start(Path directory) throws IOException, InterruptedException {
        return new S3ProxyServer(ServerJvm.start(S3ProxyServer.class, directory), directory);
    }

    /** One that takes TLS too, with a certificate of an authority of its own. */
    static S3ProxyServer startSecure(Path directory) throws IOException, InterruptedException {
        return new S3ProxyServer(ServerJvm.start(S3ProxyServer.class, directory, SECURE), directory);
    }

    /** The server. */
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
        URI plain = URI.create("http://127.0.0.1:" + proxy.getPort());
        if (secure) {
            ServerJvm.serve(plain, URI.create("https://127.0.0.1:" + proxy.getSecurePort()));
        } else {
            ServerJvm.serve(plain);
        }
    }

    URI endpoint() {
        return process.endpoints().get(0);
    }

    static AwsCredentialsProvider credentials() {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));
    }

    /** Makes a bucket. */
    TestBucket bucket(String name) {
        TestBucket bucket = new TestBucket(endpoint(), REGION, credentials(), name);
        bucket.create();
        return bucket;
    }

    /** A builder of stores in one of its buckets. */
    S3BlobStore.Builder store(String bucket) {
        return store(bucket, endpoint());
    }

    /** A builder of stores in one of its buckets, which trust it. */
    S3BlobStore.Builder secureStore(String bucket) {
        return store(bucket, process.endpoints().get(1)).trustManagers(trustManagers());
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
