package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.SourceChangedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.TarFormatException;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A source that ends early or is no archive leaves no name and no temporary file in a directory. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SourceFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int FILES = 100;

    @TempDir
    Path directory;

    private TransferManager transfers;
    private Path root;
    private ComposefsDirectory store;

    @BeforeEach
    void create() throws IOException {
        transfers = TransferManager.create();
        root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        store = Fixture.open(root);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
        transfers.close();
    }

    private SplitResult split(ObjectStore into, BlobSource source, Splitter splitter) throws Exception {
        SplitOptions options = SplitOptions.builder()
                .splitter(splitter)
                .ref("r")
                .concurrency(4)
                .build();
        return SplitEngine.of(transfers)
                .split(Repository.of(into), "s", source, options)
                .join(LIMIT);
    }

    private void assertNothingIsLeft() throws IOException {
        Repository repository = Repository.of(store);
        assertThat(repository.streams()).isEmpty();
        assertThat(repository.refs()).isEmpty();
        assertThat(Fixture.temporaries(root)).isEmpty();
        assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).isClean())
                .isTrue();
        assertThat(Fixture.objects(store)).isEmpty();
    }

    @Test
    void noBadArchiveLeavesAnything() throws Exception {
        List<String> names = Vectors.names("bad-tars", ".tar.zst").toList();
        assertThat(names).hasSize(25);
        for (String name : names) {
            ByteBuffer tar = Vectors.decompress("bad-tars/" + name + ".tar.zst");
            assertThatThrownBy(() -> split(store, BlobSource.of(tar), Splitter.tar()))
                    .as(name)
                    .isInstanceOf(TarFormatException.class)
                    .hasMessageContaining("at byte ");
            assertNothingIsLeft();
        }
    }

    @Test
    void aSplitterThatDeclaresAnEmptyObjectIsRefused() throws Exception {
        for (long length : new long[] {0, -1}) {
            assertThatThrownBy(() -> split(store, BlobSource.of(ByteBuffer.allocate(100)), (input, sink) -> {
                        sink.inline(50);
                        sink.object(length, "empty");
                        sink.inline(50);
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("an object has 1 or more bytes");
            assertNothingIsLeft();
        }
    }

    /** The n-th object that is stored, counted from 1, and how much of the file is left after that. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20, 40, 60, 80, FILES})
    void aFileThatIsCutWhileItIsSplitFailsTheSplit(int object) throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, FILES, 3000));
        for (int left : new int[] {0, 512, tar.remaining() / 2, tar.remaining() - 1}) {
            Path file = Files.write(directory.resolve("tar"), tar.array());
            AtomicInteger stored = new AtomicInteger();
            ObjectStore cutting = new Hooked(store, () -> {
                if (stored.incrementAndGet() == object) {
                    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                        access.setLength(left);
                    }
                }
            });
            assertThatThrownBy(() -> split(cutting, BlobSource.ofPath(file), Splitter.tar()))
                    .isInstanceOf(SourceChangedException.class);
            assertNothingIsLeft();
        }
    }

    @FunctionalInterface
    private interface Hook {
        void run() throws IOException;
    }

    /** A store that runs something after each object. */
    private record Hooked(ObjectStore store, Hook hook) implements ObjectStore {
        @Override
        public boolean put(ObjectId id, BlobSource content, boolean replace) throws IOException {
            boolean put = store.put(id, content, replace);
            hook.run();
            return put;
        }

        @Override
        public ObjectHash hash() {
            return store.hash();
        }

        @Override
        public int concurrency() {
            return store.concurrency();
        }

        @Override
        public Optional<StoredObject> find(ObjectId id) throws IOException {
            return store.find(id);
        }

        @Override
        public void read(ObjectId id, ByteRange range, BlobTarget.Window target) throws IOException {
            store.read(id, range, target);
        }

        @Override
        public void forEachObject(ObjectVisitor visitor) throws IOException {
            store.forEachObject(visitor);
        }

        @Override
        public Optional<String> link(String name) throws IOException {
            return store.link(name);
        }

        @Override
        public void setLink(String name, String target) throws IOException {
            store.setLink(name, target);
        }

        @Override
        public void deleteLink(String name) throws IOException {
            store.deleteLink(name);
        }

        @Override
        public List<String> links(String prefix) throws IOException {
            return store.links(prefix);
        }

        @Override
        public void renew(ObjectId id) throws IOException {
            store.renew(id);
        }

        @Override
        public Session beginSession(UUID id) throws IOException {
            return store.beginSession(id);
        }

        @Override
        public Sweep beginSweep(Duration wait, Duration grace) throws IOException {
            return store.beginSweep(wait, grace);
        }

        @Override
        public void close() throws IOException {
            store.close();
        }
    }
}
