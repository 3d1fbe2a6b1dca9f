package io.blobstore.server;

import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Guards that uploads for which there is no memory wait, and that those which wait can end. */
@ExtendWith(LeakCheck.class)
class UploadTurnsTest {
    /** How many uploads this JVM has memory for. */
    private static final int TURNS = (int) (Runtime.getRuntime().maxMemory() / (24L * MIB));

    private static final int WAITING = 9;
    /** More than a frame, so that there is a file as soon as the upload is at work. */
    private static final int SIZE = MIB + MIB / 8;

    private static final int FIRST = MIB / 4;

    private final List<Content> contents = new ArrayList<>();
    private final List<RawClient> clients = new ArrayList<>();

    @TempDir
    Path temporary;

    private void sendFirst(ServerFixture server, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Content content = ServerFixture.text(clients.size(), SIZE);
            RawClient client = server.connect();
            contents.add(content);
            clients.add(client);
            client.head("PUT", content.path(), "Content-Length: " + SIZE);
            client.send(Arrays.copyOf(content.bytes(), FIRST));
        }
    }

    @Test
    void uploadsBeyondTheMemoryWaitAndAllOfThemAreKept() throws Exception {
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"))) {
            sendFirst(server, TURNS);
            ServerFixture.await(() -> server.temporaries().size() == TURNS);
            sendFirst(server, WAITING);
            // What waits can end: some clients go, before they had a turn and while they have one.
            for (int gone : new int[] {TURNS + 4, TURNS, 0}) {
                clients.remove(gone).reset();
                contents.remove(gone);
            }
            List<Thread> senders = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            for (int i = 0; i < clients.size(); i++) {
                RawClient client = clients.get(i);
                byte[] rest = Arrays.copyOfRange(contents.get(i).bytes(), FIRST, SIZE);
                Thread sender = new Thread(() -> {
                    try {
                        client.send(rest);
                    } catch (IOException e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    }
                });
                senders.add(sender);
                assertThat(server.temporaries().size()).as("uploads at work").isLessThanOrEqualTo(TURNS);
            }
            senders.forEach(Thread::start);
            for (RawClient client : clients) {
                assertThat(client.response(true).status()).isEqualTo(200);
                client.close();
            }
            for (Thread sender : senders) {
                sender.join();
            }
            for (Content content : contents) {
                assertThat(server.cache.contains(content.digest())).isTrue();
            }
            assertThat(failures).isEmpty();
        }
    }

    @Test
    void aServerThatIsClosedEndsTheWaits() throws IOException {
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"))) {
            sendFirst(server, TURNS + WAITING);
            ServerFixture.await(() -> server.temporaries().size() == TURNS);
        }
        for (RawClient client : clients) {
            assertThat(client.isAtEnd()).isTrue();
            client.close();
        }
    }
}
