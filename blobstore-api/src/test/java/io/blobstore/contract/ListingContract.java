package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.ListOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The part of the contract about listing. */
abstract class ListingContract extends DeleteContract {
    @Test
    void anEmptyStoreListsNothing() throws IOException {
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
        assertThat(names(ListOptions.builder()
                        .prefix("a")
                        .delimiter("/")
                        .startAfter("a")
                        .build()))
                .isEmpty();
    }

    @Test
    void blobsAreListedByTheUtf8BytesOfTheirKeys() throws IOException {
        // The last two are in another order if names are compared by UTF-16 units; so are "a-b", "a.b", "a/b" if
        // a directory walk does not compare the separator like other characters.
        List<String> names =
                stored("b", "a-b", "a/b", "a.b", "a0", "A", "z/y/x", "z/y-x", "z-", "\u00E9", "\uFFFD", "\uD83D\uDE00");

        assertThat(names(ListOptions.DEFAULT))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
    }

    @Test
    void blobsBelowBlobsAreListedInOrder() throws IOException {
        assumeTrue(supportsKeysBelowKeys(), "the store cannot hold both 'a' and 'a/b'");
        stored("a", "a/b", "a/b/c", "a-b");

        assertThat(names(ListOptions.DEFAULT)).containsExactly("a", "a-b", "a/b", "a/b/c");
        assertThat(names(ListOptions.builder().delimiter("/").build())).containsExactly("a", "a-b", "a/");
        assertThat(names(ListOptions.builder().prefix("a/").delimiter("/").build()))
                .containsExactly("a/b", "a/b/");
    }

    @Test
    void anEntryAgreesWithHead() throws IOException {
        put("some/blob", bytes(1234, 1));
        put("other", new byte[0]);

        List<BlobListing.Entry> entries = entries(ListOptions.DEFAULT);

        assertThat(entries).hasSize(2).allSatisfy(entry -> {
            BlobListing.Blob blob = (BlobListing.Blob) entry;
            BlobMetadata head = store.head(blob.key());
            assertThat(blob.size()).isEqualTo(head.size());
            assertThat(blob.version()).contains(head.version());
            assertThat(blob.lastModified()).contains(head.lastModified());
        });
    }

    @Test
    void aPrefixMayEndAnywhere() throws IOException {
        stored("log/2024/01", "log/2024/02", "log/2025/01", "logs", "lo/g", "other");

        assertThat(names(ListOptions.prefix("log/"))).containsExactly("log/2024/01", "log/2024/02", "log/2025/01");
        assertThat(names(ListOptions.prefix("log/2024"))).containsExactly("log/2024/01", "log/2024/02");
        assertThat(names(ListOptions.prefix("log/202"))).hasSize(3);
        assertThat(names(ListOptions.prefix("log"))).hasSize(4).contains("logs");
        assertThat(names(ListOptions.prefix("lo"))).hasSize(5);
        assertThat(names(ListOptions.prefix("other"))).containsExactly("other");
        assertThat(names(ListOptions.prefix("others"))).isEmpty();
        assertThat(names(ListOptions.prefix("other/"))).isEmpty();
        assertThat(names(ListOptions.prefix("g"))).isEmpty();
    }

    @Test
    void aDelimiterGroupsTheKeysBelowIt() throws IOException {
        stored("a-b", "a/b", "a/c", "a/d/e", "a.b", "a0", "b/x", "c");

        assertThat(entries(ListOptions.builder().delimiter("/").build()))
                .extracting(entry -> entry.getClass().getSimpleName() + " " + entry.name())
                .containsExactly("Blob a-b", "Blob a.b", "CommonPrefix a/", "Blob a0", "CommonPrefix b/", "Blob c");
        assertThat(names(ListOptions.builder().prefix("a/").delimiter("/").build()))
                .containsExactly("a/b", "a/c", "a/d/");
        assertThat(names(ListOptions.builder().prefix("a").delimiter("/").build()))
                .containsExactly("a-b", "a.b", "a/", "a0");
        assertThat(names(ListOptions.builder().prefix("a/d").delimiter("/").build()))
                .containsExactly("a/d/");
    }

    @Test
    void aDelimiterMayBeAnyText() throws IOException {
        assumeTrue(supportsDelimiter("-") && supportsDelimiter("-01-"), "the store cannot list with any delimiter");
        stored("2024-01-a", "2024-01-b", "2024-02-a", "2024", "2025-01-a", "x/y-z");

        assertThat(names(ListOptions.builder().delimiter("-").build()))
                .containsExactly("2024", "2024-", "2025-", "x/y-");
        assertThat(names(ListOptions.builder().prefix("2024-").delimiter("-").build()))
                .containsExactly("2024-01-", "2024-02-");
        assertThat(names(ListOptions.builder().delimiter("-01-").build()))
                .containsExactly("2024", "2024-01-", "2024-02-a", "2025-01-", "x/y-z");
    }

    @Test
    void aListingStartsBehindAnyText() throws IOException {
        stored("a", "b/1", "b/2", "c", "d");

        assertThat(names(ListOptions.builder().startAfter("b/1").build())).containsExactly("b/2", "c", "d");
        assertThat(names(ListOptions.builder().startAfter("b/11").build())).containsExactly("b/2", "c", "d");
        assertThat(names(ListOptions.builder().startAfter("b").build())).containsExactly("b/1", "b/2", "c", "d");
        assertThat(names(ListOptions.builder().startAfter("d").build())).isEmpty();
        assertThat(names(ListOptions.builder().startAfter("\uD83D\uDE00").build()))
                .isEmpty();
        assertThat(names(ListOptions.builder().startAfter("A").build())).hasSize(5);
        assertThat(names(ListOptions.builder().prefix("b/").startAfter("b/1").build()))
                .containsExactly("b/2");
        assertThat(names(ListOptions.builder().prefix("b/").startAfter("a").build()))
                .containsExactly("b/1", "b/2");
        assertThat(names(ListOptions.builder().prefix("b/").startAfter("c").build()))
                .isEmpty();
    }

    @Test
    void aListingStartsBehindCommonPrefixesToo() throws IOException {
        stored("a", "b/1", "b/2", "c/1", "d");
        ListOptions rolledUp = ListOptions.builder().delimiter("/").build();

        assertThat(names(rolledUp.toBuilder().startAfter("a").build())).containsExactly("b/", "c/", "d");
        assertThat(names(rolledUp.toBuilder().startAfter("b").build())).containsExactly("b/", "c/", "d");
        assertThat(names(rolledUp.toBuilder().startAfter("b/").build())).containsExactly("c/", "d");
        assertThat(names(rolledUp.toBuilder().startAfter("b/1").build())).containsExactly("c/", "d");
    }

    @Test
    void aListingGoesBeyondOnePage() throws IOException {
        List<String> names = stored(IntStream.range(0, moreThanOnePage())
                .mapToObj(i -> "dir-" + i % 7 + "/" + i)
                .toArray(String[]::new));

        assertThat(names(ListOptions.DEFAULT))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
        assertThat(names(ListOptions.builder().delimiter("/").build()))
                .containsExactly("dir-0/", "dir-1/", "dir-2/", "dir-3/", "dir-4/", "dir-5/", "dir-6/");
        assertThat(store.deleteAll("dir-")).isEqualTo(names.size());
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void aListingMayBeClosedHalfWay() throws IOException {
        stored("a", "b", "c");
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(listing.next().name()).isEqualTo("a");
        }
        try (BlobListing untouched = store.list(ListOptions.DEFAULT)) {
            untouched.close(); // closing twice is fine as well
        }
    }

    @Test
    void hasNextDoesNotMoveAListing() throws IOException {
        stored("a", "b");
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(listing.hasNext()).isTrue();
            assertThat(listing.hasNext()).isTrue();
            assertThat(listing.next().name()).isEqualTo("a");
            assertThat(listing.next().name()).isEqualTo("b");
            assertThat(listing.hasNext()).isFalse();
            assertThat(listing.hasNext()).isFalse();
        }
    }

    @Test
    void aListingEndsOnce() throws IOException {
        stored("a");
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            assertThat(listing.next().name()).isEqualTo("a");
            assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(listing::next);
            assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(listing::next);
        }
    }

    @Test
    void blobsThatExistThroughoutAreListedOnceDuringChanges() throws IOException {
        List<String> stay = stored("b", "d", "f", "h");
        stored("c", "g");
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            String first = listing.next().name();
            store.delete(BlobKey.of("c"));
            put("a", new byte[1]);
            put("e", new byte[1]);
            store.delete(BlobKey.of("g"));

            List<String> seen = new ArrayList<>(List.of(first));
            while (listing.hasNext()) {
                seen.add(listing.next().name());
            }
            assertThat(seen).containsAll(stay).doesNotHaveDuplicates().isSortedAccordingTo(UTF_8_ORDER);
        }
    }

    private List<String> stored(String... names) throws IOException {
        List<String> possible = Arrays.stream(names).filter(this::supportsKey).toList();
        for (String name : possible) {
            put(name, new byte[] {1});
        }
        return possible;
    }
}
