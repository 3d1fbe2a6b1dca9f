package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobVersion;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Conditional requests to servers that ignore conditions: each request is answered with success, so a blob is safe only
 * if nothing is sent that would replace it.
 */
@ExtendWith(LeakCheck.class)
class IgnoredConditionsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobKey OTHER = BlobKey.of("other-blob");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(new byte[100]));
    private static final StoreOptions IF_ABSENT = onlyIf(Precondition.ifAbsent());
    private static final StoreOptions IF_MATCH = onlyIf(Precondition.ifMatch(new BlobVersion("\"another\"")));

    private static final Script ABSENT = exchange -> exchange.respondHead(404, 0);
    private static final Script EXISTS = ScriptedS3.head(7, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
    private static final Script OURS =
            ScriptedS3.head(100, ScriptedS3.ETAG, ScriptedS3.MODIFIED, "x-amz-checksum-crc32c: " + CHECKSUM.base64());
    private static final Script STORED = Script.responding(200, "", ScriptedS3.ETAG);
    private static final Script CREATED = Script.responding(
            200, "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>");
    private static final Script COMPLETED = Script.responding(
            200, "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag></CompleteMultipartUploadResult>");
    private static final Script COPIED =
            Script.responding(200, "<CopyPartResult><ETag>&quot;part&quot;</ETag></CopyPartResult>");
    private static final Script ABORTED = Script.responding(204, "");
    private static final Script UNTAGGED = ScriptedS3.tags("");
    private static final Script LOST = exchange -> {
        exchange.discardBody();
        exchange.reset();
    };

    private static StoreOptions onlyIf(Precondition condition) {
        return StoreOptions.builder().precondition(condition).build();
    }

    private static ScriptedServer server(Script... scripts) throws IOException {
        return ScriptedServer.plain(Script.responding(501, ScriptedS3.error("NotImplemented")))
                .then(scripts);
    }

    private static List<String> methods(ScriptedServer server) {
        return server.requests().stream().map(request -> request.method()).toList();
    }

    @Test
    void aPutDoesNotReplaceABlob() throws IOException {
        try (ScriptedServer server = server(STORED, ABSENT, STORED, EXISTS, EXISTS, ABSENT);
                BlobStore store = ScriptedS3.compatible(server).open()) {
            store.store(KEY, CONTENT); // which shows that the bucket exists
            store.store(KEY, CONTENT, IF_ABSENT);
            assertThat(server.requests().get(2).header("If-None-Match")).contains("*");

            assertThatExceptionOfType(BlobAlreadyExistsException.class)
                    .isThrownBy(() -> store.store(KEY, CONTENT, IF_ABSENT));
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(() -> store.store(KEY, CONTENT, IF_MATCH));
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(() -> store.store(KEY, CONTENT, IF_MATCH))
                    .withMessageContaining("no longer exists");
            assertThat(methods(server)).containsExactly("PUT", "HEAD", "PUT", "HEAD", "HEAD", "HEAD");
        }
    }

    @Test
    void aCompletionDoesNotReplaceABlob() throws IOException {
        for (StoreOptions options : List.of(IF_ABSENT, IF_MATCH)) {
            try (ScriptedServer server = server(CREATED, STORED, EXISTS, ABORTED);
                    BlobStore store = ScriptedS3.compatible(server).open()) {
                try (MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), options)) {
                    upload.uploadPart(1, CONTENT);

                    assertThatExceptionOfType(PreconditionFailedException.class)
                            .isThrownBy(() -> upload.complete(CHECKSUM));
                }
                assertThat(methods(server)).containsExactly("POST", "PUT", "HEAD", "DELETE");
            }
        }
    }

    @Test
    void aCopyDoesNotReplaceABlob() throws IOException {
        try (ScriptedServer server = server(EXISTS, UNTAGGED, CREATED, COPIED, EXISTS, ABORTED);
                BlobStore store = ScriptedS3.compatible(server).open()) {
            CopyOptions options =
                    CopyOptions.builder().precondition(Precondition.ifAbsent()).build();

            assertThatExceptionOfType(BlobAlreadyExistsException.class)
                    .isThrownBy(() -> store.copy(KEY, OTHER, options))
                    .satisfies(e -> assertThat(e.key()).contains(OTHER));
            assertThat(methods(server)).containsExactly("HEAD", "GET", "POST", "PUT", "HEAD", "DELETE");
        }
    }

    /** As MinIO, which refuses to copy a part to an upload with checksums. */
    @Test
    void aCopyToAServerThatComputesNoChecksumsOfCopiedPartsBeginsAgainWithoutThem() throws IOException {
        Script refused = ScriptedS3.refusing(400, "InvalidArgument");
        try (ScriptedServer server =
                        server(OURS, UNTAGGED, CREATED, refused, ABORTED, CREATED, COPIED, ABSENT, COMPLETED);
                BlobStore store = ScriptedS3.compatible(server).open()) {
            CopyOptions options =
                    CopyOptions.builder().precondition(Precondition.ifAbsent()).build();

            assertThat(store.copy(KEY, OTHER, options).checksum()).isEmpty();
            assertThat(methods(server))
                    .containsExactly("HEAD", "GET", "POST", "PUT", "DELETE", "POST", "PUT", "HEAD", "POST");
            assertThat(server.requests().get(2).header("x-amz-checksum-algorithm"))
                    .contains("CRC32C");
            assertThat(server.requests().get(5).header("x-amz-checksum-algorithm"))
                    .isEmpty();
        }
    }

    @Test
    void aCompletionThatIsRepeatedRecognisesItsOwnBlob() throws IOException {
        // The check, the completion, a look for the blob, which is not there yet; and again, when it is.
        try (ScriptedServer server = server(CREATED, STORED, ABSENT, LOST, ABSENT, OURS, OURS);
                BlobStore store = ScriptedS3.compatible(server).open();
                MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), IF_ABSENT)) {
            upload.uploadPart(1, CONTENT);

            assertThat(upload.complete(CHECKSUM).checksum()).contains(CHECKSUM);
            assertThat(methods(server)).containsExactly("POST", "PUT", "HEAD", "POST", "HEAD", "HEAD", "HEAD");
        }
    }

    @Test
    void aCheckThatIsNotPermittedSaysWhatToDo() throws IOException {
        try (ScriptedServer server =
                        server(exchange -> exchange.respondHead(403, 0), ScriptedS3.refusing(403, "AccessDenied"));
                BlobStore store = ScriptedS3.compatible(server).open()) {
            assertThatExceptionOfType(PermissionDeniedException.class)
                    .isThrownBy(() -> store.store(KEY, CONTENT, IF_ABSENT))
                    .withMessageContaining("nativeConditions=true");
            assertThat(methods(server)).doesNotContain("PUT");
        }
    }

    @Test
    void unconditionalRequestsAreNotDelayed() throws IOException {
        try (ScriptedServer server = server(STORED, CREATED, STORED, COMPLETED);
                BlobStore store = ScriptedS3.compatible(server).open()) {
            store.store(KEY, CONTENT);
            try (MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, CONTENT);
                upload.complete(CHECKSUM);
            }
            assertThat(methods(server)).containsExactly("PUT", "POST", "PUT", "POST");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "region=eu-west-3, NATIVE",
        "region=cn-north-1, NATIVE",
        "region=us-gov-west-1&pathStyle=true, NATIVE",
        "region=eu-west-3&nativeConditions=false, EMULATED",
        "region=eu-west-3&endpoint=https://s3.dualstack.eu-west-3.amazonaws.com, NATIVE",
        "region=us-east-1&endpoint=https://bucket.vpce-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com, NATIVE",
        "region=us-east-1&endpoint=https://amazonaws.com.example.com, EMULATED",
        "region=us-east-1&endpoint=https://notamazonaws.com, EMULATED",
        "endpoint=http://127.0.0.1:9000&pathStyle=true, EMULATED",
        "endpoint=http://127.0.0.1:9000&pathStyle=true&nativeConditions=true, NATIVE"
    })
    void capabilitiesSayWhoEnforcesConditions(String parameters, Support expected) throws IOException {
        try (BlobStore store = BlobStores.open("s3://some-bucket?" + parameters)) {
            assertThat(store.capabilities().conditionalStore()).isEqualTo(expected);
            assertThat(store.capabilities().presign()).isEqualTo(Support.NATIVE);
        }
    }
}
