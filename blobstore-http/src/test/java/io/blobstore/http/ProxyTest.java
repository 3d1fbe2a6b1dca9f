package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests tunnels through an HTTP proxy, requests that it forwards, refusals and failures, and its selection. */
@ExtendWith(LeakCheck.class)
class ProxyTest {
    private static final String PASSWORD = "s3cr3t-pass";
    private static final String CREDENTIALS =
            Base64.getEncoder().encodeToString(("user:" + PASSWORD).getBytes(StandardCharsets.US_ASCII));

    private final Map<String, String> before = new HashMap<>();

    private void set(String property, String value) {
        before.putIfAbsent(property, System.getProperty(property, ""));
        System.setProperty(property, value);
    }

    /** Sets the system properties for a proxy, also for loopback, which they exclude by default. */
    private void use(ScriptedServer proxy) {
        for (String scheme : new String[] {"http", "https"}) {
            set(scheme + ".proxyHost", "127.0.0.1");
            set(scheme + ".proxyPort", "" + proxy.endpoint().port());
        }
        set("http.nonProxyHosts", "");
    }

    private void useCredentials() {
        for (String scheme : new String[] {"http", "https"}) {
            set(scheme + ".proxyUser", "user");
            set(scheme + ".proxyPassword", PASSWORD);
        }
    }

    @AfterEach
    void restoreSettings() {
        before.forEach((property, value) -> {
            if (value.isEmpty()) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
    }

    /** Responds to CONNECT as a proxy does, and forwards bytes in both directions. */
    private static void tunnel(ScriptedExchange exchange) throws IOException, InterruptedException {
        assertThat(exchange.method()).isEqualTo("CONNECT");
        String[] target = exchange.target().split(":", 2);
        try (Socket server = new Socket(target[0], Integer.parseInt(target[1]))) {
            server.setTcpNoDelay(true);
            exchange.write("HTTP/1.1 200 Connection established\r\n\r\n");
            Thread back = new Thread(() -> {
                try {
                    server.getInputStream().transferTo(exchange.output());
                    exchange.halfClose();
                } catch (IOException e) {
                    // one of the peers has closed its connection
                }
            });
            back.start();
            try {
                exchange.input().transferTo(server.getOutputStream());
            } catch (IOException e) {
                // one of the peers has closed its connection
            } finally {
                server.close();
                back.join();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void requestsGoThroughATunnelThatIsKept(TestNetChannel channel) throws Exception {
        byte[] content = Calls.content(3 << 20);
        try (ScriptedServer server = channel.server(Script.responding(200, "stored"));
                ScriptedServer proxy = ScriptedServer.plain(ProxyTest::tunnel);
                HttpClient client = channel.client().build()) {
            use(proxy);
            for (int i = 0; i < 3; i++) {
                assertThat(Calls.execute(client, Calls.put(server, content)).status())
                        .isEqualTo(200);
            }
            assertThat(proxy.requests()).hasSize(1);
            ScriptedExchange connect = proxy.requests().get(0);
            assertThat(connect.target()).isEqualTo(server.endpoint().hostAndPort());
            assertThat(connect.header("Host")).contains(server.endpoint().hostAndPort());
            assertThat(connect.header("Proxy-Authorization")).isEmpty();
            assertThat(server.requests()).hasSize(3).allSatisfy(request -> {
                assertThat(request.bodyChecksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
                assertThat(request.header("Host")).contains(server.endpoint().authority());
            });
            client.close();
            proxy.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void credentialsGoToTheProxyAlone(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                ScriptedServer proxy = ScriptedServer.plain(ProxyTest::tunnel);
                HttpClient client = channel.client().build()) {
            use(proxy);
            useCredentials();
            Calls.execute(client, Calls.get(server));

            assertThat(proxy.requests().get(0).header("Proxy-Authorization")).contains("Basic " + CREDENTIALS);
            assertThat(server.requests().get(0).header("Proxy-Authorization")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"TLS_JDK, 407", "TLS_JDK, 403", "TLS_JDK, 502", "TLS_JDK, 302", "TLS_OPENSSL, 407", "PLAIN, 407"})
    void aProxyThatRefusesIsNamedAndItsCredentialsAreNot(TestNetChannel channel, int status) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                ScriptedServer proxy = ScriptedServer.plain(
                        Script.responding(status, "no", "Proxy-Authenticate: Basic realm=\"" + PASSWORD + "\""));
                HttpClient client = channel.client().build()) {
            use(proxy);
            useCredentials();

            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).isEqualTo(Kind.PROXY);
            assertThat(failure.getMessage())
                    .contains("" + status, proxy.endpoint().authority())
                    .doesNotContain("\n");
            assertSecret(failure);
            assertThat(server.accepted()).isZero();
            proxy.awaitOpen(0);
        }
    }

    /** As Squid's default settings do. */
    private static void forward(ScriptedExchange exchange) throws IOException {
        byte[] body = exchange.readBody();
        if (!exchange.target().startsWith("http://")) {
            exchange.respond(403, "tunnels are allowed to port 443 only");
            return;
        }
        URI url = URI.create(exchange.target());
        try (Socket server = new Socket(url.getHost(), url.getPort())) {
            StringBuilder head = new StringBuilder(exchange.method() + " " + url.getRawPath() + " HTTP/1.1\r\n");
            exchange.headers().forEach((name, value) -> {
                if (!name.equals("Proxy-Authorization")) {
                    head.append(name).append(": ").append(value).append("\r\n");
                }
            });
            server.getOutputStream()
                    .write(head.append("Connection: close\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            server.getOutputStream().write(body);
            exchange.write(new String(server.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1));
        }
    }

    /** A proxy may permit tunnels to port 443 only, which is no reason to send a request without TLS around it. */
    @Test
    void requestsWithoutTlsAreForwarded() throws Exception {
        byte[] content = Calls.content(100_000);
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    exchange.discardBody();
                    exchange.respond(200, "stored");
                    exchange.halfClose();
                });
                ScriptedServer proxy = ScriptedServer.plain(ProxyTest::forward);
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            use(proxy);
            useCredentials();
            for (int i = 0; i < 3; i++) {
                assertThat(Calls.execute(client, Calls.put(server, content)).status())
                        .isEqualTo(200);
            }

            assertThat(proxy.accepted()).isEqualTo(1);
            assertThat(proxy.requests()).hasSize(3).allSatisfy(request -> {
                assertThat(request.target()).isEqualTo(server.endpoint() + "/blob");
                assertThat(request.header("Host")).contains(server.endpoint().authority());
                assertThat(request.header("Proxy-Authorization")).contains("Basic " + CREDENTIALS);
            });
            assertThat(server.requests()).hasSize(3).allSatisfy(request -> {
                assertThat(request.bodyChecksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
                assertThat(request.header("Proxy-Authorization")).isEmpty();
            });
        }
    }

    /** A server that is not behind the proxy never receives its credentials. */
    @Test
    void withoutAProxyThereAreNoCredentialsForIt() throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(407, ""));
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            useCredentials();

            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(407);
            assertThat(server.requests().get(0).header("Proxy-Authorization")).isEmpty();
            assertThat(server.requests().get(0).target()).startsWith("/");
        }
    }

    private static void assertSecret(Throwable failure) {
        java.io.StringWriter all = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(all));
        assertThat(all.toString()).doesNotContain(PASSWORD, CREDENTIALS);
    }

    private enum Failing {
        CLOSES,
        RESETS,
        STALLS,
        SPEAKS_NO_HTTP,
        CONTINUES;

        void act(ScriptedExchange exchange, ManualClock clock) throws IOException, InterruptedException {
            switch (this) {
                case CLOSES -> exchange.close();
                case RESETS -> exchange.reset();
                case STALLS -> {
                    clock.passWhileIdle();
                    exchange.awaitClientGone();
                }
                case SPEAKS_NO_HTTP -> exchange.write("220 smtp.example ESMTP\r\n\r\n");
                case CONTINUES -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                    exchange.awaitClientGone();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailingProxyIsNamed(Failing failing) throws Exception {
        assertThat(failure(TestNetChannel.TLS_JDK, failing).kind()).isEqualTo(Kind.PROXY);
    }

    /** The kind is as without a proxy: whether a request that it has forwarded can be repeated depends on it. */
    @ParameterizedTest
    @CsvSource({"CLOSES, CLOSED", "RESETS, CLOSED", "STALLS, TIMEOUT", "SPEAKS_NO_HTTP, PROTOCOL"})
    void aProxyThatFailsToForwardIsNamed(Failing failing, Kind kind) throws Exception {
        assertThat(failure(TestNetChannel.PLAIN, failing).kind()).isEqualTo(kind);
    }

    private TransportException failure(TestNetChannel channel, Failing failing) throws Exception {
        ManualClock clock = new ManualClock();
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                ScriptedServer proxy = ScriptedServer.plain(exchange -> failing.act(exchange, clock));
                HttpClient client = channel.client().clock(clock).build()) {
            use(proxy);
            useCredentials();

            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.getMessage()).contains(proxy.endpoint().authority());
            assertSecret(failure);
            assertThat(server.accepted()).isZero();
            proxy.awaitOpen(0);
            return failure;
        }
    }

    @Test
    void aProxyThatIsDownIsNamed() throws Exception {
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.responding(200, ""));
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            Endpoint gone;
            try (ScriptedServer proxy = ScriptedServer.plain(ProxyTest::tunnel)) {
                use(proxy);
                gone = proxy.endpoint();
            }
            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).isEqualTo(Kind.PROXY);
            assertThat(failure.getMessage()).contains(gone.authority());
        }
    }

    // ---- selection of the proxy

    @ParameterizedTest
    @CsvSource({
        "https://example.com, HTTPS_PROXY, http://proxy:3128, http://proxy:3128",
        "https://example.com, https_proxy, proxy:3128, http://proxy:3128",
        "https://example.com, HTTP_PROXY, http://proxy:3128, ",
        "http://example.com, HTTP_PROXY, http://user:pass@proxy, http://proxy",
        "http://example.com, http_proxy, http://proxy/, http://proxy",
    })
    void theEnvironmentNamesAProxy(String target, String variable, String value, String expected) {
        Optional<Proxies.Proxy> proxy = new Proxies(Map.of(variable, value)).of(Endpoint.of(URI.create(target)));

        assertThat(proxy.map(Proxies.Proxy::toString)).isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1"})
    void theEnvironmentsProxyIsNotForLoopback(String host) {
        Proxies proxies = new Proxies(Map.of("HTTPS_PROXY", "http://proxy:3128"));

        assertThat(proxies.of(new Endpoint(true, host, 443))).isEmpty();
    }

    @Test
    void theEnvironmentMayNameCredentials() {
        Proxies.Proxy proxy = new Proxies(Map.of("HTTPS_PROXY", "http://user:" + PASSWORD + "@proxy:3128"))
                .of(new Endpoint(true, "example.com", 443))
                .orElseThrow();

        assertThat(proxy.authorization()).contains("Basic " + CREDENTIALS);
        assertThat(proxy.toString()).doesNotContain(PASSWORD, CREDENTIALS);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*                           | a.example.com:443 |",
                "example.com                 | a.example.com:443 | anexample.com:443",
                "example.com                 | example.com:443   | example.com.org:443",
                ".example.com                | example.com:443   | anexample.com:443",
                ".example.com                | a.example.com:443 | example.net:443",
                "*.example.com               | a.example.com:443 | example.com:443",
                "example.com.                | a.example.com:443 | example.net:443",
                "other.org, EXAMPLE.com      | a.example.com:443 | example.net:443",
                "other.org EXAMPLE.com       | a.example.com:443 | example.net:443",
                "',  other.org,,example.com '| a.example.com:443 | example.net:443",
                "example.com:9000            | example.com:9000  | example.com:443",
                ".example.com:9000           | a.example.com:9000| a.example.com:443",
                "*:9000                      | example.com:9000  | example.com:443",
                "10.1.2.3                    | 10.1.2.3:443      | 10.1.2.30:443",
                "10.1.2.3:9000               | 10.1.2.3:9000     | 10.1.2.3:443",
                "10.0.0.0/8                  | 10.200.1.2:443    | 11.0.0.1:443",
                "192.168.4.0/22              | 192.168.7.255:443 | 192.168.8.0:443",
                "10.1.2.3/32                 | 10.1.2.3:443      | 10.1.2.2:443",
                "0.0.0.0/0                   | 203.0.113.1:443   | [2001:db8::1]:443",
                "fd00::/8                    | [fd12:3456::7]:443| [fe80::7]:443",
                "2001:db8::/33               | [2001:db8:7fff::]:443 | [2001:db8:8000::]:443",
                "2001:db8::1                 | [2001:db8:0:0:0:0:0:1]:443 | [2001:db8::2]:443",
                "[2001:db8::1]:9000          | [2001:db8::1]:9000| [2001:db8::1]:443",
                "10.0.0.0/33, 10.0.0.0/x, 300.1.1.1/8, 10.0.0/8, /8 |  | 10.0.0.0:443",
                "10.0.0.0/8                  |                   | 10.example.com:443",
            })
    void theEnvironmentMayExcludeHosts(String exceptions, String excluded, String included) {
        Proxies proxies = new Proxies(Map.of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", exceptions));

        if (excluded != null) {
            assertThat(proxies.of(Endpoint.of(URI.create("https://" + excluded))))
                    .isEmpty();
        }
        if (included != null) {
            assertThat(proxies.of(Endpoint.of(URI.create("https://" + included))))
                    .isPresent();
        }
    }

    /** If the properties name a proxy, but not for a host, the environment's proxy is not for it either. */
    @Test
    void theEnvironmentDoesNotReplaceTheProperties() {
        set("https.proxyHost", "proxy");
        set("http.nonProxyHosts", "*.example.com");
        Proxies proxies = new Proxies(Map.of("HTTPS_PROXY", "http://other:3128"));

        assertThat(proxies.of(new Endpoint(true, "a.example.com", 443))).isEmpty();
        assertThat(proxies.of(new Endpoint(true, "example.net", 443)).orElseThrow())
                .hasToString("http://proxy:443");
    }

    @Test
    void aMalformedEnvironmentIsRefusedWithoutShowingIt() {
        for (String value : new String[] {"http://user:" + PASSWORD + "@pro xy", "socks5://" + PASSWORD + "@proxy:1"}) {
            Proxies proxies = new Proxies(Map.of("HTTPS_PROXY", value));

            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> proxies.of(new Endpoint(true, "example.com", 443))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("HTTPS_PROXY")
                    .satisfies(ProxyTest::assertSecret);
        }
    }
}
