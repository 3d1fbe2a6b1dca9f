package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests that the payload does not pass through the Java heap, by the bytes that the transferring thread allocates. Each
 * transfer runs once before it is measured, as loading classes and establishing connections allocates too.
 */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class HttpZeroCopyTest {
    private static final int SIZE = 256 << 20;
    private static final int BODY = 8 << 20;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void makeFile() throws IOException {
        Calls.makeSparse(directory.resolve("blob"), SIZE);
    }

    @ParameterizedTest
    @CsvSource({"PLAIN, 2", "TLS_OPENSSL, 4"})
    void sendingFromAMappingAllocatesNoPayload(TestNetChannel channel, int allowedMebibytes) throws Exception {
        try (ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody();
                    exchange.respond(200, "");
                });
                HttpClient client = channel.client().build();
                MappedFile file = MappedFile.open(directory.resolve("blob"))) {
            AllocatedBytes.Work all = () -> {
                for (int at = 0; at < SIZE; at += BODY) {
                    send(client, server, file, at);
                }
            };
            all.run(); // class loading and interpretation allocate too
            long allocated = AllocatedBytes.of(all);

            assertThat(allocated).isBetween(1L, (long) allowedMebibytes << 20);
            assertThat(server.requests())
                    .hasSize(2 * (SIZE / BODY))
                    .allMatch(request -> request.bodyReceived() == BODY);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    private static void send(HttpClient client, ScriptedServer server, MappedFile file, int at) throws IOException {
        Calls.execute(client, Calls.put(server, file.region(at, BODY)));
    }

    @ParameterizedTest
    @CsvSource({"PLAIN, false, 2", "PLAIN, true, 2", "TLS_OPENSSL, false, 4", "TLS_OPENSSL, true, 4"})
    void receivingIntoAMappingAllocatesNoPayload(TestNetChannel channel, boolean chunked, int allowedMebibytes)
            throws Exception {
        byte[] chunk = Calls.content(1 << 20);
        try (ScriptedServer server = channel.server(exchange -> {
                    if (chunked) {
                        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    } else {
                        exchange.respondHead(200, BODY);
                    }
                    for (int at = 0; at < BODY; at += chunk.length) {
                        if (chunked) {
                            exchange.write(Integer.toHexString(chunk.length) + "\r\n");
                        }
                        exchange.output().write(chunk);
                        if (chunked) {
                            exchange.write("\r\n");
                        }
                    }
                    if (chunked) {
                        exchange.write("0\r\n\r\n");
                    }
                });
                HttpClient client = channel.client().build();
                MappedFile file = MappedFile.open(directory.resolve("blob"), MappedFile.Access.READ_WRITE)) {
            AllocatedBytes.Work all = () -> {
                for (int at = 0; at < SIZE; at += BODY) {
                    receive(client, server, file, at);
                }
            };
            all.run(); // class loading and interpretation allocate too
            long allocated = AllocatedBytes.of(all);

            assertThat(allocated).isBetween(1L, (long) allowedMebibytes << 20);
            assertThat(server.accepted()).isEqualTo(1);
            try (Lease lease = file.region(SIZE - chunk.length, chunk.length).acquire()) {
                assertThat(lease.buffers().get(0).mismatch(ByteBuffer.wrap(chunk)))
                        .isEqualTo(-1);
            }
        }
    }

    private static void receive(HttpClient client, ScriptedServer server, MappedFile file, int at) throws IOException {
        try (Lease lease = file.region(at, BODY).acquireWritable()) {
            HttpResponse response = client.newCall(Calls.get(server))
                    .execute(Calls.into(lease.buffers().get(0)));
            if (response.received() != BODY) {
                throw new AssertionError(response.toString());
            }
        }
    }
}
