package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRequestTest {
    private static final Endpoint ENDPOINT = new Endpoint(true, "example.com", 443);

    @ParameterizedTest
    @ValueSource(strings = {"", "GET ", "GET /", "G\r\nT", "G\u00c4T", "G\u0000T"})
    void aMethodThatIsNoTokenIsRefused(String method) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpRequest.of(method, ENDPOINT, "/", HttpHeaders.EMPTY))
                .withMessageContaining("method");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "path",
                "http://other/",
                "/a b",
                "/a\r\nHost: other",
                "/a\n",
                "/\u00e4",
                "/\u0000",
                "/\u007f",
                "*"
            })
    void aTargetThatCouldEndTheRequestLineIsRefused(String target) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpRequest.of("GET", ENDPOINT, target, HttpHeaders.EMPTY))
                .withMessageContaining("target");
    }

    @ParameterizedTest
    @ValueSource(strings = {"content-length", "Transfer-Encoding", "CONNECTION", "expect"})
    void fieldsThatTheClientSetsAreRefused(String name) {
        HttpHeaders headers = HttpHeaders.builder().add(name, "1").build();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpRequest.of("GET", ENDPOINT, "/", headers))
                .withMessageContaining("set by the client");
    }

    @Test
    void neitherQueryNorFieldValuesArePrinted() {
        HttpRequest request = HttpRequest.of(
                "GET",
                ENDPOINT,
                "/bucket/key?X-Amz-Signature=secret",
                HttpHeaders.builder().add("Authorization", "secret").build());

        assertThat(request).hasToString("GET https://example.com/bucket/key?…");
    }

    @Test
    void aResponseDoesNotPrintItsFieldsAndBody() {
        HttpResponse response = new HttpResponse(
                403,
                HttpHeaders.builder().add("X-Token", "secret").build(),
                new HttpResponse.Body("secret".getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                0);

        assertThat(response).hasToString("HttpResponse[403, HttpHeaders[X-Token], 6 bytes kept]");
        assertThat(response.body().toString()).doesNotContain("secret");
        assertThat(response.isSuccess()).isFalse();
        assertThat(response.header("x-token")).contains("secret");
    }
}
