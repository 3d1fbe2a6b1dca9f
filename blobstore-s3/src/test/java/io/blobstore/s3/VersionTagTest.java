package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Versions whose entity tag is weak in some responses, or whose id is missing in some. */
@ExtendWith(LeakCheck.class)
class VersionTagTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final String STRONG = "\"0123456789abcdef\"";
    private static final String WEAK = "ETag: W/" + STRONG;
    private static final String ID = "x-amz-version-id: v1";
    private static final Script LISTING = Script.responding(
            200,
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>some-blob</Key><Size>10</Size>"
                    + "<LastModified>2015-10-21T07:28:00.000Z</LastModified><ETag>W/&quot;0123456789abcdef&quot;</ETag>"
                    + "</Contents></ListBucketResult>");

    /** Serves one blob, with other fields in responses to HEAD than in those to GET. */
    private static Script serving(String headFields, String getFields) {
        return exchange -> {
            boolean head = exchange.method().equals("HEAD");
            assertThat(exchange.header("If-Match").orElse(STRONG)).isEqualTo(STRONG);
            String fields = ScriptedS3.MODIFIED + "\r\n" + (head ? headFields : getFields) + "\r\n";
            if (head) {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + fields + "\r\n");
            } else if (exchange.header("Range").isEmpty()) {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + fields + "\r\n0123456789");
            } else {
                String[] range = exchange.header("Range").get().split("[=-]");
                int from = Integer.parseInt(range[1]);
                int to = Math.min(9, Integer.parseInt(range[2]));
                exchange.write("HTTP/1.1 206 X\r\nContent-Length: " + (to + 1 - from) + "\r\nContent-Range: bytes "
                        + from + "-" + to + "/10\r\n" + fields + "\r\n" + "0123456789".substring(from, to + 1));
            }
        };
    }

    private static void assertReadable(BlobStore store, ReadOptions options) throws Exception {
        DownloadOptions parts =
                DownloadOptions.builder().partSize(4).read(options).build();
        ReaderOptions reading = ReaderOptions.builder().read(options).build();
        try (TransferManager manager = TransferManager.create()) {
            ByteBuffer target = ByteBuffer.allocate(10);
            manager.download(store, KEY, ByteRange.all(), BlobTarget.of(target), parts)
                    .join();
            assertThat(target.array()).isEqualTo(BYTES);
            for (boolean sizeFirst : new boolean[] {true, false}) {
                try (BlobReader blob = manager.openReader(store, KEY, reading)) {
                    if (sizeFirst) {
                        assertThat(blob.size()).isEqualTo(10);
                    }
                    for (int i = 0; i < 10; i += 5) {
                        assertThat(blob.read(ByteBuffer.allocate(5))).isEqualTo(5);
                    }
                    assertThat(blob.read(ByteBuffer.allocate(5))).isEqualTo(-1);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"weak, strong", "strong, weak", "id, strong", "strong, id", "id, weak", "weak, id", "id, id"})
    void aVersionIsComparedByWhatBothResponsesHave(String head, String get) throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(serving(fields(head), fields(get)));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertReadable(store, ReadOptions.DEFAULT);
            assertReadable(store, ReadOptions.ifMatch(store.head(KEY).version()));
            server.then(LISTING);
            try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
                assertReadable(
                        store,
                        ReadOptions.ifMatch(
                                ((BlobListing.Blob) listing.next()).version().orElseThrow()));
            }
            for (BlobVersion other : new BlobVersion[] {
                new BlobVersion("\"fedcba\""), new BlobVersion("\"fedcba\"@v1"),
            }) {
                server.then(ScriptedS3.refusing(412, "PreconditionFailed"));
                assertThat(catchThrowableOfType(
                                PreconditionFailedException.class,
                                () -> store.read(
                                        KEY, ByteRange.all(), ByteBuffer.allocate(10), ReadOptions.ifMatch(other))))
                        .isNotNull();
            }
        }
    }

    private static String fields(String kind) {
        return switch (kind) {
            case "weak" -> WEAK;
            case "id" -> ScriptedS3.ETAG + "\r\n" + ID;
            default -> ScriptedS3.ETAG;
        };
    }

    @Test
    void anotherIdIsAnotherVersion() throws Exception {
        try (ScriptedServer server =
                        ScriptedServer.plain(serving(fields("id"), ScriptedS3.ETAG + "\r\nx-amz-version-id: v2"));
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager manager = TransferManager.create();
                BlobReader blob = manager.openReader(store, KEY)) {
            assertThat(blob.size()).isEqualTo(10);
            assertThat(catchThrowableOfType(PreconditionFailedException.class, () -> blob.read(ByteBuffer.allocate(5))))
                    .isNotNull();
        }
    }

    @Test
    void tagsAreSentStrong() throws IOException {
        AtomicReference<String> completion = new AtomicReference<>();
        Script created = Script.responding(
                200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
        Script completed = exchange -> {
            completion.set(new String(exchange.readBody(), StandardCharsets.UTF_8));
            exchange.respond(
                    200, "<CompleteMultipartUploadResult><ETag>W/\"1-1\"</ETag></CompleteMultipartUploadResult>");
        };
        Script stored = Script.responding(200, "", WEAK);
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(204, ""))
                        .then(stored, stored, created, stored, completed);
                BlobStore store = ScriptedS3.store(server).open()) {
            BlobSource content = BlobSource.of(ByteBuffer.wrap(BYTES));
            assertThat(store.store(KEY, content).version().value()).isEqualTo(STRONG);
            Precondition weak = Precondition.ifMatch(new BlobVersion("W/" + STRONG)); // of an older release
            store.store(KEY, content, StoreOptions.builder().precondition(weak).build());
            try (MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, content);
                assertThat(upload.complete(Crc32c.of(content)).version().value())
                        .isEqualTo("\"1-1\"");
            }
            assertThat(server.requests().get(1).header("If-Match")).contains(STRONG);
            assertThat(completion.get()).contains("0123456789abcdef").doesNotContain("W/");
            assertThat(server.requests()).extracting(ScriptedExchange::method).hasSize(5);
        }
    }
}
