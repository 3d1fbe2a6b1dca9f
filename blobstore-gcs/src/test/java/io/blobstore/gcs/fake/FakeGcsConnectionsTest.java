package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import java.io.IOException;
import java.net.Socket;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Connections to the fake, by a client that repeats nothing; and none is left open. */
@ExtendWith(LeakCheck.class)
class FakeGcsConnectionsTest extends FakeGcsTestBase {
    @Test
    void fieldsAreInUtf8() throws IOException {
        raw(
                "PUT " + OBJECT
                        + " HTTP/1.1\r\nHost: x\r\nx-goog-meta-a: v\u00e4lue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        assertThat(gcs.object("some-bucket", "some/object")
                        .orElseThrow()
                        .attributes()
                        .metadata())
                .containsEntry("a", "v\u00e4lue");
        assertThat(raw("GET " + OBJECT + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .containsIgnoringCase("x-goog-meta-a: v\u00e4lue");
    }

    @Test
    void responsesAreLostAndCut() throws IOException {
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
        try (Socket socket = new Socket(gcs.endpoint().getHost(), gcs.endpoint().getPort())) {
            socket.getOutputStream().write(("HEAD " + OBJECT + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
            Scanner response = new Scanner(socket.getInputStream(), UTF_8).useDelimiter("\r\n\r\n");
            assertThat(response.next()).startsWith("HTTP/1.1 404 ");
            gcs.close();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }
}
