package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
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

/** Tests tunnels through an HTTP proxy, proxies that refuse or fail, and the selection of the proxy. */
@ExtendWith(LeakCheck.class)
class ProxyTest {
    private static final String PASSWORD = "s3cr3t-pass";
    private static final String CREDENTIALS = Base64.getEncoder()
            .encodeToString(("user:" + PASSWORD).getBytes(java.nio.charset.StandardCharsets.US_ASCII));

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
    @EnumSource
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
    @EnumSource
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
    @CsvSource({"PLAIN, 407", "PLAIN, 403", "PLAIN, 502", "PLAIN, 302", "TLS_JDK, 407", "TLS_OPENSSL, 407"})
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
        ManualClock clock = new ManualClock();
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.responding(200, ""));
                ScriptedServer proxy = ScriptedServer.plain(exchange -> failing.act(exchange, clock));
                HttpClient client = TestNetChannel.PLAIN.client().clock(clock).build()) {
            use(proxy);
            useCredentials();

            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).as(failure.toString()).isEqualTo(Kind.PROXY);
            assertThat(failure.getMessage()).contains(proxy.endpoint().authority());
            assertSecret(failure);
            proxy.awaitOpen(0);
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
        Optional<Proxies.Proxy> proxy =
                new Proxies(Map.of(variable, value)).of(Endpoint.of(java.net.URI.create(target)));

        assertThat(proxy.map(Proxies.Proxy::toString)).isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
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
                "example.com",
                ".example.com",
                "*.example.com",
                "a.example.com",
                "*",
                "other.org, EXAMPLE.com",
            })
    void theEnvironmentMayExcludeHosts(String exceptions) {
        Map<String, String> environment = Map.of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", exceptions);

        assertThat(new Proxies(environment).of(new Endpoint(true, "a.example.com", 443)))
                .isEmpty();
        if (!exceptions.equals("*")) {
            assertThat(new Proxies(environment).of(new Endpoint(true, "example.net", 443)))
                    .isPresent();
            assertThat(new Proxies(environment).of(new Endpoint(true, "anexample.com", 443)))
                    .isPresent();
        }
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
