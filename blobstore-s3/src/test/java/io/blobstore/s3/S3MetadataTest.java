package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.objects.HeaderText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests metadata as other programs have stored it: how it is shown, and that copies keep it. */
@ExtendWith(LeakCheck.class)
class S3MetadataTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobKey COPY = BlobKey.of("copy");
    private static final String LONG = "x".repeat(3000);

    /** Metadata outside the limits of this library, and all that S3 returns with a HEAD. */
    private static final String[] FOREIGN = {
        ScriptedS3.ETAG,
        ScriptedS3.MODIFIED,
        "Content-Type: text/plain",
        "Content-Encoding: gzip",
        "Content-Language: de",
        "Content-Disposition: attachment; filename=\"Zoë.txt\"", // in UTF-8
        "Cache-Control: no-cache",
        "Expires: Thu, 01 Jan 2026 00:00:00 GMT",
        "x-amz-meta-Owner: Zoë €",
        "x-amz-meta-encoded: =?UTF-8?B?Wm/Dqw==?=",
        "x-amz-meta-long: " + LONG,
        "x-amz-storage-class: STANDARD_IA",
        "x-amz-website-redirect-location: /other"
    };

    private static final Map<String, String> SENT_AGAIN = Map.of(
            "Content-Type", "text/plain",
            "Content-Encoding", "gzip",
            "Content-Language", "de",
            "Content-Disposition", "attachment; filename=\"" + HeaderText.wire("Zoë.txt") + "\"",
            "Cache-Control", "no-cache",
            "Expires", "Thu, 01 Jan 2026 00:00:00 GMT",
            "x-amz-meta-owner", HeaderText.wire("Zoë €"),
            "x-amz-meta-encoded", "=?UTF-8?B?Wm/Dqw==?=",
            "x-amz-meta-long", LONG);

    private static final Script COPIED =
            Script.responding(200, "<CopyObjectResult><ETag>\"0123456789abcdef\"</ETag></CopyObjectResult>");
    private static final Script CREATED = Script.responding(
            200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
    private static final Script PART_COPIED =
            Script.responding(200, "<CopyPartResult><ETag>\"0123456789abcdef\"</ETag></CopyPartResult>");
    private static final Script COMPLETED = Script.responding(
            200, "<CompleteMultipartUploadResult><ETag>\"0123456789abcdef-1\"</ETag></CompleteMultipartUploadResult>");
    private static final CopyOptions IF_ABSENT =
            CopyOptions.builder().precondition(Precondition.ifAbsent()).build();

    private static ScriptedServer server(Script... scripts) throws IOException {
        return ScriptedServer.plain(ScriptedS3.refusing(500, "Unexpected")).then(scripts);
    }

    private static void assertDescribes(ScriptedExchange request) {
        SENT_AGAIN.forEach(
                (name, value) -> assertThat(request.header(name)).as(name).contains(value));
        assertKeepsProperties(request);
    }

    private static void assertKeepsProperties(ScriptedExchange request) {
        assertThat(request.header("x-amz-storage-class")).contains("STANDARD_IA");
        assertThat(request.header("x-amz-website-redirect-location")).contains("/other");
        assertThat(request.header("Authorization").orElseThrow()).contains("x-amz-storage-class");
    }

    // ---- metadata

    @Test
    void metadataOfOtherProgramsIsShownAsText() throws IOException {
        List<String> fields = new ArrayList<>(List.of(FOREIGN));
        fields.add("x-amz-meta-s3: =?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="); // how S3 returns "ÄMÄZÕÑ S3"
        fields.add("x-amz-meta-quoted: a =?utf-8?q?=C3=A9_?= =?UTF-8?Q?b?= c");
        fields.add("x-amz-meta-broken: =?UTF-8?B?/w==?= =?none?B?YQ==?=");
        String[] all = fields.toArray(new String[0]);
        byte[] content = {1, 2, 3};
        try (ScriptedServer server = server(
                        ScriptedS3.head(3, all),
                        exchange -> exchange.respond(200, content, all),
                        ScriptedS3.head(3, all));
                BlobStore store = ScriptedS3.store(server).open()) {
            BlobMetadata head = store.head(KEY);
            BlobMetadata read =
                    store.read(KEY, ByteRange.all(), ByteBuffer.allocate(3)).blob();

            assertThat(head.userMetadata())
                    .containsEntry("owner", "Zoë €")
                    .containsEntry("encoded", "Zoë")
                    .containsEntry("long", LONG)
                    .containsEntry("s3", "ÄMÄZÕÑ S3")
                    .containsEntry("quoted", "a é b c")
                    .containsEntry("broken", "=?UTF-8?B?/w==?= =?none?B?YQ==?=");
            assertThat(head.contentDisposition()).contains("attachment; filename=\"Zoë.txt\"");
            assertThat(head.contentEncoding()).contains("gzip");
            assertThat(read).isEqualTo(head);
            assertThat(head.toBuilder().build()).isEqualTo(head);
        }
    }

    // ---- copies

    @Test
    void aCopyLeavesMetadataAndTagsToTheServer() throws IOException {
        try (ScriptedServer server = server(ScriptedS3.head(3, FOREIGN), COPIED);
                BlobStore store = ScriptedS3.store(server).open()) {
            store.copy(KEY, COPY);

            ScriptedExchange request = server.requests().get(1);
            assertThat(request.header("x-amz-metadata-directive")).contains("COPY");
            assertThat(request.header("x-amz-tagging-directive")).isEmpty();
            assertThat(request.header("x-amz-meta-owner")).isEmpty();
            assertKeepsProperties(request);
        }
    }

    @Test
    void aCopyOntoItselfHasAllMetadata() throws IOException {
        try (ScriptedServer server = server(ScriptedS3.head(3, FOREIGN), COPIED);
                BlobStore store = ScriptedS3.store(server).open()) {
            store.copy(KEY, KEY);

            ScriptedExchange request = server.requests().get(1);
            assertThat(request.header("x-amz-metadata-directive")).contains("REPLACE");
            assertThat(request.header("x-amz-tagging-directive")).isEmpty();
            assertDescribes(request);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void aCopyWithAConditionHasAllMetadataAndTags(int size) throws IOException {
        Script tags = ScriptedS3.tags("<Tag><Key>team &amp; cost</Key><Value>a b</Value></Tag>");
        Script stored = Script.responding(200, "", ScriptedS3.ETAG);
        Script[] copying = size == 0
                ? new Script[] {ScriptedS3.head(size, FOREIGN), tags, stored}
                : new Script[] {ScriptedS3.head(size, FOREIGN), tags, CREATED, PART_COPIED, COMPLETED};
        try (ScriptedServer server = server(copying);
                BlobStore store = ScriptedS3.store(server).open()) {
            store.copy(KEY, COPY, IF_ABSENT);

            assertThat(server.requests()).hasSize(copying.length);
            ScriptedExchange creation = server.requests().get(2);
            assertDescribes(creation);
            assertThat(creation.header("x-amz-tagging")).contains("team%20%26%20cost=a%20b");
        }
    }

    /** A copy that is too large for one request is made as one with a condition. */
    @Test
    void theSettingsReplaceTagsAndStorageClass() throws IOException {
        try (ScriptedServer server = server(ScriptedS3.head(3, FOREIGN), CREATED, PART_COPIED, PART_COPIED, COMPLETED);
                BlobStore store = ScriptedS3.store(server)
                        .tag("a", "b")
                        .storageClass("GLACIER_IR")
                        .open(2, 2)) {
            store.copy(KEY, COPY);

            ScriptedExchange creation = server.requests().get(1);
            assertThat(creation.header("x-amz-tagging")).contains("a=b");
            assertThat(creation.header("x-amz-storage-class")).contains("GLACIER_IR");
            assertThat(creation.header("x-amz-meta-long")).contains(LONG);
        }
    }

    @Test
    void tagsThatMustNotBeReadFailTheCopy() throws IOException {
        try (ScriptedServer server = server(ScriptedS3.head(3, FOREIGN), ScriptedS3.refusing(403, "AccessDenied"));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThatExceptionOfType(PermissionDeniedException.class)
                    .isThrownBy(() -> store.copy(KEY, COPY, IF_ABSENT))
                    .withMessageContaining("s3:GetObjectTagging");
            assertThat(server.requests()).hasSize(2);
        }
    }

    @ParameterizedTest
    @CsvSource({"501, NotImplemented", "404, NoSuchTagSet", "405, MethodNotAllowed"})
    void aServerWithoutTagsCopiesWithoutThem(int status, String code) throws IOException {
        try (ScriptedServer server = server(
                        ScriptedS3.head(3, FOREIGN),
                        ScriptedS3.refusing(status, code),
                        CREATED,
                        PART_COPIED,
                        COMPLETED);
                BlobStore store = ScriptedS3.store(server).open()) {
            store.copy(KEY, COPY, IF_ABSENT);

            assertDescribes(server.requests().get(2));
            assertThat(server.requests().get(2).header("x-amz-tagging")).isEmpty();
        }
    }

    // ---- presigned URLs

    @Test
    void aPresignedUrlReplacesHeadersOfTheResponse() throws IOException {
        try (ScriptedServer server = server();
                BlobStore store = ScriptedS3.store(server).open()) {
            PresignOptions options = PresignOptions.builder()
                    .validity(Duration.ofMinutes(1))
                    .responseContentType("text/plain")
                    .responseContentEncoding("identity")
                    .responseContentLanguage("en")
                    .responseContentDisposition("attachment; filename=\"a&b.txt\"")
                    .responseCacheControl("no-store")
                    .build();

            assertThat(store.presign(KEY, options).url().getRawQuery().split("&"))
                    .contains(
                            "response-content-type=text%2Fplain",
                            "response-content-encoding=identity",
                            "response-content-language=en",
                            "response-content-disposition=attachment%3B%20filename%3D%22a%26b.txt%22",
                            "response-cache-control=no-store")
                    .anyMatch(parameter -> parameter.startsWith("X-Amz-Signature="));
        }
    }
}
