package io.blobstore.http.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PagedEntriesTest {
    /** A listing whose pages a function of their number creates. */
    private static final class Numbered extends PagedEntries<String> {
        private final IntFunction<List<String>> entries;
        private final IntFunction<Optional<?>> tokens;
        private int requests;

        Numbered(HttpClient http, IntFunction<List<String>> entries, IntFunction<Optional<?>> tokens) {
            super(
                    Operation.LIST,
                    new BucketContext(
                            "s3", "bucket", "", Optional.empty(), http, null, new Retries(1, RetryClock.SYSTEM)),
                    "");
            this.entries = entries;
            this.tokens = tokens;
        }

        @Override
        protected Page<String> fetch() {
            int number = requests++;
            return new Page<>(entries.apply(number), tokens.apply(number));
        }

        List<String> rest() throws IOException {
            List<String> rest = new ArrayList<>();
            while (hasNext()) {
                rest.add(next());
            }
            return rest;
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "0, 2", "5, 1", "3, 7", "100, 3", "1, 500"})
    void tokensThatRepeatEndAListing(int before, int period) throws IOException {
        try (HttpClient http = HttpClient.builder().build();
                Numbered listing = new Numbered(
                        http,
                        number -> List.of("a"),
                        number -> Optional.of(number < before ? -1 - number : (number - before) % period))) {
            assertThat(catchThrowableOfType(BlobStoreException.class, listing::rest))
                    .hasMessageContaining("continuation tokens repeat")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
            assertThat(listing.requests).isLessThanOrEqualTo(3 * (before + period) + 2);
        }
    }

    @Test
    void emptyPagesWithoutEndEndAListing() throws IOException {
        try (HttpClient http = HttpClient.builder().build();
                Numbered listing = new Numbered(http, number -> number == 5 ? List.of("a") : List.of(), Optional::of)) {
            assertThat(listing.next()).isEqualTo("a");
            assertThat(catchThrowableOfType(BlobStoreException.class, listing::hasNext))
                    .hasMessageContaining(PagedEntries.MAX_EMPTY_PAGES + " pages in a row")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
            assertThat(listing.requests).isEqualTo(6 + PagedEntries.MAX_EMPTY_PAGES + 1);
        }
    }

    @Test
    void someEmptyPagesAreNoError() throws IOException {
        int pages = 3 * PagedEntries.MAX_EMPTY_PAGES;
        try (HttpClient http = HttpClient.builder().build();
                Numbered listing = new Numbered(
                        http,
                        number -> number % 1000 == 0 ? List.of("a") : List.of(),
                        number -> number < pages ? Optional.of(number) : Optional.empty())) {
            assertThat(listing.rest()).hasSize(4);
        }
    }
}
