package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the fake does with connections, seen by a client that keeps none, and that none is left. */
@ExtendWith(LeakCheck.class)
class FakeGcsConnectionsTest extends FakeGcsTestBase {
    @Test
    void fieldsAreInUtf8() throws IOException {
        raw(
                "PUT " + OBJECT
                        + " HTTP/1.1\r\nHost: x\r\nx-goog-meta-a: v\u00e4lue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        assertThat(gcs.object("some-bucket", "some/object").orElseThrow().metadata())
                .containsEntry("a", "v\u00e4lue");
        assertThat(raw("GET " + OBJECT + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .containsIgnoringCase("x-goog-meta-a: v\u00e4lue");
    }

    /** By a client that sends nothing twice. */
    @Test
    void answersAreLostAndCut() throws IOException {
        String put = "PUT " + OBJECT + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789";
        gcs.fault(request -> request.method().equals("PUT"), ScriptedFault.disconnect(), ScriptedFault.loseResponse());
        gcs.fault(request -> request.method().equals("GET"), ScriptedFault.cutResponse());

        assertThat(raw(put)).isEmpty();
        assertThat(gcs.names("some-bucket")).isEmpty();
        assertThat(raw(put)).isEmpty();
        assertThat(gcs.names("some-bucket")).containsExactly("some/object");
        assertThat(raw("GET " + OBJECT + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .contains("Content-Length: 10")
                .endsWith("\r\n\r\n01234");
        assertThat(gcs.requests()).extracting(ScriptedExchange::status).containsExactly(0, 0, 200);
        assertThat(gcs.requests().get(1).bodyReceived()).isEqualTo(10);
    }

    @Test
    void aBodyThatIsCutOffIsNotStored() throws IOException {
        assertThat(raw("PUT " + OBJECT + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234"))
                .isEmpty();

        assertThat(gcs.names("some-bucket")).isEmpty();
        assertThat(gcs.requests()).extracting(ScriptedExchange::bodyReceived).containsExactly(5L);
    }

    @Test
    void closingEndsConnectionsThatAreKept() throws IOException {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                sockets.add(open(gcs));
            }
            gcs.close();
            for (Socket socket : sockets) {
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void overTls() throws IOException, GeneralSecurityException {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, TestAuthority.get().trustManagers(), null);
        try (FakeGcs secure = FakeGcs.startSecure(TestAuthority.get().serverContext(TestAuthority.Identity.SERVER))) {
            assertThat(secure.endpoint().getScheme()).isEqualTo("https");
            try (Socket socket = trusting.getSocketFactory()
                    .createSocket(secure.endpoint().getHost(), secure.endpoint().getPort())) {
                exchange(socket);
            }
            assertThat(secure.requests()).extracting(ScriptedExchange::status).containsExactly(404);
        }
    }

    /** A connection that is kept after its first request. */
    private static Socket open(FakeGcs fake) throws IOException {
        Socket socket = new Socket(fake.endpoint().getHost(), fake.endpoint().getPort());
        exchange(socket);
        return socket;
    }

    private static void exchange(Socket socket) throws IOException {
        socket.getOutputStream().write(("GET " + OBJECT + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
        InputStream input = socket.getInputStream();
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("</Error>") < 0) {
            int next = input.read();
            assertThat(next).as(answer.toString()).isNotNegative();
            answer.append((char) next);
        }
        assertThat(answer.toString()).startsWith("HTTP/1.1 404 ");
    }
}
