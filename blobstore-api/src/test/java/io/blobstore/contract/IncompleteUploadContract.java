package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
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

    @Test
    void anUploadThatIsKeptIsResumed() throws IOException {
        assumeMultipart();
        byte[] content = bytes(2 * partSize() + 7, 5);
        PartLayout layout = new PartLayout(content.length, partSize());
        for (Precondition condition : List.of(Precondition.none(), Precondition.ifAbsent())) {
            if (condition != Precondition.none() && store.capabilities().conditionalStore() == Support.NONE) {
                continue;
            }
            StoreOptions options = StoreOptions.builder()
                    .precondition(condition)
                    .contentType("text/plain")
                    .build();
            BlobKey key = BlobKey.of("a b/+%" + condition.getClass().getSimpleName());
            String id;
            try (MultipartUpload upload = store.createMultipartUpload(key, layout, options)) {
                upload.keep();
                upload.keep();
                send(upload, content, 1, 3);
                id = upload.id();
            }
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(key));

            try (MultipartUpload upload = resume(key, id, layout, options)) {
                assertThat(upload.id()).isEqualTo(id);
                assertThat(upload.parts()).isEmpty();
                send(upload, content, 1);
            }
            try (MultipartUpload upload = resume(key, id, layout, options)) {
                send(upload, content, 3, 2, 1);
                assertThat(upload.parts()).hasSize(3);
                upload.complete(crc(content));
                upload.close();
            }
            assertHoldsResumed(key, content);
            assertThat(store.head(key).contentType()).contains("text/plain");
            assertThat(store.resumeMultipartUpload(key, id, layout, options)).isEmpty();
        }
    }

    @Test
    void aPartWithOtherContentReplacesTheOneThatWasReceived() throws IOException {
        assumeMultipart();
        byte[] old = bytes(2 * partSize(), 6);
        byte[] content = bytes(2 * partSize(), 7);
        PartLayout layout = new PartLayout(content.length, partSize());
        BlobKey key = BlobKey.of("replaced");
        String id;
        try (MultipartUpload upload = store.createMultipartUpload(key, layout, StoreOptions.DEFAULT)) {
            upload.keep();
            send(upload, old, 1, 2);
            id = upload.id();
        }
        try (MultipartUpload upload = resume(key, id, layout, StoreOptions.DEFAULT)) {
            send(upload, content, 1);
            send(upload, old, 1); // is compared with what the store has now
            send(upload, old, 2);
            send(upload, content, 1, 2);
            upload.complete(crc(content));
        }
        assertHoldsResumed(key, content);
    }

    @Test
    void anUploadThatIsKeptCanBeAborted() throws IOException {
        assumeMultipart();
        PartLayout layout = new PartLayout(2 * partSize(), partSize());
        byte[] content = bytes(2 * partSize(), 8);
        MultipartUpload kept = store.createMultipartUpload(BlobKey.of("kept"), layout, StoreOptions.DEFAULT);
        kept.keep();
        send(kept, content, 1);
        kept.close();
        assertThatIllegalStateException().isThrownBy(() -> send(kept, content, 1));
        if (listsUploads()) {
            assertThat(uploads("")).extracting(IncompleteUpload::id).containsExactly(kept.id());
        }

        MultipartUpload resumed = resume(kept.key(), kept.id(), layout, StoreOptions.DEFAULT);
        resumed.abort();
        assertThat(store.resumeMultipartUpload(kept.key(), kept.id(), layout, StoreOptions.DEFAULT))
                .isEmpty();
        kept.abort();

        assertThatIllegalStateException().isThrownBy(resumed::keep);
        assertThatIllegalStateException().isThrownBy(() -> send(resumed, content, 1));
    }

    private int partSize() {
        return Math.toIntExact(Math.max(10_000, store.capabilities().minPartSize()));
    }

    private MultipartUpload resume(BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        return store.resumeMultipartUpload(key, id, layout, options).orElseThrow();
    }

    private static void send(MultipartUpload upload, byte[] content, int... numbers) throws IOException {
        for (int number : numbers) {
            upload.uploadPart(
                    number,
                    source(content)
                            .slice(
                                    upload.layout().offset(number),
                                    upload.layout().length(number)));
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
