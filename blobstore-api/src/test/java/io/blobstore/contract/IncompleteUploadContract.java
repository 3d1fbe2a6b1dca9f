package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.IncompleteUpload;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.UploadListing;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

/** The part of the contract about uploads that are neither completed nor aborted. */
abstract class IncompleteUploadContract extends MultipartContract {
    private static final byte[] CONTENT = bytes(10, 1);

    @Test
    void uploadsAreListedUntilTheyEnd() throws IOException {
        assumeUploadsAreListed();
        assertThat(uploads("")).isEmpty();
        try (MultipartUpload completed = begin("a b/+%", Precondition.none());
                MultipartUpload aborted = begin("b", Precondition.none());
                MultipartUpload second = begin("b", Precondition.none())) {
            assertThat(uploads(""))
                    .extracting(IncompleteUpload::id)
                    .containsExactlyInAnyOrder(completed.id(), aborted.id(), second.id());
            assertThat(uploads("a"))
                    .singleElement()
                    .satisfies(upload -> assertThat(upload.key()).isEqualTo(completed.key()))
                    .satisfies(upload -> assertThat(upload.id()).isEqualTo(completed.id()))
                    .satisfies(upload -> assertThat(upload.initiated().orElseThrow())
                            .isBefore(Instant.now().plus(Duration.ofDays(1))));
            assertThat(uploads("b")).hasSize(2);
            assertThat(uploads("c")).isEmpty();

            completed.uploadPart(1, source(CONTENT));
            completed.complete(crc(CONTENT));
            aborted.abort();

            assertThat(uploads("")).extracting(IncompleteUpload::id).containsExactly(second.id());
        }
        assertThat(uploads("")).isEmpty();
    }

    @Test
    void uploadsWithAPreconditionAreListedAndAborted() throws IOException {
        assumeUploadsAreListed();
        assumeTrue(store.capabilities().conditionalStore() != Support.NONE, "the store has no preconditions");
        String longest = "k".repeat(longestKey());
        for (String name : List.of("some/key", longest)) {
            assumeTrue(supportsKey(name), "the store does not support long keys");
            try (MultipartUpload upload = begin(name, Precondition.ifAbsent())) {
                upload.uploadPart(1, source(CONTENT));
                IncompleteUpload listed = uploads("").get(0);
                assertThat(listed.id()).isEqualTo(upload.id());
                if (name.length() < 100) {
                    assertThat(listed.key()).isEqualTo(upload.key());
                    assertThat(uploads("some/")).hasSize(1);
                }
                assertThat(uploads("other/")).isEmpty();

                store.abortUpload(listed.key(), listed.id());

                assertThat(uploads("")).isEmpty();
            }
        }
    }

    private int longestKey() {
        int length = BlobKey.MAX_BYTES;
        while (!supportsKey("k".repeat(length))) {
            length--;
        }
        return length;
    }

    @Test
    void anUploadThatIsAbortedByItsIdCannotBeCompleted() throws IOException {
        assumeUploadsAreListed();
        try (MultipartUpload upload = begin("key", Precondition.none())) {
            upload.uploadPart(1, source(CONTENT));

            store.abortUpload(upload.key(), upload.id());

            assertThat(uploads("")).isEmpty();
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> upload.complete(crc(CONTENT)))
                    .withMessageContaining("the upload is gone")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(upload.key()));
        }
    }

    @Test
    void abortingWhatIsNoUploadDoesNothing() throws IOException {
        assumeUploadsAreListed();
        put("key", CONTENT);
        try (MultipartUpload upload = begin("key", Precondition.none());
                MultipartUpload ended = begin("other", Precondition.none())) {
            ended.abort();

            store.abortUpload(ended.key(), ended.id());
            store.abortUpload(ended.key(), ended.id());
            store.abortUpload(BlobKey.of("never/uploaded"), ended.id());

            assertThat(uploads("")).extracting(IncompleteUpload::id).containsExactly(upload.id());
            assertHolds(upload.key(), CONTENT);
        }
    }

    @Test
    void aListingOfUploadsEndsOnce() throws IOException {
        assumeUploadsAreListed();
        try (UploadListing listing = store.listUploads("")) {
            assertThat(listing.hasNext()).isFalse();
            assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(listing::next);
            assertThat(listing.skipped()).isZero();
        }
    }

    private MultipartUpload begin(String key, Precondition precondition) throws IOException {
        PartLayout layout = new PartLayout(10, Math.max(10, store.capabilities().minPartSize()));
        return store.createMultipartUpload(
                BlobKey.of(key),
                layout,
                StoreOptions.builder().precondition(precondition).build());
    }

    private List<IncompleteUpload> uploads(String prefix) throws IOException {
        List<IncompleteUpload> uploads = new ArrayList<>();
        try (UploadListing listing = store.listUploads(prefix)) {
            while (listing.hasNext()) {
                uploads.add(listing.next());
            }
            assertThat(listing.skipped()).isZero();
        }
        return uploads;
    }

    private void assumeUploadsAreListed() {
        assumeMultipart();
        assumeTrue(listsUploads(), "the server does not list uploads by prefix");
    }
}
