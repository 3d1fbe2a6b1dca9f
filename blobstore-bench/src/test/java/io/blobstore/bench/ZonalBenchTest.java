package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ZonalBenchTest {
    @TempDir
    Path directory;

    @Test
    void theProxyForwardsBothDirectionsAndTheEnd() throws Exception {
        byte[] content = new byte[1 << 20];
        new SplittableRandom(1).nextBytes(content);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                NetworkProxy proxy = NetworkProxy.start(
                        (InetSocketAddress) server.getLocalSocketAddress(), new Conditions(2, 500 << 20));
                Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
                Socket accepted = server.accept()) {
            CompletableFuture<Void> echo = CompletableFuture.runAsync(() -> echo(accepted, content.length));
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> send(client, content));

            assertThat(client.getInputStream().readNBytes(content.length)).isEqualTo(content);

            sent.join();
            echo.join();
            client.close();
            assertThat(accepted.getInputStream().read()).isEqualTo(-1);
        }
    }

    private static void echo(Socket socket, int length) {
        try {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(length));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void send(Socket socket, byte[] content) {
        try {
            socket.getOutputStream().write(content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Campaign(representedBy = ZonalBenchTest.class)
    void readsAreMeasuredBesideTheSdks() {
        StringWriter output = new StringWriter();
        CommandLine command = new CommandLine(new ZonalBench()).setOut(new PrintWriter(output));
        int code = command.execute(
                "--only=WHOLE,SMALL", "--rounds=1", "--warm-up=0", "--dir=" + directory, "--to=" + directory);
        assertThat(code).as(output.toString()).isIn(0, 1);
        for (ZonalRow row : List.of(ZonalRow.WHOLE, ZonalRow.SMALL)) {
            assertThat(output.toString()).containsPattern(Pattern.quote(row.title()) + ": .* \\| [0-9.]+");
        }
        assertThat(output.toString()).doesNotContain("not measured");
    }
}
