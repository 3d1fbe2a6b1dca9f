package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Stores a mapped file in the local store, compared with {@code cp} and the JDK, which verify nothing. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class LocalStoreBenchmark {
    @Param("1024")
    private int mib;

    private Workspace workspace;
    private Path source;
    private Path copy;
    private BlobStore store;
    private TransferManager uploader;
    private MappedFile file;

    /** Creates the source, in memory if there is room. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        long size = (long) mib << 20;
        workspace = Workspace.in(Workspace.parent(Optional.empty(), 3 * size));
        source = workspace.content("source", size);
        copy = workspace.directory().resolve("copy");
        Path root = Files.createDirectory(workspace.directory().resolve("store"));
        store = BlobStores.open(root.toUri() + "?durability=none");
        uploader = TransferManager.create();
        file = MappedFile.open(source);
    }

    /** Closes and deletes everything. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        uploader.close();
        file.close();
        store.close();
        workspace.close();
    }

    /** Uploads in parts, with checksums, atomically. */
    @Benchmark
    public Object store() throws IOException, InterruptedException {
        return uploader.upload(store, BlobKey.of("blob"), file.region(), UploadOptions.DEFAULT)
                .join();
    }

    /** Copies with {@code cp}. */
    @Benchmark
    public int cp() throws IOException, InterruptedException {
        int exit = new ProcessBuilder("cp", source.toString(), copy.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("cp failed: " + exit);
        }
        return exit;
    }

    /** Copies with {@code Files.copy}. */
    @Benchmark
    public Object filesCopy() throws IOException {
        return Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
    }
}
