package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TestAuthority.Identity;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests who may do what: passwords, TLS and client certificates. */
class HttpAccessTest {
    private static final Content CONTENT = ServerFixture.text(1, MIB + 200 * KIB + 5);

    @TempDir
    Path temporary;

    private Path htpasswd() throws IOException {
        String hash = BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, "secret:word".toCharArray());
        return Files.writeString(temporary.resolve("htpasswd"), "# users\nalice:" + hash + "\n\n");
    }

    private static String basic(String credentials) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aPasswordIsNeeded() throws IOException {
        AuthOptions auth = AuthOptions.htpasswd(htpasswd());
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"), builder -> builder.auth(auth));
                RawClient client = server.connect()) {
            for (String wrong : List.of(
                    "X-A: none",
                    basic("alice:wrong"),
                    basic("bob:secret:word"),
                    basic("alice"),
                    basic(":secret:word"),
                    basic("alice:" + "x".repeat(100)),
                    "Authorization: Basic !!!",
                    "Authorization: Bearer secret:word")) {
                Response refused = client.get(CONTENT.path(), wrong);
                assertThat(refused.status()).as(wrong).isEqualTo(401);
                assertThat(refused.field("WWW-Authenticate")).startsWith("Basic ");
            }
            assertThat(client.get("/status").status()).isEqualTo(401);
            assertThat(client.get("/metrics").status()).isEqualTo(401);
            assertThat(client.get("/healthz").status()).isEqualTo(200);
            String right = basic("alice:secret:word");
            for (int i = 0; i < 3; i++) {
                assertThat(client.put(CONTENT.path(), CONTENT.bytes(), right).status())
                        .isEqualTo(200);
                assertThat(client.get(CONTENT.path(), right).body()).isEqualTo(CONTENT.bytes());
            }
            assertThat(server.server.toString() + auth + htpasswd()).doesNotContain("secret", "$2y$");
        }
    }

    @Test
    void aRefusedBodyIsNotReceived() throws IOException {
        AuthOptions auth = AuthOptions.htpasswd(htpasswd());
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"), builder -> builder.auth(auth))) {
            try (RawClient client = server.connect()) {
                client.head("PUT", CONTENT.path(), "Content-Length: " + CONTENT.bytes().length);
                Response refused = client.response(true);
                assertThat(refused.status()).isEqualTo(401);
                assertThat(refused.field("Connection")).isEqualTo("close");
            }
            try (RawClient client = server.connect()) { // a small one is dropped, and the connection stays
                assertThat(client.put(CONTENT.path(), new byte[KIB]).status()).isEqualTo(401);
                assertThat(client.get("/healthz").status()).isEqualTo(200);
            }
        }
    }

    @Test
    void readsMayBeAnonymous() throws IOException {
        AuthOptions auth = AuthOptions.htpasswd(htpasswd()).withAnonymousReads(true);
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"), builder -> builder.auth(auth));
                RawClient client = server.connect()) {
            assertThat(client.get(CONTENT.path()).status()).isEqualTo(404);
            assertThat(client.put(CONTENT.path(), new byte[10]).status()).isEqualTo(401);
            assertThat(client.put("/ac/" + CONTENT.hash(), new byte[10]).status())
                    .isEqualTo(401);
            assertThat(client.get(CONTENT.path(), basic("alice:wrong")).status())
                    .isEqualTo(401);
            assertThat(client.put(CONTENT.path(), CONTENT.bytes(), basic("alice:secret:word"))
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aFileOfPasswordsThatIsNotOneIsAClearErrorWithoutItsContent() throws IOException {
        for (String line : List.of("alice:topsecret", "alice", ":x", "alice:{SHA}topsecret", "# nobody")) {
            Path file = Files.writeString(temporary.resolve("bad"), line + "\n");
            assertThatThrownBy(() -> ServerFixture.start(
                            temporary.resolve("cache"), builder -> builder.auth(AuthOptions.htpasswd(file))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("htpasswd -B")
                    .hasMessageNotContaining("topsecret");
        }
    }

    // ---- TLS

    private TlsOptions tls(boolean mutual) throws IOException {
        Path certificate = PemFiles.certificates(temporary.resolve("server.pem"), Identity.SERVER);
        Path key = PemFiles.key(temporary.resolve("server.key"), Identity.SERVER);
        return mutual
                ? TlsOptions.mutual(certificate, key, PemFiles.authority(temporary.resolve("ca.pem")))
                : TlsOptions.of(certificate, key);
    }

    private static RawClient connect(ServerFixture server, boolean certified) throws Exception {
        KeyManager[] keys = certified ? TestAuthority.get().keyManagers(Identity.CLIENT) : null;
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, TestAuthority.get().trustManagers(), null);
        Socket socket = context.getSocketFactory().createSocket("127.0.0.1", server.port());
        return new RawClient(socket);
    }

    @Test
    void everythingWorksOverTls() throws Exception {
        TlsOptions tls = tls(false);
        Content random = ServerFixture.random(2, MIB + 200 * KIB + 5);
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"), builder -> builder.tls(tls));
                RawClient client = connect(server, false)) {
            for (Content content : List.of(CONTENT, random)) {
                assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
                assertThat(client.get(content.path()).body()).isEqualTo(content.bytes());
                assertThat(client.get(content.path(), "Range: bytes=5-1100000").body())
                        .isEqualTo(Arrays.copyOfRange(content.bytes(), 5, 1_100_001));
                Response head = client.headOf(content.path(), "Accept-Encoding: zstd");
                assertThat(client.get(content.path(), "Accept-Encoding: zstd").body())
                        .hasSize(Integer.parseInt(head.field("Content-Length")));
            }
            try (RawClient plain = server.connect()) {
                plain.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(plain.socket().getInputStream().readAllBytes()).doesNotContain('O', 'K');
            }
        }
    }

    @Test
    void aClientCertificateIsNeeded() throws Exception {
        TlsOptions tls = tls(true);
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"), builder -> builder.tls(tls))) {
            try (RawClient client = connect(server, true)) {
                assertThat(client.put(CONTENT.path(), CONTENT.bytes()).status()).isEqualTo(200);
            }
            assertThatThrownBy(() -> {
                        try (RawClient client = connect(server, false)) {
                            client.get(CONTENT.path());
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void readsMayBeWithoutACertificate() throws Exception {
        TlsOptions tls = tls(true);
        AuthOptions auth = AuthOptions.none().withAnonymousReads(true);
        try (ServerFixture server = ServerFixture.start(
                temporary.resolve("cache"), builder -> builder.tls(tls).auth(auth))) {
            try (RawClient client = connect(server, false)) {
                assertThat(client.get(CONTENT.path()).status()).isEqualTo(404);
                assertThat(client.put(CONTENT.path(), new byte[10]).status()).isEqualTo(403);
            }
            try (RawClient client = connect(server, true)) {
                assertThat(client.put(CONTENT.path(), CONTENT.bytes()).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aKeyThatIsNotOneIsAClearError() throws IOException {
        TlsOptions tls = tls(false);
        TlsOptions swapped = TlsOptions.of(tls.privateKey(), tls.certificateChain());
        TlsOptions missing = TlsOptions.of(temporary.resolve("missing"), tls.privateKey());
        for (TlsOptions wrong : List.of(swapped, missing)) {
            assertThatThrownBy(() -> ServerFixture.start(temporary.resolve("cache"), builder -> builder.tls(wrong)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("PEM");
        }
    }
}
