package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The header fields that a store's settings add to its requests. */
@ExtendWith(LeakCheck.class)
class RequestHeadersTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final String CRC = Crc32c.of(ByteBuffer.wrap(BYTES)).base64();
    private static final Script STORED = Script.responding(200, "", ScriptedS3.ETAG);

    private static BlobSource content() {
        return BlobSource.of(ByteBuffer.wrap(BYTES));
    }

    @Test
    void settingsAreSentAsHeaders() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(STORED);
                BlobStore store = ScriptedS3.store(server)
                        .storageClass("STANDARD_IA")
                        .encryption(S3Encryption.kms("alias/some")
                                .withContext(Map.of("a\"b", "c"))
                                .withBucketKey())
                        .tag("team", "a&b")
                        .tag("cost", "1 2")
                        .requesterPays(true)
                        .expectContinue(true)
                        .open()) {
            store.store(
                    KEY,
                    content(),
                    StoreOptions.builder()
                            .contentType("text/plain")
                            .userMetadata("a", "1")
                            .build());

            ScriptedExchange put = server.requests().get(0);
            assertThat(put.header("x-amz-storage-class")).contains("STANDARD_IA");
            assertThat(put.header("x-amz-server-side-encryption")).contains("aws:kms");
            assertThat(put.header("x-amz-server-side-encryption-aws-kms-key-id"))
                    .contains("alias/some");
            assertThat(put.header("x-amz-server-side-encryption-context"))
                    .contains(Base64.getEncoder()
                            .encodeToString("{\"a\\\"b\":\"c\"}".getBytes(StandardCharsets.US_ASCII)));
            assertThat(put.header("x-amz-server-side-encryption-bucket-key-enabled"))
                    .contains("true");
            assertThat(put.header("x-amz-tagging")).contains("cost=1%202&team=a%26b");
            assertThat(put.header("x-amz-request-payer")).contains("requester");
            assertThat(put.header("x-amz-meta-a")).contains("1");
            assertThat(put.header("Content-Type")).contains("text/plain");
            assertThat(put.header("x-amz-checksum-crc32c")).contains(CRC);
            assertThat(put.header("Expect")).contains("100-continue");
            String signed = put.header("Authorization").orElseThrow();
            assertThat(signed).contains("x-amz-checksum-crc32c", "x-amz-tagging", "x-amz-meta-a");
        }
    }

    @Test
    void withoutChecksumsNoneAreSentOrRequested() throws IOException {
        Script listed = Script.responding(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated>"
                        + "<Contents><Key>a</Key><Size>1</Size><ETag>\"1\"</ETag>"
                        + "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>");
        try (ScriptedServer server = ScriptedServer.plain(
                                Script.responding(200, "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"))
                        .then(
                                STORED,
                                ScriptedS3.read(BYTES),
                                ScriptedS3.head(BYTES.length, ScriptedS3.ETAG, ScriptedS3.MODIFIED),
                                listed);
                BlobStore store =
                        ScriptedS3.store(server).checksums(S3Checksums.NONE).open()) {
            store.store(KEY, content());
            store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10));
            assertThat(store.deleteAll("a")).isEqualTo(1);

            assertThat(server.requests())
                    .hasSize(5)
                    .allSatisfy(request -> assertThat(request.headers().toString())
                            .doesNotContainIgnoringCase("crc32c")
                            .doesNotContainIgnoringCase("checksum-mode"));
            assertThat(server.requests().get(4).header("Content-MD5")).isPresent();
        }
    }

    /** A customer key may only be in its header, over TLS. */
    @Test
    void aCustomerKeyIsInItsHeaderAndNowhereElse() throws IOException {
        byte[] key = "0123456789abcdefghijklmnopqrstuv".getBytes(StandardCharsets.US_ASCII);
        String secret = Base64.getEncoder().encodeToString(key);
        try (ScriptedServer server = ScriptedServer.secure(
                        TestAuthority.get().serverContext(TestAuthority.Identity.SERVER),
                        ScriptedS3.refusing(403, "AccessDenied"));
                BlobStore store = ScriptedS3.store(server)
                        .encryption(S3Encryption.customerKey(key))
                        .trustManagers(TestAuthority.get().trustManagers())
                        .open()) {
            List<String> texts = new ArrayList<>();
            texts.add(store.toString());
            texts.add(S3Encryption.customerKey(key).toString());
            Throwable own = catchThrowableOfType(PermissionDeniedException.class, () -> store.store(KEY, content()));
            Throwable sdk = catchThrowableOfType(
                    PermissionDeniedException.class,
                    () -> store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT));
            PresignedUrl url = store.presign(KEY, PresignOptions.put(Duration.ofMinutes(1)));
            texts.add(url.toString());
            for (Throwable e : List.of(own, sdk)) {
                for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                    texts.add(cause.toString());
                }
            }

            assertThat(server.requests())
                    .hasSize(2)
                    .allSatisfy(request -> assertThat(request.header("x-amz-server-side-encryption-customer-key"))
                            .contains(secret));
            assertThat(url.headers()).containsKey("x-amz-server-side-encryption-customer-key");
            assertThat(texts)
                    .allSatisfy(text -> assertThat(text)
                            .doesNotContain(secret, "0123456789abcdef", ScriptedS3.SECRET_KEY, "X-Amz-Signature"));
        }
    }
}
