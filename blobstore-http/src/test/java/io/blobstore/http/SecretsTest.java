package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that neither logs, at the finest level, nor exceptions contain content or header fields of requests or
 * responses.
 */
@ExtendWith(LeakCheck.class)
class SecretsTest {
    private static final String SECRET = "s3cr3t";

    /**
     * Executes calls full of secrets that succeed and fail in many ways, and prints them, their responses and their
     * failures.
     */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            for (TestNetChannel channel : TestNetChannel.values()) {
                if (channel.isAvailable()) {
                    execute(channel);
                    System.out.println("done over " + channel);
                }
            }
        }

        private static void execute(TestNetChannel channel) throws Exception {
            String fields = "Set-Cookie: " + SECRET + "\r\n";
            ManualClock clock = new ManualClock();
            try (ScriptedServer server = channel.server(Script.responding(200, SECRET, "X-Token: " + SECRET));
                    HttpClient client = channel.client().clock(clock).build()) {
                server.then(
                        Script.responding(200, SECRET, "X-Token: " + SECRET),
                        Script.responding(403, SECRET, "X-Token: " + SECRET),
                        Script.writing("HTTP/1.1 200 " + SECRET + "\0\r\n\r\n"),
                        Script.writing("HTTP/1.1 200 OK\r\n" + fields + SECRET + " : " + SECRET + "\r\n\r\n"),
                        Script.writing("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + SECRET + "\r\n\r\n"),
                        Script.writing("HTTP/1.1 200 OK\r\n" + fields + "Transfer-Encoding: chunked\r\n\r\n" + SECRET
                                + "\r\n"),
                        exchange -> {
                            exchange.write("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 100\r\n\r\n" + SECRET);
                            clock.passWhileIdle();
                            exchange.stall();
                        },
                        ScriptedExchange::close,
                        ScriptedExchange::reset);
                for (int i = 0; i < 10; i++) {
                    clock.stop();
                    execute(client, server);
                }
            }
        }

        private static void execute(HttpClient client, ScriptedServer server) {
            HttpCall call = client.newCall(HttpRequest.of(
                    "PUT",
                    server.endpoint(),
                    "/key?X-Amz-Signature=" + SECRET + "&X-Amz-Security-Token=" + SECRET,
                    HttpHeaders.builder()
                            .add("Authorization", SECRET)
                            .add("x-amz-server-side-encryption-customer-key", SECRET)
                            .build(),
                    BlobSource.of(ByteBuffer.wrap(SECRET.getBytes(StandardCharsets.US_ASCII)))));
            System.out.println(call);
            try {
                System.out.println("response: " + call.execute(ResponseHandler.KEEP));
            } catch (IOException e) {
                System.out.println("failed: " + e);
                e.printStackTrace(System.out);
            }
        }
    }

    @Test
    void nothingARequestOrResponseCarriesIsPrinted(@TempDir Path directory) throws Exception {
        Exit exit = ChildJvm.of(Child.class, directory)
                .with("-Dorg.slf4j.simpleLogger.defaultLogLevel=trace")
                .run(Duration.ofMinutes(1));

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output())
                .contains("response: HttpResponse[403", "failed: ", "PUT http", "done over PLAIN", "done over TLS_JDK")
                .doesNotContain(SECRET);
    }
}
