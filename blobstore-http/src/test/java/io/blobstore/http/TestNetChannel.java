package io.blobstore.http;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.http.ScriptedServer.Script;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.conscrypt.Conscrypt;

/** The channels that tests of the HTTP client run over: all of them, unless a test concerns one. */
enum TestNetChannel {
    PLAIN,
    TLS_JDK,
    TLS_OPENSSL,
    TLS_CONSCRYPT;

    boolean isSecure() {
        return this != PLAIN;
    }

    /** Returns whether this platform has the engine. */
    boolean isAvailable() {
        return switch (this) {
            case PLAIN, TLS_JDK -> true;
            case TLS_OPENSSL -> OpenSsl.isAvailable();
            case TLS_CONSCRYPT -> Conscrypt.isAvailable();
        };
    }

    /** Starts a server with a valid certificate. */
    ScriptedServer server(Script fallback) throws IOException {
        return isSecure()
                ? ScriptedServer.secure(TestAuthority.get().serverContext(TestAuthority.Identity.SERVER), fallback)
                : ScriptedServer.plain(fallback);
    }

    /** Starts a server that holds its first response until a latch opens. */
    ScriptedServer holdingServer(CountDownLatch go) throws IOException {
        return server(Script.responding(200, "ok")).then(exchange -> {
            exchange.discardBody();
            go.await();
            exchange.respond(200, "first");
        });
    }

    /** Returns a builder of clients that trust the server, with timeouts that no other test reaches. */
    HttpClient.Builder client() {
        assumeTrue(isAvailable(), "this platform has no native library for " + this);
        HttpClient.Builder builder =
                HttpClient.builder().connectTimeout(Duration.ofSeconds(30)).stallTimeout(Duration.ofSeconds(30));
        return isSecure()
                ? builder.trustManagers(TestAuthority.get().trustManagers()).engine(engine())
                : builder;
    }

    TlsEngine engine() {
        return switch (this) {
            case PLAIN -> TlsEngine.AUTOMATIC;
            case TLS_JDK -> TlsEngine.JDK;
            case TLS_OPENSSL -> TlsEngine.OPENSSL;
            case TLS_CONSCRYPT -> TlsEngine.CONSCRYPT;
        };
    }
}
