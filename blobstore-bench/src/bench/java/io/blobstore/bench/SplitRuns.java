package io.blobstore.bench;

import io.blobstore.BlobTarget;
import io.blobstore.RetainedSource;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.input.SourceInput;
import io.blobstore.split.repository.ComposefsDirectory;
import io.blobstore.split.repository.ComposefsDirectory.Durability;
import io.blobstore.split.repository.ComposefsDirectory.Locking;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Splits a mapped tar archive into a repository on disk, or merges it. */
final class SplitRuns {
    private static final String STREAM = "stream";

    private SplitRuns() {}

    /** Splits on a number of threads, into a new repository in each round or into one that has everything. */
    static Workload.Run split(Workload.Spec spec, int threads, boolean isNew) throws IOException {
        Splitting run = new Splitting(spec, threads);
        if (isNew) {
            return run;
        }
        run.prepare();
        run.round();
        return new Workload.Run() {
            @Override
            public void round() throws IOException, InterruptedException {
                run.round();
            }

            @Override
            public void close() throws IOException {
                run.close();
            }
        };
    }

    /** Merges, after a split. */
    static Workload.Run merge(Workload.Spec spec) throws IOException {
        Splitting split = new Splitting(spec, 0);
        split.prepare();
        split.round();
        Path merged = spec.directory().resolve("merged");
        return new Workload.Run() {
            @Override
            public void prepare() throws IOException {
                Files.deleteIfExists(merged);
            }

            @Override
            public void round() throws IOException, InterruptedException {
                split.engine
                        .merge(split.repository(), STREAM, BlobTarget.ofPath(merged))
                        .join();
            }

            @Override
            public void close() throws IOException {
                split.close();
            }
        };
    }

    private static final class Splitting implements Workload.Run {
        private final Path root;
        private final MappedFile source;
        private final TransferManager transfers = TransferManager.create();
        private final SplitOptions options;
        final SplitEngine engine = SplitEngine.of(transfers);
        private @Nullable ComposefsDirectory objects;

        Splitting(Workload.Spec spec, int threads) throws IOException {
            root = spec.directory().resolve("repository");
            source = MappedFile.open(spec.source());
            options = SplitOptions.builder()
                    .contentType(ContentType.OCI_LAYER)
                    .concurrency(threads)
                    .build();
        }

        /** Replaces the repository by an empty one. */
        @Override
        public void prepare() throws IOException {
            closeRepository();
            Workspace.delete(root);
            ComposefsDirectory.create(root, ObjectHash.SHA_256);
            objects = ComposefsDirectory.open(root, Locking.JAVA_ONLY, Durability.NONE);
        }

        Repository repository() {
            ComposefsDirectory opened = objects;
            if (opened == null) {
                throw new IllegalStateException("the workload is not prepared");
            }
            return Repository.of(opened);
        }

        @Override
        public void round() throws IOException {
            try {
                engine.split(repository(), STREAM, source.region(), options).join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void closeRepository() throws IOException {
            if (objects != null) {
                objects.close();
            }
        }

        @Override
        public void close() throws IOException {
            transfers.close();
            closeRepository();
            source.close();
        }
    }

    /** Parses and encodes as {@code SplitEngine} does, with ids that nobody computes. */
    static Workload.Run serial(Workload.Spec spec) throws IOException {
        MappedFile source = MappedFile.open(spec.source());
        return new Workload.Run() {
            @Override
            public void round() throws IOException {
                try (SourceInput input = SourceInput.open(source.region());
                        SplitStreamWriter stream =
                                SplitStreamWriter.create(ObjectHash.SHA_256, ContentType.OCI_LAYER, spec.directory())) {
                    Encoding sink = new Encoding(input, stream);
                    Splitter.tar().split(input, sink);
                    sink.endRun();
                    stream.finish();
                }
            }

            @Override
            public void close() throws IOException {
                source.close();
            }
        };
    }

    private static final class Encoding implements SplitSink {
        private final SourceInput input;
        private final SplitStreamWriter stream;
        private long runStart;
        private long objects;

        Encoding(SourceInput input, SplitStreamWriter stream) {
            this.input = input;
            this.stream = stream;
        }

        @Override
        public void inline(long length) throws IOException {
            input.consume(length);
        }

        @Override
        public void object(long length, @Nullable String entry) throws IOException {
            endRun();
            byte[] id = new byte[ObjectHash.SHA_256.bytes()];
            ByteBuffer.wrap(id).putLong(objects++ * 0x9E3779B97F4A7C15L); // spread like a digest
            stream.object(ObjectId.of(ObjectHash.SHA_256, id), length);
            input.consume(length);
            runStart = input.position();
        }

        void endRun() throws IOException {
            try (RetainedSource run = input.retainUnchecked(runStart, input.position() - runStart)) {
                stream.inlineRun(run);
            }
        }
    }
}
