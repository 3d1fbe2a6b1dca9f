package io.blobstore.s3;

import io.blobstore.http.ScriptedServer;
import io.blobstore.http.objects.VirtualRetryClock;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Stores and responses for tests with a {@link ScriptedServer}. */
final class ScriptedS3 {
    static final String BUCKET = "some-bucket";
    static final String ACCESS_KEY = "AKIDSCRIPTED";
    static final String SECRET_KEY = "very-secret-key";
    static final String ETAG = "ETag: \"0123456789abcdef\"";
    static final String MODIFIED = "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT";

    private ScriptedS3() {}

    /** Returns a builder of stores that send requests to a server, as they do to AWS, which enforces preconditions. */
    static S3BlobStore.Builder store(ScriptedServer server) {
        return compatible(server).nativeConditions(true);
    }

    /** Returns a builder of stores that send requests to a server, as they do to a compatible one. */
    static S3BlobStore.Builder compatible(ScriptedServer server) {
        return S3BlobStore.builder(BUCKET)
                .endpoint(URI.create(server.endpoint().toString()))
                .region("us-east-1")
                .pathStyle(true)
                .retryClock(new VirtualRetryClock())
                .credentials(StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY)));
    }

    /** Returns a client for stores in the bucket that retries without delay. */
    static ImmediateRetryClient immediateRetryClient(ScriptedServer server) {
        return new ImmediateRetryClient(
                URI.create(server.endpoint().toString()),
                "us-east-1",
                StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY)));
    }

    /** Returns a script that responds with an S3 error. */
    static ScriptedServer.Script refusing(int status, String code, String... fields) {
        return ScriptedServer.Script.responding(status, error(code), fields);
    }

    /** Returns the body of an S3 error. */
    static String error(String code) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code
                + "</Code><Message>No, because.</Message><RequestId>REQ1</RequestId></Error>";
    }

    /** Returns a script that responds with the tags of a blob, as XML. */
    static ScriptedServer.Script tags(String tags) {
        return ScriptedServer.Script.responding(200, "<Tagging><TagSet>" + tags + "</TagSet></Tagging>");
    }

    /** Returns a script that responds to HEAD. */
    static ScriptedServer.Script head(long size, String... fields) {
        return exchange -> exchange.respondHead(200, size, fields);
    }

    /** Returns a script that responds to GET with the whole blob. */
    static ScriptedServer.Script read(byte[] body, String... fields) {
        return exchange -> {
            List<String> all = new ArrayList<>(List.of(ScriptedS3.ETAG, ScriptedS3.MODIFIED));
            all.addAll(List.of(fields));
            exchange.respond(200, body, all.toArray(new String[0]));
        };
    }
}
