package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionsTest {
    @ParameterizedTest
    @CsvSource({
        "'', '', 0",
        "a, '', 1",
        "'', ab, 2",
        "abc, abc, 0",
        "abc, adc, 1",
        "abc, acb, 1",
        "abc, bc, 1",
        "abc, abxc, 1",
        "uplaod, upload, 1",
        "ca, abc, 3"
    })
    void theDistanceCountsMistakes(String a, String b, int distance) {
        assertThat(Suggestions.distance(a, b)).isEqualTo(distance);
        assertThat(Suggestions.distance(b, a)).isEqualTo(distance);
    }

    @Test
    void onlyNearNamesAreSuggested() {
        List<String> names = List.of("upload", "uploads", "list", "cat", "stat");

        assertThat(Suggestions.of("uplaod", names)).containsExactly("upload");
        assertThat(Suggestions.of("UPLOAD", names)).containsExactly("upload");
        assertThat(Suggestions.of("lst", names)).containsExactly("list");
        assertThat(Suggestions.of("sat", names)).containsExactly("cat", "stat");
        assertThat(Suggestions.of("frobnicate", names)).isEmpty();
        assertThat(Suggestions.of("x", names)).isEmpty();
        assertThat(Suggestions.question("x", names)).isEmpty();
        assertThat(Suggestions.question("sat", names)).isEqualTo("; did you mean 'cat' or 'stat'?");
    }
}
