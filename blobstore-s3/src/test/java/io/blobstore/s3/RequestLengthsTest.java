package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every PUT and POST says how long its body is, of the data plane and of the SDK: some gateways respond 411 if not. */
@ExtendWith(LeakCheck.class)
class RequestLengthsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int SIZE = 10;
    private static final String TAG = "<ETag>\"1\"</ETag>";
    private static final String TIME = "<LastModified>2026-01-01T00:00:00Z</LastModified>";

    @Test
    void aGatewayThatRequiresLengthsAcceptsAllRequests() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(RequestLengthsTest::gateway);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server)) {
            try (BlobStore store = client.store(ScriptedS3.BUCKET).open()) {
                store.store(KEY, BlobSource.of());
                store.store(KEY, BlobSource.of(ByteBuffer.allocate(SIZE)));
                store.copy(KEY, BlobKey.of("copy"));
                store.deleteAll("some");
                MultipartUpload upload =
                        store.createMultipartUpload(KEY, new PartLayout(SIZE, 5 << 20), StoreOptions.DEFAULT);
                upload.uploadPart(1, BlobSource.of(ByteBuffer.allocate(SIZE)));
                upload.complete(Crc32c.of(ByteBuffer.allocate(SIZE)));
                store.createMultipartUpload(KEY, new PartLayout(SIZE, 5 << 20), StoreOptions.DEFAULT)
                        .abort();
            }
            try (BlobStore store = client.store(ScriptedS3.BUCKET).open(1, 5 << 20)) {
                store.copy(KEY, BlobKey.of("copied-in-parts"));
            }

            assertThat(server.requests())
                    .filteredOn(request -> !request.method().matches("GET|HEAD|DELETE"))
                    .extracting(RequestLengthsTest::kind)
                    .contains(
                            "PUT",
                            "PUT copy",
                            "PUT partNumber",
                            "PUT partNumber copy",
                            "POST uploads",
                            "POST uploadId",
                            "POST delete");
        }
    }

    /** Returns the method, the first parameter of the query, if there is one, and whether the request copies. */
    private static String kind(ScriptedExchange request) {
        String query = request.target().replaceFirst("[^?]*[?]?", "");
        String parameter = query.contains("partNumber") ? "partNumber" : query.replaceFirst("[=&].*", "");
        boolean copies = request.header("x-amz-copy-source").isPresent();
        return request.method() + (parameter.isEmpty() ? "" : " " + parameter) + (copies ? " copy" : "");
    }

    private static void gateway(ScriptedExchange request) throws IOException {
        request.discardBody();
        if (request.method().matches("PUT|POST")
                && request.header("Content-Length").isEmpty()) {
            request.respond(411, ScriptedS3.error("MissingContentLength"));
            return;
        }
        String head = ScriptedS3.ETAG;
        switch (kind(request).replaceFirst("(GET|HEAD|DELETE).*", "$1")) {
            case "HEAD" -> request.respondHead(200, SIZE, head, ScriptedS3.MODIFIED);
            case "DELETE" -> request.respond(204, "");
            case "GET" ->
                request.respond(
                        200,
                        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>some-blob</Key><Size>" + SIZE
                                + "</Size>" + TAG + TIME + "</Contents></ListBucketResult>");
            case "PUT copy" -> request.respond(200, "<CopyObjectResult>" + TAG + TIME + "</CopyObjectResult>");
            case "PUT partNumber copy" -> request.respond(200, "<CopyPartResult>" + TAG + TIME + "</CopyPartResult>");
            case "POST uploads" ->
                request.respond(
                        200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
            case "POST uploadId" ->
                request.respond(200, "<CompleteMultipartUploadResult>" + TAG + "</CompleteMultipartUploadResult>");
            case "POST delete" ->
                request.respond(200, "<DeleteResult><Deleted><Key>some-blob</Key></Deleted></DeleteResult>");
            default -> request.respond(200, "", head);
        }
    }
}
