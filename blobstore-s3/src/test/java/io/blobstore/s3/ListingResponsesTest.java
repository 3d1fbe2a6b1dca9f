package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.DeleteResult;
import io.blobstore.IncompleteUpload;
import io.blobstore.ListOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.UploadListing;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses to listings and deletions. */
@ExtendWith(LeakCheck.class)
class ListingResponsesTest {

    @Test
    void blobsAndCommonPrefixesOfSeveralPagesAreMerged() throws IOException {
        Script first = Script.responding(
                200,
                "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                        + "<NextContinuationToken>t+1</NextContinuationToken>"
                        + blob("p%2Fa-b") + blob("p%2Fa%2Bc") + blob("p%2F") + blob("p%2Fb+c")
                        + prefix("p%2Fa%2F") + "</ListBucketResult>");
        Script second = Script.responding(
                200,
                "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
                        + blob("p%2F%F0%9F%98%80") + prefix("p%2Fc%2F") + prefix("p%2F%EF%BF%BD%2F")
                        + "</ListBucketResult>");
        try (ScriptedServer server = ScriptedServer.plain(first).then(first, second);
                BlobStore store = ScriptedS3.store(server).prefix("p/").open();
                BlobListing listing =
                        store.list(ListOptions.builder().delimiter("/").build())) {
            List<String> names = new ArrayList<>();
            while (listing.hasNext()) {
                names.add(listing.next().name());
            }
            assertThat(names).containsExactly("a+c", "a-b", "a/", "b c", "c/", "\uFFFD/", "\uD83D\uDE00");
            assertThat(server.requests().get(0).target()).contains("prefix=p%2F", "encoding-type=url");
            assertThat(server.requests().get(1).target()).contains("continuation-token=t%2B1");
        }
    }

    private static String blob(String key) {
        return "<Contents><Key>" + key + "</Key><Size>1</Size><ETag>\"1\"</ETag>"
                + "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>";
    }

    private static String prefix(String prefix) {
        return "<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>";
    }

    @Test
    void aTruncatedListingWithoutContinuationTokenIsAnError() throws IOException {
        String page = "<ListBucketResult><IsTruncated>true</IsTruncated>" + blob("a") + "</ListBucketResult>";
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, page));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.list(ListOptions.DEFAULT)))
                    .hasMessageContaining("no new continuation token");
        }
    }

    @Test
    void aBlobThatCouldNotBeDeletedIsReported() throws IOException {
        Script listed = Script.responding(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated>" + blob("p/a1") + blob("p/a2")
                        + "</ListBucketResult>");
        Script refused = Script.responding(
                200,
                "<DeleteResult><Deleted><Key>p/a1</Key></Deleted>"
                        + "<Error><Key>p/a2</Key><Code>AccessDenied</Code><Message>No.</Message></Error>"
                        + "</DeleteResult>");
        try (ScriptedServer server = ScriptedServer.plain(refused).then(listed);
                BlobStore store = ScriptedS3.store(server).prefix("p/").open()) {
            assertThat(catchThrowableOfType(PermissionDeniedException.class, () -> store.deleteAll("a"))
                            .key())
                    .contains(BlobKey.of("a2"));
        }
    }

    @Test
    void aResponseWithoutBodyIsNotAnEmptyListing() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.list(ListOptions.DEFAULT)))
                    .hasMessageContaining("not a listing")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isTrue());
        }
    }

    @Test
    void blobsThatAreMissingInTheResponseWereNotDeleted() throws IOException {
        Script listed = Script.responding(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated>" + blob("a1") + blob("a2") + "</ListBucketResult>");
        Script half = Script.responding(200, "<DeleteResult><Deleted><Key>a1</Key></Deleted></DeleteResult>");
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(200, "")).then(listed, half, listed);
                BlobStore store = ScriptedS3.store(server).maxAttempts(1).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.deleteAll("a")))
                    .hasMessageContaining("1 of 2");
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.deleteAll("a")))
                    .hasMessageContaining("0 of 2");
        }
    }

    @Test
    void otherBlobsInTheResponseDoNotCount() throws IOException {
        Script others = Script.responding(
                200,
                "<DeleteResult><Deleted><Key>a1</Key></Deleted><Deleted><Key>x</Key></Deleted>"
                        + "<Deleted><Key>y</Key></Deleted></DeleteResult>");
        try (ScriptedServer server = ScriptedServer.plain(others);
                BlobStore store = ScriptedS3.store(server).open()) {
            DeleteResult result = store.delete(List.of(BlobKey.of("a1"), BlobKey.of("a2")));

            assertThat(result.deleted()).containsExactly(BlobKey.of("a1"));
            assertThat(result.failures()).containsOnlyKeys(BlobKey.of("a2"));
        }
    }

    // ---- hostile listings

    private static final String SIZE = "<Size>1</Size>";
    private static final String MODIFIED = "<LastModified>2026-01-01T00:00:00.000Z</LastModified>";

    private static String entry(String... fields) {
        return "<Contents>" + String.join("", fields) + "</Contents>";
    }

    private static String key(String encoded) {
        return "<Key>" + encoded + "</Key>";
    }

    private static String page(String... content) {
        return "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
                + String.join("", content) + "</ListBucketResult>";
    }

    private static String truncated(String token, String... content) {
        return "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                + "<NextContinuationToken>" + token + "</NextContinuationToken>" + String.join("", content)
                + "</ListBucketResult>";
    }

    private static List<BlobListing.Entry> rest(BlobListing listing) throws IOException {
        List<BlobListing.Entry> entries = new ArrayList<>();
        while (listing.hasNext()) {
            entries.add(listing.next());
        }
        return entries;
    }

    /** Entries that cannot be blobs, between two that are. */
    private static final String DAMAGED = page(
            blob("d/a"),
            entry(key("d/no-size")),
            entry(key("d/negative"), "<Size>-1</Size>", MODIFIED),
            entry(key("d/not-a-number"), "<Size>many</Size>"),
            entry(key("d/too-large"), "<Size>99999999999999999999</Size>"),
            entry(key("d/" + "k".repeat(BlobKey.MAX_BYTES)), SIZE),
            entry(key("d/%zz"), SIZE),
            entry(key("d/%4"), SIZE),
            entry(key("d/%FF"), SIZE),
            entry(key("d/%ED%A0%80"), SIZE),
            entry(key(""), SIZE),
            entry(SIZE),
            blob("d/z"));

    @Test
    void entriesThatCannotBeBlobsAreSkippedWithOneWarning() throws IOException {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream console = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, DAMAGED));
                BlobStore store = ScriptedS3.store(server).open();
                BlobListing listing = store.list(ListOptions.prefix("d/"))) {
            assertThat(rest(listing)).extracting(BlobListing.Entry::name).containsExactly("d/a", "d/z");
            assertThat(listing.skipped()).isEqualTo(11);
        } finally {
            System.setErr(console);
        }
        assertThat(log.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("WARN")
                .contains("'d/no-size'", "valid size");
    }

    @Test
    void deleteAllDeletesWhatIsListed() throws IOException {
        List<String> deleted = new CopyOnWriteArrayList<>();
        Script delete = exchange -> {
            deleted.add(new String(exchange.readBody(), StandardCharsets.UTF_8));
            exchange.respond(
                    200,
                    "<DeleteResult><Deleted><Key>d/a</Key></Deleted><Deleted><Key>d/z</Key></Deleted></DeleteResult>");
        };
        try (ScriptedServer server = ScriptedServer.plain(delete).then(Script.responding(200, DAMAGED));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.deleteAll("d/")).isEqualTo(2);
        }
        assertThat(deleted)
                .singleElement()
                .satisfies(body -> assertThat(body.split("<Key>")).hasSize(3));
    }

    @Test
    void entriesWithoutOptionalFieldsAreListedWithoutThem() throws IOException {
        String listed = page(
                entry(key("a"), SIZE),
                entry(key("b"), SIZE, MODIFIED),
                entry(key("c"), SIZE, "<ETag></ETag><LastModified>yesterday</LastModified>"),
                entry(key("d"), "<Size>0</Size>", "<ETag>abc</ETag><Owner><ID>me</ID><Size>7</Size></Owner>"));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, listed));
                BlobStore store = ScriptedS3.store(server).open();
                BlobListing listing = store.list(ListOptions.DEFAULT)) {
            Optional<Instant> time = Optional.of(Instant.parse("2026-01-01T00:00:00Z"));
            assertThat(rest(listing))
                    .containsExactly(
                            BlobListing.Blob.of(BlobKey.of("a"), 1, Optional.empty(), Optional.empty()),
                            BlobListing.Blob.of(BlobKey.of("b"), 1, Optional.empty(), time),
                            BlobListing.Blob.of(BlobKey.of("c"), 1, Optional.empty(), Optional.empty()),
                            BlobListing.Blob.of(
                                    BlobKey.of("d"), 0, Optional.of(new BlobVersion("\"abc\"")), Optional.empty()));
            assertThat(listing.skipped()).isZero();
        }
    }

    /** A server that ignores the prefix must not make {@code deleteAll} delete other blobs. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "<Contents><Key>s%2Ftmp%2Fa</Key><Size>1</Size></Contents>"
                        + "<Contents><Key>s%2Fother</Key><Size>1</Size></Contents>",
                "<Contents><Key>tmp%2Fa</Key><Size>1</Size></Contents>",
                "<Contents><Key>other%2Ftmp%2Fa</Key></Contents>",
                "<CommonPrefixes><Prefix>s%2Ftm</Prefix></CommonPrefixes>",
                "<CommonPrefixes><Prefix>s%2F</Prefix></CommonPrefixes>"
            })
    void aNameOutsideThePrefixIsAnErrorBeforeAnythingIsDeleted(String entries) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, page(entries)));
                BlobStore store = ScriptedS3.store(server).prefix("s/").open()) {
            ListOptions options =
                    ListOptions.builder().prefix("tmp/").delimiter("/").build();
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.deleteAll("tmp/")))
                    .hasMessageContainingAll("deleteAll", "does not begin with 's/tmp/'")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.list(options)))
                    .hasMessageContainingAll("list", "does not begin with 's/tmp/'");
            assertThat(server.requests())
                    .hasSize(2)
                    .allSatisfy(request -> assertThat(request.method()).isEqualTo("GET"));
        }
    }

    /** Otherwise a program that walks a tree would never end. */
    @Test
    void aCommonPrefixIsBelowTheRequestedOne() throws IOException {
        String listed = page(prefix("a/"), prefix("a/b"), prefix("a/c/"));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, listed));
                BlobStore store = ScriptedS3.store(server).open();
                BlobListing listing = store.list(
                        ListOptions.builder().prefix("a/").delimiter("/").build())) {
            assertThat(rest(listing)).containsExactly(BlobListing.CommonPrefix.of("a/c/"));
            assertThat(listing.skipped()).isEqualTo(2);
        }
    }

    @Test
    void continuationTokensThatRepeatEndAListing() throws IOException {
        Script[] cycle = new Script[12];
        for (int i = 0; i < cycle.length; i++) {
            cycle[i] = Script.responding(200, truncated("token-" + i % 3, blob("k" + i % 3)));
        }
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(500, "")).then(cycle);
                BlobStore store = ScriptedS3.store(server).open();
                BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> rest(listing)))
                    .hasMessageContaining("continuation tokens repeat")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
        }
    }

    // ---- uploads

    private static String uploads(String... content) {
        return "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + String.join("", content)
                + "</ListMultipartUploadsResult>";
    }

    private static String upload(String key, String id) {
        return "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId><Initiator><ID>me</ID></Initiator>"
                + "<Initiated>2026-01-01T00:00:00.500Z</Initiated></Upload>";
    }

    @Test
    void uploadsAreListedPageByPage() throws IOException {
        Script first = Script.responding(
                200,
                uploads(
                        upload("s%2Fa+b", "id-1"),
                        upload("s%2F%zz", "id-2"),
                        "<Upload><Key>s%2Fc</Key></Upload>",
                        "<Upload><Key>s%2Fd</Key><UploadId>id-3</UploadId></Upload>",
                        "<IsTruncated>true</IsTruncated><NextKeyMarker>s%2Fa+b</NextKeyMarker>"
                                + "<NextUploadIdMarker>id-3</NextUploadIdMarker>"));
        Script second = Script.responding(200, uploads("<IsTruncated>false</IsTruncated>", upload("s%2Fz", "id-4")));
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(500, "")).then(first, second);
                BlobStore store = ScriptedS3.store(server).prefix("s/").open();
                UploadListing listing = store.listUploads("")) {
            List<IncompleteUpload> found = new ArrayList<>();
            while (listing.hasNext()) {
                found.add(listing.next());
            }
            Optional<Instant> time = Optional.of(Instant.parse("2026-01-01T00:00:00.500Z"));
            assertThat(found)
                    .containsExactly(
                            IncompleteUpload.of(BlobKey.of("a b"), "id-1", time),
                            IncompleteUpload.of(BlobKey.of("d"), "id-3", Optional.empty()),
                            IncompleteUpload.of(BlobKey.of("z"), "id-4", time));
            assertThat(listing.skipped()).isEqualTo(2);
            assertThat(server.requests().get(0).target()).contains("uploads", "prefix=s%2F", "encoding-type=url");
            assertThat(server.requests().get(1).target()).contains("key-marker=s%2Fa%20b", "upload-id-marker=id-3");
        }
    }

    @Test
    void anUploadOutsideThePrefixIsAnError() throws IOException {
        String listed = uploads("<IsTruncated>false</IsTruncated>", upload("other", "id-1"));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, listed));
                BlobStore store = ScriptedS3.store(server).prefix("s/").open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.listUploads("tmp/")))
                    .hasMessageContainingAll("list uploads", "does not begin with 's/tmp/'");
        }
    }

    @Test
    void anUploadThatIsGoneCountsAsAborted() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.refusing(404, "NoSuchUpload"));
                BlobStore store = ScriptedS3.store(server).prefix("s/").open()) {
            store.abortUpload(BlobKey.of("a/b"), "id/+");

            assertThat(server.requests())
                    .singleElement()
                    .satisfies(request -> assertThat(request.method() + " " + request.target())
                            .isEqualTo("DELETE /" + ScriptedS3.BUCKET + "/s/a/b?uploadId=id%2F%2B"));
        }
    }
}
