package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.DirectoryNode;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import build.bazel.remote.execution.v2.NodeProperties;
import build.bazel.remote.execution.v2.NodeProperty;
import build.bazel.remote.execution.v2.OutputFile;
import build.bazel.remote.execution.v2.Tree;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that messages which are small and take much memory are not parsed, and that others are. */
class BoundedMessagesTest {
    private static final int MANY = 200_000;

    private static void requireSame(Message message) throws InvalidProtocolBufferException {
        assertThat(BoundedMessages.parse(message.getDefaultInstanceForType(), ByteBuffer.wrap(message.toByteArray())))
                .isEqualTo(message);
    }

    private static void requireRefused(Message message) {
        assertThatThrownBy(() -> BoundedMessages.parse(
                        message.getDefaultInstanceForType(), ByteBuffer.wrap(message.toByteArray())))
                .isInstanceOf(InvalidProtocolBufferException.class)
                .hasMessageContaining("too many fields");
    }

    @Test
    void messagesFullOfWhatTheyAreForAreParsed() throws InvalidProtocolBufferException {
        var digest = Digests.of(digest(text(5)));
        FindMissingBlobsRequest.Builder missing = FindMissingBlobsRequest.newBuilder();
        Directory.Builder directory = Directory.newBuilder();
        for (int i = 0; i < 20_000; i++) {
            missing.addBlobDigests(digest);
            directory.addFiles(
                    FileNode.newBuilder().setName("f").setDigest(digest).setIsExecutable(true));
            directory.addDirectories(DirectoryNode.newBuilder().setName("d").setDigest(digest));
        }
        requireSame(missing.build());
        requireSame(directory.build());
        requireSame(Tree.newBuilder().setRoot(directory).build());
        requireSame(ActionResult.newBuilder()
                .setStdoutRaw(ByteString.copyFrom(text(1 << 20)))
                .build());
        requireSame(ActionResult.getDefaultInstance());
    }

    @Test
    void messagesFullOfNothingAreRefused() {
        FindMissingBlobsRequest.Builder digests = FindMissingBlobsRequest.newBuilder();
        Tree.Builder tree = Tree.newBuilder();
        NodeProperties.Builder properties = NodeProperties.newBuilder();
        UnknownFieldSet.Field.Builder unknown = UnknownFieldSet.Field.newBuilder();
        for (int i = 0; i < MANY; i++) {
            digests.addBlobDigests(build.bazel.remote.execution.v2.Digest.getDefaultInstance());
            tree.addChildren(Directory.getDefaultInstance());
            properties.addProperties(NodeProperty.getDefaultInstance());
            unknown.addVarint(0);
        }
        for (Message message : List.of(
                digests.build(),
                tree.build(),
                ActionResult.newBuilder()
                        .addOutputFiles(OutputFile.newBuilder().setNodeProperties(properties))
                        .build(),
                ActionResult.newBuilder()
                        .setUnknownFields(UnknownFieldSet.newBuilder()
                                .addField(5000, unknown.build())
                                .build())
                        .build())) {
            requireRefused(message);
        }
    }
}
