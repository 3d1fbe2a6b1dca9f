package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PresignedUrlTest {
    @Test
    void itsTextHidesTheSecrets() {
        PresignedUrl url = PresignedUrl.of(
                URI.create("https://bucket.example:8443/a%20b?X-Signature=hunter2"),
                PresignOptions.Method.GET,
                Map.of("X-Key", List.of("hunter3")),
                Instant.EPOCH);

        assertThat(url.toString())
                .contains("GET", "https://bucket.example:8443/a%20b", "1970-01-01")
                .doesNotContain("hunter", "X-", "?");
        assertThat(url.url().getQuery()).contains("hunter2");
    }

    @Test
    void aUrlMustBeValidForAWhile() {
        assertThatIllegalArgumentException().isThrownBy(() -> PresignOptions.get(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> PresignOptions.put(Duration.ofSeconds(-1)));
    }
}
