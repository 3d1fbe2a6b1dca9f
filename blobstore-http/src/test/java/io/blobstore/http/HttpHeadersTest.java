package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the lookup of header fields, and which names and values are valid. */
class HttpHeadersTest {
    @Test
    void namesAreComparedWithoutCaseAndMayOccurTwice() {
        HttpHeaders headers = HttpHeaders.builder()
                .add("ETag", "\"a\"")
                .add("X-Meta", "1")
                .add("x-meta", "2")
                .build();

        assertThat(headers.first("etag")).contains("\"a\"");
        assertThat(headers.first("X-META")).contains("1");
        assertThat(headers.all("X-Meta")).containsExactly("1", "2");
        assertThat(headers.first("other")).isEmpty();
        assertThat(headers.all("other")).isEmpty();
        assertThat(headers.size()).isEqualTo(3);
        assertThat(HttpHeaders.EMPTY.size()).isZero();
    }

    @Test
    void aNumberThatIsContradictedIsNone() {
        HttpHeaders headers = HttpHeaders.builder()
                .add("A", "7")
                .add("a", "7")
                .add("B", "7")
                .add("b", "8")
                .add("C", "-7")
                .build();

        assertThat(headers.number("a")).contains(7L);
        assertThat(headers.number("b")).isEmpty();
        assertThat(headers.number("c")).isEmpty();
        assertThat(headers.number("d")).isEmpty();
    }

    @Test
    void theOrderIsKept() {
        List<String> seen = new ArrayList<>();
        HttpHeaders.builder()
                .add("B", "1")
                .add("A", "2")
                .add("B", "3")
                .build()
                .forEach((name, value) -> seen.add(name + value));

        assertThat(seen).containsExactly("B1", "A2", "B3");
    }

    @Test
    void whatIsBuiltDoesNotChangeWithItsBuilder() {
        HttpHeaders.Builder builder = HttpHeaders.builder().add("A", "1");
        HttpHeaders headers = builder.build();
        builder.add("B", "2");

        assertThat(headers.size()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a:", "a\r\nb", "a\n", "\u00e4", "(a)", "a\u0000", "a\t"})
    void aNameThatIsNoTokenIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpHeaders.builder().add(name, "value"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a\r\nInjected: 1", "a\r", "a\n", "a\u0000", "\u007f", "\u001b[0m", "\u0100", "\ud83d\ude00"})
    void aValueThatCouldEndTheLineIsRefusedWithoutShowingIt(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpHeaders.builder().add("Name", "secret" + value))
                .withMessageContaining("'Name'")
                .withMessageNotContaining("secret");
    }

    @Test
    void otherValuesAreAllowed() {
        HttpHeaders headers = HttpHeaders.builder()
                .add("A", "")
                .add("B", "tab\tspace \u00e4~")
                .build();

        assertThat(headers.first("A")).contains("");
        assertThat(headers.first("B")).contains("tab\tspace \u00e4~");
    }

    @Test
    void valuesAreNotPrinted() {
        assertThat(HttpHeaders.builder().add("Authorization", "secret").build())
                .hasToString("HttpHeaders[Authorization]");
    }
}
