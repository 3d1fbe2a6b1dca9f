package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.DeleteResult;
import io.blobstore.IncompleteUpload;
import io.blobstore.ListOptions;
import io.blobstore.UploadListing;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses to listings and deletions that Cloud Storage does not send, but a faulty server may. */
@ExtendWith(LeakCheck.class)
class ListingResponsesTest {
    private static final String UUID = "01234567-89ab-cdef-0123-456789abcdef";

    private static Script json(String body) {
        return Script.responding(200, body, "Content-Type: application/json");
    }

    private static Script xml(String body) {
        return Script.responding(200, body, "Content-Type: application/xml");
    }

    private static String page(String... items) {
        return "{\"kind\":\"storage#objects\",\"items\":[" + String.join(",", items) + "]}";
    }

    private static String item(String name, String... fields) {
        return "{\"kind\":\"storage#object\",\"bucket\":\"some-bucket\",\"name\":\"" + name + "\""
                + String.join("", fields) + "}";
    }

    private static final String SIZE = ",\"size\":\"1\"";
    private static final String REST = ",\"generation\":\"7\",\"updated\":\"2026-01-01T00:00:00.5Z\"";

    private static BlobStore store(ScriptedServer server, String prefix) throws IOException {
        return GcsBlobStore.builder("some-bucket")
                .endpoint(URI.create(server.endpoint().toString()))
                .credentials(NoCredentials.getInstance())
                .maxAttempts(1)
                .prefix(prefix)
                .open();
    }

    private static List<BlobListing.Entry> rest(BlobListing listing) throws IOException {
        List<BlobListing.Entry> entries = new ArrayList<>();
        while (listing.hasNext()) {
            entries.add(listing.next());
        }
        return entries;
    }

    @Test
    void entriesThatCannotBeBlobsAreSkippedWithOneWarning() throws IOException {
        String listed = page(
                item("d/a", SIZE, REST),
                item("d/negative", ",\"size\":\"-1\"", REST),
                item("d/" + "k".repeat(BlobKey.MAX_BYTES), SIZE, REST),
                item("d/\\ud800", SIZE, REST),
                "{}",
                "{\"name\":\"d/b\"}",
                item("d/z", SIZE, REST));
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream console = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (ScriptedServer server = ScriptedServer.plain(json(listed));
                BlobStore store = store(server, "");
                BlobListing listing = store.list(ListOptions.prefix("d/"))) {
            assertThat(rest(listing)).extracting(BlobListing.Entry::name).containsExactly("d/a", "d/z");
            assertThat(listing.skipped()).isEqualTo(5);
        } finally {
            System.setErr(console);
        }
        assertThat(log.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("WARN")
                .contains("'d/negative'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\":\"d/b\",\"size\":\"many\"}",
                "{\"name\":\"d/b\",\"size\":\"1\",\"updated\":\"yesterday\"}",
                "{\"name\":\"d/b\",\"size\":{}}",
                "[]"
            })
    void whatTheSdkCannotParseIsATypedError(String item) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(json(page(item)));
                BlobStore store = store(server, "")) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.list(ListOptions.DEFAULT)))
                    .hasMessageContainingAll("list", "not a valid listing");
        }
    }

    /** JSON may omit a number that is 0. */
    @Test
    void entriesWithoutOptionalFieldsAreListedWithoutThem() throws IOException {
        String listed = page(item("a", REST), item("b"), item("c", SIZE));
        try (ScriptedServer server = ScriptedServer.plain(json(listed));
                BlobStore store = store(server, "");
                BlobListing listing = store.list(ListOptions.DEFAULT)) {
            Optional<Instant> time = Optional.of(Instant.parse("2026-01-01T00:00:00Z"));
            assertThat(rest(listing))
                    .containsExactly(
                            BlobListing.Blob.of(BlobKey.of("a"), 0, Optional.of(new BlobVersion("7")), time),
                            BlobListing.Blob.of(BlobKey.of("b"), 0, Optional.empty(), Optional.empty()),
                            BlobListing.Blob.of(BlobKey.of("c"), 1, Optional.empty(), Optional.empty()));
            assertThat(listing.skipped()).isZero();
        }
    }

    @Test
    void metadataWithoutASizeIsThatOfAnEmptyBlob() throws IOException {
        // The request for the first byte, of which there is none.
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(416, "")).then(json(item("a", REST)));
                BlobStore store = store(server, "")) {
            assertThat(store.head(BlobKey.of("a")).size()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"items\":[{\"bucket\":\"b\",\"name\":\"s/tmp/a\"},{\"bucket\":\"b\",\"name\":\"s/other\"}]}",
                "{\"items\":[{\"bucket\":\"b\",\"name\":\"tmp/a\"}]}",
                "{\"prefixes\":[\"s/\"]}"
            })
    void aNameOutsideThePrefixIsAnErrorBeforeAnythingIsDeleted(String listed) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(json(listed));
                BlobStore store = store(server, "s/")) {
            ListOptions options =
                    ListOptions.builder().prefix("tmp/").delimiter("/").build();
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.deleteAll("tmp/")))
                    .hasMessageContainingAll("deleteAll", "does not begin with 's/tmp/'");
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.list(options)))
                    .hasMessageContainingAll("list", "does not begin with 's/tmp/'");
            assertThat(server.requests())
                    .hasSize(2)
                    .allSatisfy(request -> assertThat(request.method()).isEqualTo("GET"));
        }
    }

    @Test
    void continuationTokensThatRepeatEndAListing() throws IOException {
        Script[] cycle = new Script[12];
        for (int i = 0; i < cycle.length; i++) {
            cycle[i] = json("{\"nextPageToken\":\"token-" + i % 3 + "\",\"items\":[" + item("k" + i % 3) + "]}");
        }
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(501, "")).then(cycle);
                BlobStore store = store(server, "");
                BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> rest(listing)))
                    .hasMessageContaining("continuation tokens repeat");
        }
    }

    @Test
    void blobsThatAreMissingInTheResponseToABatchWereNotDeleted() throws IOException {
        Script half = Script.responding(
                200,
                "--b\r\nContent-Type: application/http\r\nContent-ID: <response-1>\r\n\r\n"
                        + "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n\r\n--b--\r\n",
                "Content-Type: multipart/mixed; boundary=b");
        try (ScriptedServer server = ScriptedServer.plain(half);
                BlobStore store = store(server, "")) {
            DeleteResult result = store.delete(List.of(BlobKey.of("a1"), BlobKey.of("a2")));

            assertThat(result.deleted()).containsExactly(BlobKey.of("a1"));
            assertThat(result.failures()).containsOnlyKeys(BlobKey.of("a2"));
        }
    }

    // ---- uploads

    private static String uploads(String... uploads) {
        return "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + String.join("", uploads)
                + "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
    }

    private static String upload(String object, String id) {
        return "<Upload><Key>" + object + "</Key><UploadId>" + id + "</UploadId></Upload>";
    }

    @Test
    void uploadsOfHiddenObjectsHaveTheirKey() throws IOException {
        String hidden = "s/.blobstore-unpublished/" + UUID;
        Script visible = xml(uploads(upload("s%2Fk1", "id1"), upload(hidden.replace("/", "%2F") + ".k2", "id2")));
        Script ofHidden = xml(uploads(
                upload(hidden.replace("/", "%2F") + ".k%2F2", "id2"), upload(hidden.replace("/", "%2F"), "id3")));
        Script objects = json(page(item(hidden + ".k4", REST), item(hidden, REST), item("s/.blobstore-unpublished/x")));
        Script gone = Script.responding(404, "<Error><Code>NoSuchUpload</Code></Error>");
        try (ScriptedServer server = ScriptedServer.plain(gone).then(visible, ofHidden, objects);
                BlobStore store = store(server, "s/")) {
            List<IncompleteUpload> found = new ArrayList<>();
            try (UploadListing listing = store.listUploads("")) {
                while (listing.hasNext()) {
                    found.add(listing.next());
                }
                assertThat(listing.skipped()).isEqualTo(1);
            }
            assertThat(found)
                    .extracting(
                            upload -> upload.key() + " " + upload.initiated().isPresent())
                    .containsExactly(
                            "k1 false",
                            "k/2 false",
                            ".blobstore-unpublished/" + UUID + " false",
                            "k4 true",
                            ".blobstore-unpublished/" + UUID + " true");
            server.forgetRequests();

            for (IncompleteUpload upload : found) {
                store.abortUpload(upload.key(), upload.id());
            }

            String objectsPath = "DELETE /storage/v1/b/some-bucket/o/" + hidden.replace("/", "%2F");
            assertThat(server.requests())
                    .extracting(request -> request.method() + " " + request.target())
                    .containsExactly(
                            "DELETE /some-bucket/s/k1?uploadId=id1",
                            "DELETE /some-bucket/" + hidden + ".k/2?uploadId=id2",
                            "DELETE /some-bucket/" + hidden + "?uploadId=id3",
                            objectsPath + ".k4?generation=7",
                            objectsPath + "?generation=7");
        }
    }

    @Test
    void anUploadOutsideThePrefixIsAnError() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(xml(uploads(upload("other", "id1"))));
                BlobStore store = store(server, "s/")) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.listUploads("tmp/")))
                    .hasMessageContainingAll("list uploads", "does not begin with 's/tmp/'");
        }
    }
}
