package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreOptionsTest {
    @Test
    void aBuilderKeepsTheOtherOptions() {
        StoreOptions options = StoreOptions.builder()
                .contentType("text/plain")
                .userMetadata("a", "1")
                .build();

        assertThat(options.toBuilder().build()).isEqualTo(options);
        assertThat(options.toBuilder()
                        .userMetadata("b", "2")
                        .precondition(Precondition.ifAbsent())
                        .build())
                .isEqualTo(StoreOptions.builder()
                        .contentType("text/plain")
                        .userMetadata(Map.of("a", "1", "b", "2"))
                        .precondition(Precondition.ifAbsent())
                        .build());
        assertThat(options.userMetadata()).isEqualTo(Map.of("a", "1"));
        assertThat(StoreOptions.builder().build()).isEqualTo(StoreOptions.DEFAULT);
    }

    @Test
    void optionsDoNotChangeWithTheirMap() {
        Map<String, String> user = new HashMap<>(Map.of("a", "1"));
        StoreOptions options = StoreOptions.builder().userMetadata(user).build();

        user.put("b", "2");

        assertThat(options.userMetadata()).isEqualTo(Map.of("a", "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "a b", "\u00E9", "a:b", "a\n", "a\u0000"})
    void aNameOutsideTheAlphabetIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreOptions.builder().userMetadata(name, "1").build());
    }

    @ParameterizedTest
    @ValueSource(strings = {" a", "a ", "a\r\nX-Injected: 1", "\t", "\u00E9", "\u007F", "\u0000"})
    void aValueThatIsNotPrintableIsRefused(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> StoreOptions.builder().userMetadata("a", value).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreOptions.builder().contentType(value).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "~!@#$%^&*()_+{}|:\"<>?,./"})
    void aPrintableValueIsKept(String value) {
        assertThat(StoreOptions.builder().userMetadata("a-b_c.0", value).build().userMetadata())
                .isEqualTo(Map.of("a-b_c.0", value));
    }

    @Test
    void contentHeadersAreKeptByName() {
        StoreOptions options = StoreOptions.builder()
                .contentType("a/b")
                .contentEncoding("gzip")
                .contentLanguage("de")
                .contentDisposition("inline")
                .cacheControl("no-cache")
                .build();

        assertThat(options.contentHeaders())
                .isEqualTo(Map.of(
                        "Content-Type", "a/b",
                        "Content-Encoding", "gzip",
                        "Content-Language", "de",
                        "Content-Disposition", "inline",
                        "Cache-Control", "no-cache"));
        assertThat(options.contentEncoding()).contains("gzip");
        assertThat(options.contentLanguage()).contains("de");
        assertThat(options.contentDisposition()).contains("inline");
        assertThat(options.cacheControl()).contains("no-cache");
        assertThat(options.toBuilder().build()).isEqualTo(options).hasSameHashCodeAs(options);
        assertThat(options.toBuilder().cacheControl("x").build()).isNotEqualTo(options);
        assertThat(options.toString()).contains("Content-Encoding=gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " a", "a\r\nX-Injected: 1", "\u00E9"})
    void aContentHeaderThatIsNotPrintableIsRefused(String value) {
        for (StoreOptions.Builder options : List.of(
                StoreOptions.builder().contentType(value),
                StoreOptions.builder().contentEncoding(value),
                StoreOptions.builder().contentLanguage(value),
                StoreOptions.builder().contentDisposition(value),
                StoreOptions.builder().cacheControl(value))) {
            assertThatIllegalArgumentException().isThrownBy(options::build);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        PresignOptions.builder().responseCacheControl(value).build());
    }

    @Test
    void theMetadataOfABlobIsTakenWithinTheLimitsOfOptions() {
        BlobMetadata.Builder blob = BlobMetadata.builder(BlobKey.of("a"), 1, new BlobVersion("1"), Instant.EPOCH)
                .contentHeaders(Map.of("content-type", "a/b", "cache-control", "no-cache", "Server", "x"))
                .userMetadata(Map.of("a", "1"));
        StoreOptions.Builder options =
                StoreOptions.builder().contentEncoding("gzip").userMetadata("b", "2");

        assertThat(options.metadataOf(blob.build()).build())
                .isEqualTo(StoreOptions.builder()
                        .contentType("a/b")
                        .cacheControl("no-cache")
                        .userMetadata("a", "1")
                        .build());
        BlobMetadata foreign = blob.userMetadata(Map.of("Owner", "\u00e9")).build();
        assertThat(foreign.toBuilder().build()).isEqualTo(foreign);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.metadataOf(foreign).build());
    }

    @Test
    void onlyTheResponseToGetHasHeadersToReplace() {
        PresignOptions.Builder options = PresignOptions.builder().responseContentType("a/b");

        assertThat(options.build().responseHeaders()).isEqualTo(Map.of("Content-Type", "a/b"));
        assertThat(options.build().toBuilder().build()).isEqualTo(options.build());
        assertThat(options.build()).isNotEqualTo(PresignOptions.DEFAULT);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.method(PresignOptions.Method.PUT).build())
                .withMessageContaining("Content-Type");
    }

    @Test
    void userMetadataHasALimitOverAll() {
        String half = "x".repeat(StoreOptions.MAX_USER_METADATA_BYTES / 2 - 1);
        StoreOptions.Builder builder =
                StoreOptions.builder().userMetadata("a", half).userMetadata("b", half);

        assertThat(builder.build().userMetadata()).hasSize(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.userMetadata("c", "").build())
                .withMessageContaining("2049");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        StoreOptions.builder().contentType("x".repeat(2049)).build());
    }
}
