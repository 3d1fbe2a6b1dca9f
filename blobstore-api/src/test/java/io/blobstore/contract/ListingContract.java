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

/** The contract of listing. */
abstract class ListingContract extends ReadWriteContract {
    @Test
    void anEmptyStoreListsNothing() throws IOException {
        assertThat(names(ListOptions.ALL)).isEmpty();
        assertThat(names(ListOptions.prefix("a").withDelimiter("/").withStartAfter("a")))
                .isEmpty();
    }

    @Test
    void blobsAreListedByTheUtf8BytesOfTheirKeys() throws IOException {
        // The last two swap places where names are compared by UTF-16 units; "a-b", "a.b", "a/b" where a directory is
        // walked and its separator compared like another character.
        List<String> names =
                stored("b", "a-b", "a/b", "a.b", "a0", "A", "z/y/x", "z/y-x", "z-", "\u00E9", "\uFFFD", "\uD83D\uDE00");

        assertThat(names(ListOptions.ALL))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
    }

    @Test
    void blobsBelowBlobsAreListedInOrder() throws IOException {
        assumeTrue(supportsKeysBelowKeys(), "the store cannot hold both 'a' and 'a/b'");
        stored("a", "a/b", "a/b/c", "a-b");

        assertThat(names(ListOptions.ALL)).containsExactly("a", "a-b", "a/b", "a/b/c");
        assertThat(names(ListOptions.ALL.withDelimiter("/"))).containsExactly("a", "a-b", "a/");
        assertThat(names(ListOptions.prefix("a/").withDelimiter("/"))).containsExactly("a/b", "a/b/");
    }

    @Test
    void anEntrySaysWhatHeadSays() throws IOException {
        put("some/blob", bytes(1234, 1));
        put("other", new byte[0]);

        List<BlobListing.Entry> entries = entries(ListOptions.ALL);

        assertThat(entries).hasSize(2).allSatisfy(entry -> {
            BlobListing.Blob blob = (BlobListing.Blob) entry;
            BlobMetadata head = store.head(blob.key());
            assertThat(blob.size()).isEqualTo(head.size());
            assertThat(blob.version()).isEqualTo(head.version());
            assertThat(blob.lastModified()).isEqualTo(head.lastModified());
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
    void aDelimiterRollsUpWhatIsBelowIt() throws IOException {
        stored("a-b", "a/b", "a/c", "a/d/e", "a.b", "a0", "b/x", "c");

        assertThat(entries(ListOptions.ALL.withDelimiter("/")))
                .extracting(entry -> entry.getClass().getSimpleName() + " " + entry.name())
                .containsExactly("Blob a-b", "Blob a.b", "CommonPrefix a/", "Blob a0", "CommonPrefix b/", "Blob c");
        assertThat(names(ListOptions.prefix("a/").withDelimiter("/"))).containsExactly("a/b", "a/c", "a/d/");
        assertThat(names(ListOptions.prefix("a").withDelimiter("/"))).containsExactly("a-b", "a.b", "a/", "a0");
        assertThat(names(ListOptions.prefix("a/d").withDelimiter("/"))).containsExactly("a/d/");
    }

    @Test
    void aDelimiterMayBeAnyText() throws IOException {
        assumeTrue(supportsDelimiter("-") && supportsDelimiter("-01-"), "the store cannot list with any delimiter");
        stored("2024-01-a", "2024-01-b", "2024-02-a", "2024", "2025-01-a", "x/y-z");

        assertThat(names(ListOptions.ALL.withDelimiter("-"))).containsExactly("2024", "2024-", "2025-", "x/y-");
        assertThat(names(ListOptions.prefix("2024-").withDelimiter("-"))).containsExactly("2024-01-", "2024-02-");
        assertThat(names(ListOptions.ALL.withDelimiter("-01-")))
                .containsExactly("2024", "2024-01-", "2024-02-a", "2025-01-", "x/y-z");
    }

    @Test
    void aListingStartsBehindAnyText() throws IOException {
        stored("a", "b/1", "b/2", "c", "d");

        assertThat(names(ListOptions.ALL.withStartAfter("b/1"))).containsExactly("b/2", "c", "d");
        assertThat(names(ListOptions.ALL.withStartAfter("b/11"))).containsExactly("b/2", "c", "d");
        assertThat(names(ListOptions.ALL.withStartAfter("b"))).containsExactly("b/1", "b/2", "c", "d");
        assertThat(names(ListOptions.ALL.withStartAfter("d"))).isEmpty();
        assertThat(names(ListOptions.ALL.withStartAfter("\uD83D\uDE00"))).isEmpty();
        assertThat(names(ListOptions.ALL.withStartAfter("A"))).hasSize(5);
        assertThat(names(ListOptions.prefix("b/").withStartAfter("b/1"))).containsExactly("b/2");
        assertThat(names(ListOptions.prefix("b/").withStartAfter("a"))).containsExactly("b/1", "b/2");
        assertThat(names(ListOptions.prefix("b/").withStartAfter("c"))).isEmpty();
    }

    @Test
    void aListingStartsBehindCommonPrefixesToo() throws IOException {
        stored("a", "b/1", "b/2", "c/1", "d");
        ListOptions rolledUp = ListOptions.ALL.withDelimiter("/");

        assertThat(names(rolledUp.withStartAfter("a"))).containsExactly("b/", "c/", "d");
        assertThat(names(rolledUp.withStartAfter("b"))).containsExactly("b/", "c/", "d");
        assertThat(names(rolledUp.withStartAfter("b/"))).containsExactly("c/", "d");
        assertThat(names(rolledUp.withStartAfter("b/1"))).containsExactly("c/", "d");
    }

    @Test
    void aListingGoesBeyondOnePage() throws IOException {
        List<String> names = stored(IntStream.range(0, moreThanOnePage())
                .mapToObj(i -> "dir-" + i % 7 + "/" + i)
                .toArray(String[]::new));

        assertThat(names(ListOptions.ALL))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
        assertThat(names(ListOptions.ALL.withDelimiter("/")))
                .containsExactly("dir-0/", "dir-1/", "dir-2/", "dir-3/", "dir-4/", "dir-5/", "dir-6/");
        assertThat(store.deleteAll("dir-")).isEqualTo(names.size());
        assertThat(names(ListOptions.ALL)).isEmpty();
    }

    @Test
    void aListingMayBeClosedHalfWay() throws IOException {
        stored("a", "b", "c");
        try (BlobListing listing = store.list(ListOptions.ALL)) {
            assertThat(listing.next().name()).isEqualTo("a");
        }
        try (BlobListing untouched = store.list(ListOptions.ALL)) {
            untouched.close(); // closing twice is fine as well
        }
    }

    @Test
    void askingForMoreDoesNotMoveAListing() throws IOException {
        stored("a", "b");
        try (BlobListing listing = store.list(ListOptions.ALL)) {
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
        try (BlobListing listing = store.list(ListOptions.ALL)) {
            assertThat(listing.next().name()).isEqualTo("a");
            assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(listing::next);
            assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(listing::next);
        }
    }

    @Test
    void whatWasThereAllTheTimeIsListedOnceWhileOthersComeAndGo() throws IOException {
        List<String> stay = stored("b", "d", "f", "h");
        stored("c", "g");
        try (BlobListing listing = store.list(ListOptions.ALL)) {
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
