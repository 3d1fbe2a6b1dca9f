package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ResponseTextTest {
    @Test
    void datesAreThoseOfTheirOwnTexts() {
        for (int i = 0; i < 3; i++) {
            assertThat(ResponseText.date("Thu, 1 Jan 1970 00:00:00 GMT")).contains(Instant.EPOCH);
            assertThat(ResponseText.date("Sun, 06 Nov 1994 08:49:37 GMT"))
                    .contains(Instant.parse("1994-11-06T08:49:37Z"))
                    .isEqualTo(ResponseText.date("Sun, 06 Nov 1994 08:49:37 GMT"));
            assertThat(ResponseText.date("")).isEmpty();
            assertThat(ResponseText.date("Sun, 06 Nov 1994")).isEmpty();
        }
    }
}
