package io.blobstore.gcs;

import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.contract.ServerJvm;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/**
 * An S3Proxy without authentication: an independent server of multipart uploads, which has neither the checksums of
 * Cloud Storage nor the JSON API.
 */
final class S3ProxyServer implements AutoCloseable {
    private final ServerJvm process;

    private S3ProxyServer(ServerJvm process) {
        this.process = process;
    }

    static S3ProxyServer start(Path directory) throws IOException, InterruptedException {
        return new S3ProxyServer(ServerJvm.start(S3ProxyServer.class, directory));
    }

    /** Runs the server. */
    public static void main(String[] args) throws Exception {
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(new TransientNio2BlobStore())
                .awsAuthentication(AuthenticationType.NONE, "", "")
                .ignoreUnknownHeaders(true)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .build();
        proxy.start();
        ServerJvm.serve(URI.create("http://127.0.0.1:" + proxy.getPort()));
    }

    URI endpoint() {
        return process.endpoints().get(0);
    }

    // ---- content, inspected over connections that are not kept open

    void createBucket(String bucket) throws IOException {
        HttpResponse response = send("PUT", "/" + bucket);
        if (!response.isSuccess()) {
            throw new AssertionError("the bucket could not be created: " + response.status());
        }
    }

    /** Returns the checksum of an object's content, if the object exists. */
    Optional<Crc32c> content(String bucket, String name) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(32 << 20);
        HttpResponse response = send(
                "GET",
                "/" + bucket + "/" + name,
                (status, headers) -> Optional.of(new ResponseHandler.Body(
                        headers.number("Content-Length").orElseThrow(), BlobTarget.Window.of(content))));
        if (response.status() == 404) {
            return Optional.empty();
        }
        if (response.status() != 200) {
            throw new AssertionError("the object could not be read: " + response.status());
        }
        return Optional.of(Crc32c.of(content.flip()));
    }

    /** Returns the number of uploads that are neither completed nor aborted. */
    long uploads(String bucket) throws IOException {
        HttpResponse response = send("GET", "/" + bucket + "?uploads");
        String xml = new String(response.body().bytes(), StandardCharsets.UTF_8);
        if (!xml.contains("<ListMultipartUploadsResult")) {
            throw new AssertionError("uploads could not be listed: " + response.status() + xml);
        }
        return Pattern.compile("<Upload>").matcher(xml).results().count();
    }

    private HttpResponse send(String method, String target) throws IOException {
        return send(method, target, ResponseHandler.KEEP);
    }

    private HttpResponse send(String method, String target, ResponseHandler handler) throws IOException {
        try (HttpClient transport = HttpClient.builder().build()) {
            return transport
                    .newCall(HttpRequest.of(method, Endpoint.of(endpoint()), target, HttpHeaders.EMPTY))
                    .execute(handler);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
