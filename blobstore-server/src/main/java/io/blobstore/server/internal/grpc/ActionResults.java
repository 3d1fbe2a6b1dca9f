package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.OutputDirectory;
import build.bazel.remote.execution.v2.OutputFile;
import build.bazel.remote.execution.v2.Tree;
import com.google.protobuf.InvalidProtocolBufferException;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.InvalidRecordException;
import io.blobstore.server.internal.RecordCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The results of actions in a cache, each under the SHA-256 of its action. Thread-safe. */
public final class ActionResults implements RecordCheck {
    /** A tree of more bytes is not read: its files are taken to be missing. */
    private static final int MAX_TREE = 16 << 20;

    private final CacheAccess cache;
    private final boolean checkOutputs;

    /**
     * Creates a view of a cache.
     *
     * @param checkOutputs whether a result is found only if everything is stored that it refers to
     */
    public ActionResults(CacheAccess cache, boolean checkOutputs) {
        this.cache = cache;
        this.checkOutputs = checkOutputs;
    }

    /** Returns the result of an action, unless it is missing, incomplete, or not a result. */
    CompletableFuture<Optional<ActionResult>> get(Sha256 action) throws IOException {
        Optional<ActionResult> local = read(action);
        CompletableFuture<Optional<ActionResult>> result =
                local.isPresent() || cache.remote().isEmpty()
                        ? CompletableFuture.completedFuture(local)
                        : cache.fetch(Keyspace.AC, action)
                                .thenApply(found -> unchecked(() -> found ? read(action) : Optional.empty()));
        return checkOutputs ? result.thenCompose(this::ifComplete) : result;
    }

    private Optional<ActionResult> read(Sha256 action) throws IOException {
        Optional<ByteBuffer> record = cache.cache().getRecord(Keyspace.AC, action);
        if (record.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse(record.get()));
        } catch (InvalidRecordException e) {
            return Optional.empty(); // a damaged record, or one of something else: the client stores it again
        }
    }

    private static ActionResult parse(ByteBuffer record) throws InvalidRecordException {
        try {
            ActionResult result = BoundedMessages.parse(ActionResult.getDefaultInstance(), record);
            outputs(result);
            return result;
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw new InvalidRecordException("it is not an ActionResult: " + e.getMessage(), e);
        }
    }

    @Override
    public void require(ByteBuffer record) throws InvalidRecordException {
        ActionResult unused = parse(record);
    }

    @Override
    public CompletableFuture<Boolean> isComplete(ByteBuffer record) {
        try {
            return ifComplete(Optional.of(parse(record))).thenApply(Optional::isPresent);
        } catch (InvalidRecordException e) {
            return CompletableFuture.completedFuture(false);
        }
    }

    /**
     * Stores the result of an action, in place of the one that is there.
     *
     * @return completes when the client may be told so
     * @throws IllegalArgumentException if the result names something that is not a digest
     */
    CompletableFuture<Void> put(Sha256 action, ActionResult result) throws IOException {
        outputs(result);
        return cache.putRecord(Keyspace.AC, action, ByteBuffer.wrap(result.toByteArray()));
    }

    private CompletableFuture<Optional<ActionResult>> ifComplete(Optional<ActionResult> result) {
        if (result.isEmpty()) {
            return CompletableFuture.completedFuture(result);
        }
        List<Digest> trees = result.get().getOutputDirectoriesList().stream()
                .map(directory -> Digests.of(directory.getTreeDigest()))
                .toList();
        return unchecked(() -> trees.isEmpty() ? CompletableFuture.completedFuture(null) : cache.fetch(trees))
                .thenCompose(fetched -> unchecked(() -> missing(result.get(), trees)))
                .thenApply(missing -> missing.isEmpty() ? result : Optional.empty());
    }

    /** Returns what is missing of the outputs, or a part of it. */
    private CompletableFuture<Set<Digest>> missing(ActionResult result, List<Digest> trees) throws IOException {
        Set<Digest> outputs = outputs(result);
        for (Digest digest : trees) {
            Optional<Tree> tree = tree(digest);
            if (tree.isEmpty()) {
                return CompletableFuture.completedFuture(Set.of(digest));
            }
            addFiles(tree.get().getRoot(), outputs);
            tree.get().getChildrenList().forEach(child -> addFiles(child, outputs));
        }
        return cache.missing(outputs);
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private static <T> T unchecked(Work<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
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

    /** Returns a tree, unless it is missing, or not a tree. */
    private Optional<Tree> tree(Digest digest) throws IOException {
        Optional<ByteBuffer> content = SmallBlobs.read(cache.cache(), digest, MAX_TREE);
        try {
            return content.isEmpty()
                    ? Optional.empty()
                    : Optional.of(BoundedMessages.parse(Tree.getDefaultInstance(), content.get()));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }
}
