package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.OutputDirectory;
import build.bazel.remote.execution.v2.OutputFile;
import build.bazel.remote.execution.v2.Tree;
import com.google.protobuf.InvalidProtocolBufferException;
import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** The results of actions in a cache, each under the SHA-256 of its action. Thread-safe. */
final class ActionResults {
    /** A tree of more bytes is not read: its files are taken to be missing. */
    private static final int MAX_TREE = 16 << 20;

    private final ContentCache cache;
    private final boolean checkOutputs;

    /**
     * Creates a view of a cache.
     *
     * @param checkOutputs whether a result is found only if everything is stored that it refers to
     */
    ActionResults(ContentCache cache, boolean checkOutputs) {
        this.cache = cache;
        this.checkOutputs = checkOutputs;
    }

    /** Returns the result of an action, unless it is missing, incomplete, or not a result. */
    Optional<ActionResult> get(Sha256 action) throws IOException {
        Optional<ByteBuffer> record = cache.getRecord(Keyspace.AC, action);
        if (record.isEmpty()) {
            return Optional.empty();
        }
        try {
            ActionResult result = ActionResult.parseFrom(record.get());
            return !checkOutputs || isComplete(result) ? Optional.of(result) : Optional.empty();
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            return Optional.empty(); // a damaged record, or one of something else: the client stores it again
        }
    }

    /**
     * Stores the result of an action, in place of the one that is there.
     *
     * @throws IllegalArgumentException if the result names something that is not a digest
     */
    void put(Sha256 action, ActionResult result) throws IOException {
        outputs(result);
        cache.putRecord(Keyspace.AC, action, BlobSource.of(ByteBuffer.wrap(result.toByteArray())));
    }

    private boolean isComplete(ActionResult result) throws IOException {
        Set<Digest> outputs = outputs(result);
        for (OutputDirectory directory : result.getOutputDirectoriesList()) {
            Optional<Tree> tree = tree(Digests.of(directory.getTreeDigest()));
            if (tree.isEmpty()) {
                return false;
            }
            addFiles(tree.get().getRoot(), outputs);
            tree.get().getChildrenList().forEach(child -> addFiles(child, outputs));
        }
        return cache.missing(outputs).isEmpty();
    }

    private static Set<Digest> outputs(ActionResult result) {
        Set<Digest> outputs = new LinkedHashSet<>();
        for (OutputFile file : result.getOutputFilesList()) {
            if (file.getContents().isEmpty()) {
                outputs.add(Digests.of(file.getDigest()));
            }
        }
        for (OutputDirectory directory : result.getOutputDirectoriesList()) {
            outputs.add(Digests.of(directory.getTreeDigest()));
        }
        if (result.hasStdoutDigest() && result.getStdoutRaw().isEmpty()) {
            outputs.add(Digests.of(result.getStdoutDigest()));
        }
        if (result.hasStderrDigest() && result.getStderrRaw().isEmpty()) {
            outputs.add(Digests.of(result.getStderrDigest()));
        }
        return outputs;
    }

    private static void addFiles(Directory directory, Set<Digest> files) {
        for (FileNode file : directory.getFilesList()) {
            files.add(Digests.of(file.getDigest()));
        }
    }

    private Optional<Tree> tree(Digest digest) throws IOException {
        Optional<ByteBuffer> content = SmallBlobs.read(cache, digest, MAX_TREE);
        return content.isEmpty() ? Optional.empty() : Optional.of(Tree.parseFrom(content.get()));
    }
}
