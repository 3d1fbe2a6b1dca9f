package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The README is short, and so is its example. */
class ReadmeTest {
    private static final Page README = Page.of("README.md");

    @Test
    void itIsReadInOneSitting() {
        assertThat(README.text().lines().count()).isLessThanOrEqualTo(120);
    }

    @Test
    void itsExampleHasFifteenLines() {
        assertThat(README.blocks("java")).hasSize(1);
        assertThat(README.blocks("java").get(0).text().lines().filter(line -> !line.isBlank()))
                .hasSizeLessThanOrEqualTo(15);
    }
}
