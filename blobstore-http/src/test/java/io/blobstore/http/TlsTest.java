package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority.Identity;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests which servers and clients are trusted, and the failures for others, with every engine. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class TlsTest {
    private static final TestAuthority AUTHORITY = TestAuthority.get();

    private static TransportException refusal(HttpClient client, ScriptedServer server) throws Exception {
        TransportException failure = Calls.failure(client, Calls.put(server, new byte[1000]));
        assertThat(failure).as("the connection must fail").isNotNull();
        assertThat(failure.kind()).as(failure.toString()).isEqualTo(Kind.TLS);
        assertThat(failure.getMessage())
                .contains(server.endpoint().toString())
                .doesNotContain("\n")
                .hasSizeLessThan(500);
        assertThat(server.requests()).as("nothing was sent").isEmpty();
        server.awaitOpen(0);
        return failure;
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aCertificateOfAnUnknownAuthorityIsRefused(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                HttpClient client =
                        HttpClient.builder().engine(channel.engine()).build()) {
            assertThat(refusal(client, server))
                    .hasMessageContaining("not trusted")
                    .hasMessageContaining("javax.net.ssl.trustStore");
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aCertificateOfAnotherHostIsRefused(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = ScriptedServer.secure(
                        AUTHORITY.serverContext(Identity.OTHER_HOST), Script.responding(200, ""));
                HttpClient client = channel.client().build()) {
            assertThat(refusal(client, server))
                    .hasMessageContaining("127.0.0.1")
                    .hasMessageContaining("other hosts");
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void anExpiredCertificateIsRefused(TestNetChannel channel) throws Exception {
        try (ScriptedServer server =
                        ScriptedServer.secure(AUTHORITY.serverContext(Identity.EXPIRED), Script.responding(200, ""));
                HttpClient client = channel.client().build()) {
            assertThat(refusal(client, server)).hasMessageContaining("expired");
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aTrustManagerWithoutHostNamesDoesNotDisableTheirVerification(TestNetChannel channel) throws Exception {
        TrustManager[] plain = {AUTHORITY.trustManagerWithoutHosts()};
        try (ScriptedServer other = ScriptedServer.secure(
                        AUTHORITY.serverContext(Identity.OTHER_HOST), Script.responding(200, ""));
                ScriptedServer right = channel.server(Script.responding(200, ""));
                HttpClient client = channel.client().trustManagers(plain).build()) {
            refusal(client, other);
            if (channel == TestNetChannel.TLS_CONSCRYPT) { // it does not verify host names itself
                assertThat(refusal(client, right)).hasMessageContaining("X509ExtendedTrustManager");
            } else {
                assertThat(Calls.execute(client, Calls.get(right)).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aHostCanBeAddressedByName(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().build()) {
            Endpoint byName = new Endpoint(true, "localhost", server.endpoint().port());

            assertThat(Calls.execute(client, HttpRequest.of("GET", byName, "/", HttpHeaders.EMPTY))
                            .status())
                    .isEqualTo(200);
            assertThat(server.awaitRequest(1).header("Host")).contains(byName.authority());
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aClientSendsItsCertificateOnRequest(TestNetChannel channel) throws Exception {
        try (ScriptedServer server =
                        ScriptedServer.mutual(AUTHORITY.serverContext(Identity.SERVER), Script.responding(200, "ok"));
                HttpClient known = channel.client()
                        .keyManagers(AUTHORITY.keyManagers(Identity.CLIENT))
                        .build();
                HttpClient unknown = channel.client().build()) {
            assertThat(Calls.execute(known, Calls.get(server)).status()).isEqualTo(200);

            TransportException failure = Calls.failure(unknown, Calls.get(server));
            // With TLS 1.3 the server refuses after the handshake, and a reset may overtake its alert.
            assertThat(failure.kind()).isIn(Kind.TLS, Kind.CLOSED);
            assertThat(server.requests()).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aServerWithoutTlsIsRefusedForHttps(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                HttpClient client = channel.client().build()) {
            server.thenConnection(socket -> {
                socket.getOutputStream()
                        .write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
            });
            assertThat(refusal(client, server)).hasMessageContaining("https");
        }
    }

    @Test
    void aServerWithTlsIsRefusedForHttp() throws Exception {
        try (ScriptedServer server = TestNetChannel.TLS_JDK.server(Script.responding(200, ""));
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            Endpoint plain = new Endpoint(false, "127.0.0.1", server.endpoint().port());

            TransportException failure = Calls.failure(client, HttpRequest.of("GET", plain, "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isIn(Kind.PROTOCOL, Kind.CLOSED);
            server.awaitOpen(0);
        }
    }

    // ---- engines, and the settings of a process

    @ParameterizedTest
    @EnumSource
    void everyEngineIsAvailableOnLinux(TestNetChannel channel) {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "other systems may lack native libraries");
        assertThat(channel.isAvailable()).isTrue();
    }

    /** Sends a request with each engine, and prints the outcomes. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Endpoint endpoint = new Endpoint(true, "127.0.0.1", Integer.parseInt(args[0]));
            for (TlsEngine engine : TlsEngine.values()) {
                try (HttpClient client = HttpClient.builder().engine(engine).build()) {
                    HttpRequest request = HttpRequest.of("GET", endpoint, "/", HttpHeaders.EMPTY);
                    System.out.println(engine + ": "
                            + client.newCall(request)
                                    .execute(ResponseHandler.KEEP)
                                    .status());
                } catch (TransportException e) {
                    System.out.println(engine + ": " + e.kind());
                }
            }
        }
    }

    @Test
    void theTrustStoreOfTheProcessIsUsed(@TempDir Path directory) throws Exception {
        assumeTrue(
                TestNetChannel.TLS_OPENSSL.isAvailable() && TestNetChannel.TLS_CONSCRYPT.isAvailable(),
                "needs all engines");
        Duration patience = Duration.ofMinutes(1);
        try (ScriptedServer server = TestNetChannel.TLS_JDK.server(Script.responding(200, ""))) {
            String port = "" + server.endpoint().port();
            ChildJvm child = ChildJvm.of(Child.class, directory);

            Exit without = child.run(patience, port);
            Exit with = child.with("-Djavax.net.ssl.trustStore=" + AUTHORITY.trustStore(directory))
                    .run(patience, port);

            assertThat(without.output()).contains("AUTOMATIC: TLS", "OPENSSL: TLS", "CONSCRYPT: TLS", "JDK: TLS");
            assertThat(with.output()).contains("AUTOMATIC: 200", "OPENSSL: 200", "CONSCRYPT: 200", "JDK: 200");
        }
    }

    /**
     * An engine may have descriptors, and must not hold them until a garbage collection, which is rare with this
     * library.
     */
    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void connectionsThatHaveEndedHoldNoDescriptors(TestNetChannel channel) throws Exception {
        assumeTrue(Files.isDirectory(OpenDescriptors.DIRECTORY), "only Linux has " + OpenDescriptors.DIRECTORY);
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                ScriptedServer stranger = ScriptedServer.secure(
                        AUTHORITY.serverContext(Identity.OTHER_HOST), Script.responding(200, ""))) {
            endConnections(channel, server, stranger); // loads classes, which may hold descriptors permanently
            int before = OpenDescriptors.now().count("pipe:");
            for (int i = 0; i < 20; i++) {
                endConnections(channel, server, stranger);
            }
            assertThat(OpenDescriptors.now().count("pipe:")).isLessThanOrEqualTo(before);
        }
    }

    private static void endConnections(TestNetChannel channel, ScriptedServer server, ScriptedServer stranger)
            throws IOException {
        try (HttpClient client = channel.client().build()) {
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            server.then(exchange -> exchange.reset());
            assertThat(Calls.failure(client, Calls.get(server))).isNotNull();
            assertThat(Calls.failure(client, Calls.get(stranger)).kind()).isEqualTo(Kind.TLS);
            Calls.execute(client, Calls.get(server));
        }
    }

    @Test
    void anEngineThatDoesNotExistIsRefused() throws Exception {
        System.setProperty(TlsEngine.PROPERTY, "rot13");
        try (ScriptedServer server = TestNetChannel.TLS_JDK.server(Script.responding(200, ""));
                HttpClient client = HttpClient.builder().build()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Calls.execute(client, Calls.get(server)))
                    .withMessageContaining(TlsEngine.PROPERTY)
                    .withMessageContaining("rot13");
        } finally {
            System.clearProperty(TlsEngine.PROPERTY);
        }
    }
}
