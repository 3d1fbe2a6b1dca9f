package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which URIs and hosts are valid endpoints, and how endpoints are written. */
class EndpointTest {
    @ParameterizedTest
    @CsvSource({
        "http://example.com,            http://example.com,      example.com:80",
        "HTTPS://Example.COM/path?q=1,  https://example.com,     example.com:443",
        "http://example.com:80,         http://example.com,      example.com:80",
        "https://example.com:80,        https://example.com:80,  example.com:80",
        "http://127.0.0.1:9000,         http://127.0.0.1:9000,   127.0.0.1:9000",
        "https://[2001:DB8::1]:8443,    https://[2001:db8::1]:8443, [2001:db8::1]:8443",
        "https://[::1],                 https://[::1],           [::1]:443",
    })
    void aUriBecomesAnEndpoint(String uri, String text, String hostAndPort) {
        Endpoint endpoint = Endpoint.of(URI.create(uri));

        assertThat(endpoint).hasToString(text);
        assertThat(endpoint.hostAndPort()).isEqualTo(hostAndPort);
        assertThat(text).endsWith("://" + endpoint.authority());
        assertThat(Endpoint.of(URI.create(text))).isEqualTo(endpoint);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ftp://example.com", "example.com", "//example.com", "http:///path", "file:/tmp", "http:example"
            })
    void anythingElseIsRefused(String uri) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of(URI.create(uri)))
                .withMessageContaining("https://host:port");
    }

    @Test
    void aUriWithAPasswordDoesNotShowItInTheEndpoint() {
        assertThat(Endpoint.of(URI.create("https://user:secret@example.com"))).hasToString("https://example.com");
    }

    @Test
    void hostAndPortAreNeeded() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Endpoint(false, "", 80));
        assertThatIllegalArgumentException().isThrownBy(() -> new Endpoint(false, "host", 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Endpoint(false, "host", 65_536));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"host\r\nX-Injected: 1", "host name", "host/path", "user@host", "ho\u0000st", "host?", "host#"})
    void aHostThatCouldBecomeSomethingElseIsRefused(String host) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Endpoint(false, host, 80));
    }
}
