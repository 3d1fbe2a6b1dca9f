package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** composefs fetches streams over HTTP from a bucket that this library has written. */
@Campaign(representedBy = SplitMergeTest.class)
@EnabledIfEnvironmentVariable(
        named = Cfsctl.VARIABLE,
        matches = ".+",
        disabledReason = "cfsctl is not there; .ci/with-servers builds it where Cargo is installed")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class ComposefsFetchTest {
    @TempDir
    private Path directory;

    private BlobStore bucket;
    private TransferManager transfers;
    private ExecutorService handlers;
    private HttpServer server;
    private Path root;
    private Cfsctl cfsctl;

    @BeforeEach
    void create() throws Exception {
        root = directory.resolve("repository");
        cfsctl = Cfsctl.find(root, Files.createDirectory(directory.resolve("scratch")))
                .orElseThrow();
        bucket = BlobStores.open("mem:");
        transfers = TransferManager.create();
        handlers = Executors.newFixedThreadPool(4);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::serve);
        server.setExecutor(handlers);
        server.start();
    }

    @AfterEach
    void close() throws IOException {
        server.stop(0);
        handlers.shutdownNow();
        transfers.close();
        bucket.close();
    }

    /** Answers as a public bucket does: with a blob and its type. */
    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            BlobKey key = BlobKey.of(exchange.getRequestURI().getPath().substring(1));
            BlobMetadata blob;
            try {
                blob = bucket.head(key);
            } catch (BlobNotFoundException e) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            ByteBuffer content = ByteBuffer.allocate((int) blob.size());
            bucket.read(key, ByteRange.all(), content);
            blob.contentType().ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
            exchange.sendResponseHeaders(200, blob.size() == 0 ? -1 : blob.size());
            exchange.getResponseBody().write(content.array());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamOfABucketIsFetchedWhole(ObjectHash hash) throws Exception {
        assumeTrue(cfsctl.run("fetch", "--help").code() == 0, "this cfsctl was built without the feature 'http'");
        Repository repository = Repository.of(BlobStoreObjects.of(bucket, hash));
        cfsctl.text("init", "--insecure", "--algorithm", hash.metaName(), root.toString());
        String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
        for (String name : new String[] {"mixed", "duplicates", "merkle", "sizes", "no-bytes", "pax"}) {
            ByteBuffer tar = Vectors.decompress("tars/" + name + ".tar.zst");
            SplitResult split = SplitEngine.of(transfers)
                    .split(
                            repository,
                            name,
                            BlobSource.of(tar),
                            SplitOptions.builder().ref(name).build())
                    .join();
            assertThat(cfsctl.text("fetch", url, name))
                    .contains(
                            "content sha256:" + Sha256.of(tar.duplicate()).hex(),
                            "verity " + split.stream().hex());
            try (ComposefsDirectory fetched = Fixture.open(root)) { // has no name there
                ObjectId id = split.stream();
                fetched.setLink("streams/" + name, "objects/" + id.path());
                Fixture.assertSame(Fixture.merge(transfers, Repository.of(fetched), name, tar.remaining()), tar);
            }
            Fixture.assertSame(cfsctl.cat(name), tar);
        }
        cfsctl.requireClean();
    }
}
