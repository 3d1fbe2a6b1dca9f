package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.PermissionDeniedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

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
                "<ListBucketResult><IsTruncated>false</IsTruncated>" + blob("p/a") + blob("p/b")
                        + "</ListBucketResult>");
        Script refused = Script.responding(
                200,
                "<DeleteResult><Deleted><Key>p/a</Key></Deleted>"
                        + "<Error><Key>p/b</Key><Code>AccessDenied</Code><Message>No.</Message></Error>"
                        + "</DeleteResult>");
        try (ScriptedServer server = ScriptedServer.plain(refused).then(listed);
                BlobStore store = ScriptedS3.store(server).prefix("p/").open()) {
            assertThat(catchThrowableOfType(PermissionDeniedException.class, () -> store.deleteAll("a"))
                            .key())
                    .contains(BlobKey.of("b"));
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
}
