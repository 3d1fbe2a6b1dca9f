package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests calls in a process that can open no more files. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class DescriptorLimitTest {
    /** Exhausts all descriptors but a few, tries a call, and closes them. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Endpoint endpoint = new Endpoint(false, "127.0.0.1", Integer.parseInt(args[0]));
            HttpRequest request = HttpRequest.of("GET", endpoint, "/", HttpHeaders.EMPTY);
            Path file = Files.createFile(Path.of("file").toAbsolutePath());
            loadClasses(request);
            for (int spare = 0; spare <= 4; spare++) {
                List<Closeable> open = new ArrayList<>();
                String outcome;
                try (HttpClient client = HttpClient.builder().build()) {
                    exhaust(file, open);
                    for (int i = 0; i < spare; i++) {
                        open.remove(open.size() - 1).close();
                    }
                    try {
                        outcome = "status " + Calls.execute(client, request).status();
                    } catch (TransportException e) {
                        outcome = e.kind() + " " + e.getMessage();
                    }
                    int left = exhaust(file, open); // before the client is closed, in the case of failure
                    outcome += outcome.startsWith("status") ? "" : ", gave back " + left;
                } finally {
                    for (Closeable each : open) {
                        each.close();
                    }
                }
                System.out.println(spare + " spare: " + outcome);
            }
        }

        /** Loads the classes of a call from files, which cannot be opened later. */
        private static void loadClasses(HttpRequest request) throws IOException {
            Endpoint gone;
            try (ServerSocket closed = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
                gone = new Endpoint(false, "127.0.0.1", closed.getLocalPort());
            }
            try (HttpClient client = HttpClient.builder().build()) {
                Calls.execute(client, request);
                Calls.execute(client, HttpRequest.of("GET", gone, "/", HttpHeaders.EMPTY));
            } catch (TransportException e) {
                System.out.println("as expected: " + e.kind() + " " + e.getMessage());
            }
        }

        private static int exhaust(Path file, List<Closeable> open) {
            for (int count = 0; ; count++) {
                try {
                    open.add(new FileInputStream(file.toFile()));
                } catch (IOException e) {
                    return count;
                }
            }
        }
    }

    @Test
    void namesTheLimitAndGivesBackWhatItOpened(@TempDir Path directory) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs a shell to set the limit");
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.responding(200, ""))) {
            Exit exit = ChildJvm.of(Child.class, directory)
                    .under("/bin/sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\"")
                    .run(Duration.ofMinutes(1), "" + server.endpoint().port());

            assertThat(exit.code()).as(exit.output()).isZero();
            // The counts are minimums, as the JVM may have closed descriptors of its own meanwhile.
            assertThat(exit.output())
                    .containsPattern("0 spare: CONNECT .*ulimit -n.* gave back [0-9]")
                    .containsPattern("1 spare: CONNECT .*ulimit -n.* gave back [1-9]")
                    .containsPattern("2 spare: CONNECT .*ulimit -n.* gave back [2-9]")
                    .contains("4 spare: status 200");
        }
    }
}
