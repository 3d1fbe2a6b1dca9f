package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.Digest;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.OutputDirectory;
import build.bazel.remote.execution.v2.OutputFile;
import build.bazel.remote.execution.v2.Tree;
import com.google.protobuf.ByteString;
import io.blobstore.BlobSource;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code /ac/} where it is for action results only. */
@ExtendWith(LeakCheck.class)
class HttpActionResultsTest {
    private static final Content OUTPUT = ServerFixture.text(1, 1000);
    private static final Content IN_TREE = ServerFixture.text(2, 2000);
    private static final String ACTION = "/ac/" + ServerFixture.text(3, 1).hash();
    private static final int LARGEST = 4 << 20;

    @TempDir
    Path temporary;

    private ServerFixture server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        server = ServerFixture.start(
                temporary.resolve("cache"),
                builder -> builder.http(
                        HttpOptions.builder().validateActionResults(true).build()));
        client = server.connect();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    private static Digest digest(Content content) {
        return Digest.newBuilder()
                .setHash(content.hash())
                .setSizeBytes(content.bytes().length)
                .build();
    }

    private static ActionResult.Builder withOutput() {
        return ActionResult.newBuilder()
                .addOutputFiles(OutputFile.newBuilder().setPath("a").setDigest(digest(OUTPUT)));
    }

    private void requireNotFound() throws IOException {
        assertThat(client.get(ACTION).status()).isEqualTo(404);
        assertThat(client.headOf(ACTION).status()).isEqualTo(404);
    }

    private void requireFound(byte[] result) throws IOException {
        assertThat(client.get(ACTION).body()).isEqualTo(result);
        assertThat(client.headOf(ACTION).field("Content-Length")).isEqualTo(String.valueOf(result.length));
    }

    @Test
    void whatIsNoActionResultIsRefused() throws IOException {
        byte[] badDigest = ActionResult.newBuilder()
                .addOutputFiles(OutputFile.newBuilder()
                        .setDigest(Digest.newBuilder().setHash("abc").setSizeBytes(1)))
                .build()
                .toByteArray();
        byte[] cut = withOutput().build().toByteArray();
        for (byte[] bytes : List.of(
                "any text".getBytes(StandardCharsets.US_ASCII),
                badDigest,
                java.util.Arrays.copyOf(cut, cut.length - 1))) {
            Response refused = client.put(ACTION, bytes);
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.text()).startsWith("it is not an ActionResult: ");
        }
        requireNotFound();
        assertThat(server.cache.stats().entries()).isZero();
        // What was there stays, and content may be anything.
        byte[] result = ActionResult.newBuilder().setExitCode(3).build().toByteArray();
        assertThat(client.put(ACTION, result).status()).isEqualTo(200);
        assertThat(client.put(ACTION, badDigest).status()).isEqualTo(400);
        requireFound(result);
        assertThat(client.put(OUTPUT.path(), OUTPUT.bytes()).status()).isEqualTo(200);
    }

    @Test
    void aResultIsFoundWhenAllOfItsOutputsAreThere() throws IOException {
        Content tree = Content.of(Tree.newBuilder()
                .setRoot(Directory.newBuilder()
                        .addFiles(FileNode.newBuilder().setName("b").setDigest(digest(IN_TREE))))
                .build()
                .toByteArray());
        byte[] result = withOutput()
                .addOutputDirectories(OutputDirectory.newBuilder().setPath("d").setTreeDigest(digest(tree)))
                .build()
                .toByteArray();
        assertThat(client.put(ACTION, result).status()).isEqualTo(200);
        for (Content output : List.of(OUTPUT, tree, IN_TREE)) {
            requireNotFound();
            assertThat(client.put(output.path(), output.bytes()).status()).isEqualTo(200);
        }
        requireFound(result);
        server.cache.remove(IN_TREE.digest());
        requireNotFound();
    }

    /** Records that are there already may be anything, as they may have been put without validation. */
    @Test
    void recordsOfSomethingElseAreNotFound() throws IOException {
        for (byte[] bytes : List.of("any text".getBytes(StandardCharsets.US_ASCII), new byte[LARGEST + 1])) {
            server.cache.putRecord(
                    Keyspace.AC, ServerFixture.text(3, 1).digest().sha256(), BlobSource.of(ByteBuffer.wrap(bytes)));
            requireNotFound();
        }
    }

    @Test
    void resultsAreBounded() throws IOException {
        int margin = 8; // of the field's tag and length, and a second field
        ActionResult.Builder result =
                ActionResult.newBuilder().setStdoutRaw(ByteString.copyFrom(new byte[LARGEST - margin]));
        while (result.build().getSerializedSize() < LARGEST) {
            result.setStdoutRaw(result.getStdoutRaw().concat(ByteString.copyFrom(new byte[1])));
        }
        assertThat(client.put(ACTION, result.build().toByteArray()).status()).isEqualTo(200);
        byte[] tooLarge = result.setExitCode(1).build().toByteArray();
        try (RawClient other = server.connect()) {
            assertThat(other.head("PUT", ACTION, "Content-Length: " + tooLarge.length)
                            .response(true)
                            .status())
                    .isEqualTo(413);
        }
        requireFound(result.clearExitCode().build().toByteArray());
    }
}
