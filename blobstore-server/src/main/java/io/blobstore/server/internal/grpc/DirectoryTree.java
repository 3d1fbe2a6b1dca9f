package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.DirectoryNode;
import build.bazel.remote.execution.v2.GetTreeRequest;
import build.bazel.remote.execution.v2.GetTreeResponse;
import com.google.protobuf.InvalidProtocolBufferException;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.internal.CacheAccess;
import io.grpc.Status;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks the directories below a root, breadth first, each one once. Directories that are not stored are left out, as
 * the API asks.
 */
final class DirectoryTree implements Messages<GetTreeResponse> {
    /** A directory of more bytes is left out: it could not be sent. */
    private static final int MAX_DIRECTORY = 4 << 20;

    /** No tree has more directories; a larger one is an attack or a mistake. */
    private static final int MAX_DIRECTORIES = 1 << 20;

    private static final int FETCH_SECONDS = 30;
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryTree.class);

    private final CacheAccess cache;
    private final int pageSize;
    private final ArrayDeque<Digest> waiting = new ArrayDeque<>();
    private final Set<Digest> seen = new HashSet<>();

    private DirectoryTree(CacheAccess cache, int pageSize, Digest root) {
        this.cache = cache;
        this.pageSize = pageSize;
        add(root);
    }

    /**
     * Creates the response to a request.
     *
     * @throws io.grpc.StatusRuntimeException if the root is not there
     */
    static DirectoryTree of(CacheAccess cache, GetTreeRequest request) throws IOException {
        if (!request.getPageToken().isEmpty()) {
            throw new IllegalArgumentException("this server sends all pages in one call; page tokens are not needed");
        }
        Digest root = Digests.of(request.getRootDigest());
        if (!cache.cache().contains(root)) {
            throw Status.NOT_FOUND
                    .withDescription("there is no directory " + root)
                    .asRuntimeException();
        }
        return new DirectoryTree(cache, request.getPageSize() > 0 ? request.getPageSize() : Integer.MAX_VALUE, root);
    }

    @Override
    public Optional<GetTreeResponse> next(int maxBytes) throws IOException {
        GetTreeResponse.Builder page = GetTreeResponse.newBuilder();
        long bytes = 0;
        while (!waiting.isEmpty() && page.getDirectoriesCount() < pageSize) {
            Digest digest = waiting.element();
            if (bytes > 0 && bytes + digest.size() > maxBytes) {
                break;
            }
            waiting.remove();
            Optional<Directory> directory = read(digest);
            if (directory.isPresent()) {
                page.addDirectories(directory.get());
                bytes += digest.size();
                for (DirectoryNode child : directory.get().getDirectoriesList()) {
                    add(Digests.of(child.getDigest()));
                }
            }
        }
        return page.getDirectoriesCount() > 0 ? Optional.of(page.build()) : Optional.empty();
    }

    @Override
    public void close() {
        waiting.clear();
    }

    private void add(Digest digest) {
        if (seen.add(digest)) {
            if (seen.size() > MAX_DIRECTORIES) {
                throw new IllegalArgumentException("the tree has more than " + MAX_DIRECTORIES + " directories");
            }
            waiting.add(digest);
        }
    }

    /** Fetches a directory that only the remote cache has: one at a time, so that a tree takes one thread. */
    private void awaitFetch(Digest digest) throws IOException {
        if (cache.remote().isEmpty()
                || digest.size() > MAX_DIRECTORY
                || cache.cache().contains(digest)) {
            return;
        }
        try {
            cache.fetch(Keyspace.CAS, digest.sha256()).get(FETCH_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("{} is left out", digest, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a directory was fetched");
        }
    }

    private Optional<Directory> read(Digest digest) throws IOException {
        awaitFetch(digest);
        Optional<ByteBuffer> content = SmallBlobs.read(cache.cache(), digest, MAX_DIRECTORY);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(BoundedMessages.parse(Directory.getDefaultInstance(), content.get()));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException(digest + " is not a directory: " + e.getMessage(), e);
        }
    }
}
