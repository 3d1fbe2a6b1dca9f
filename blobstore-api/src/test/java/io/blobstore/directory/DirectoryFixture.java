package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two directories, a store in memory, and transfers between them. */
@ExtendWith(LeakCheck.class)
abstract class DirectoryFixture {
    static final DirectoryOptions CONTINUE =
            DirectoryOptions.builder().failureMode(FailureMode.CONTINUE).build();
    static final DirectoryOptions MIRROR = CONTINUE.toBuilder()
            .comparison(Comparison.SIZE_AND_CHECKSUM)
            .delete(true)
            .build();

    @TempDir
    Path temporary;

    final InMemoryBlobStore store = new InMemoryBlobStore();
    TransferManager transfers;
    DirectoryTransfer directories;
    Path source;
    Path target;

    @BeforeEach
    void open() throws IOException {
        transfers = TransferManager.create();
        directories = DirectoryTransfer.of(transfers);
        source = Files.createDirectory(temporary.resolve("source"));
        target = temporary.resolve("target");
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    void files(String... paths) throws IOException {
        for (String path : paths) {
            write(source.resolve(path), path);
        }
    }

    void blobs(String... keys) throws IOException {
        for (String key : keys) {
            store.store(BlobKey.of(key), ByteBuffer.wrap(key.getBytes()));
        }
    }

    Set<String> keys() throws IOException {
        return names(store);
    }

    static Set<String> names(BlobStore store) throws IOException {
        Set<String> names = new TreeSet<>();
        try (var listing = store.list(ListOptions.DEFAULT)) {
            while (listing.hasNext()) {
                names.add(listing.next().name());
            }
        }
        return names;
    }

    /** Returns the relative paths of all that is in the target directory, but directories. */
    Set<String> targetFiles() throws IOException {
        try (Stream<Path> paths = Files.walk(target)) {
            Set<String> names = new TreeSet<>();
            paths.filter(path -> !Files.isDirectory(path))
                    .forEach(path -> names.add(target.relativize(path).toString()));
            return names;
        }
    }

    DirectoryResult upload(DirectoryOptions options) throws Exception {
        return directories.upload(source, store, "p", options).join();
    }

    DirectoryResult download(DirectoryOptions options) throws Exception {
        return directories.download(store, "p", target, options).join();
    }

    static List<String> failed(DirectoryResult result) {
        return result.failures().stream().map(FileResult::path).sorted().toList();
    }

    static DirectoryListener recording(Outcome outcome, Set<String> paths) {
        return new DirectoryListener() {
            @Override
            public void onFile(FileResult file) {
                if (file.outcome() == outcome) {
                    paths.add(file.path());
                }
            }
        };
    }

    BlobStore failingFor(String key) {
        return new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey stored, BlobSource content, StoreOptions options) throws IOException {
                fail(stored);
                return super.store(stored, content, options);
            }

            @Override
            public ReadResult read(BlobKey read, ByteRange range, BlobTarget.Window window, ReadOptions options)
                    throws IOException {
                fail(read);
                return super.read(read, range, window, options);
            }

            void fail(BlobKey used) throws IOException {
                if (used.toString().equals(key)) {
                    throw new BlobStoreException(Operation.STORE, used, "injected", null, false);
                }
            }
        };
    }
}
