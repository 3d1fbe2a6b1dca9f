package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitInput;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.input.InputStreamChannel;
import io.blobstore.split.oci.OciDescriptor;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayer;
import io.blobstore.split.oci.OciManifest;
import io.blobstore.split.repository.OciImportResult.Blob;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The import of one image: one split for each blob, one after the other, in one session.
 *
 * <pre>
 * manifest and configuration verified ► layers ► configuration (refers to layers) ► manifest (refers to both) ► ref
 * </pre>
 *
 * <p>A layer is complete in itself, and has its name when it is stored; a repeated import finds it. Nothing keeps it
 * before the ref does.
 */
final class OciImportTask implements TransferTask<OciImportResult> {
    private static final Logger LOG = LoggerFactory.getLogger(OciImportTask.class);

    private final Repository repository;
    private final OciImage image;
    private final String ref;
    private final OciImportOptions options;
    private final int threads;

    // Written by the first worker, read by the last.
    private final Map<String, Blob> blobs = new LinkedHashMap<>();
    private ObjectStore.@Nullable Session session;
    private @Nullable SplitTask split;
    private @Nullable InputStream content;

    OciImportTask(Repository repository, OciImage image, String name, OciImportOptions options, int threads) {
        this.repository = repository;
        this.image = image;
        this.ref = OciNames.ref(name);
        this.options = options;
        this.threads = threads;
    }

    @Override
    public String description() {
        return "import of the image " + image;
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        OciManifest manifest = image.readManifest();
        Map<Sha256, OciLayer> layers = new LinkedHashMap<>();
        manifest.layers().forEach(layer -> layers.putIfAbsent(layer.id(), layer));
        long total = manifest.config().size() + image.manifest().size();
        for (OciLayer layer : layers.values()) {
            layer.blob(); // so that a missing one is known before others are stored
            total += layer.descriptor().size();
        }
        context.planned(total, 1);
        session = WriterSession.begin(repository.objects(), context);
        try {
            for (OciLayer layer : layers.values()) {
                addLayer(context, layer);
            }
            SplitOptions.Builder config = document(ContentType.OCI_CONFIG);
            SplitOptions.Builder top = document(ContentType.OCI_MANIFEST).stream(
                    OciNames.configReference(manifest.config().digest()),
                    OciNames.config(manifest.config().digest()));
            for (Sha256 id : layers.keySet()) {
                config.stream(id.toString(), OciNames.layer(id));
                top.stream(id.toString(), OciNames.layer(id));
            }
            BlobSource configText = BlobSource.of(manifest.configText());
            addDocument(
                    context,
                    manifest.config(),
                    OciNames.config(manifest.config().digest()),
                    config,
                    configText);
            OciDescriptor own = image.manifest();
            addDocument(context, own, OciNames.manifest(own.digest()), top, BlobSource.of(manifest.text()));
        } catch (WorkQueue.StoppedException e) {
            LOG.trace("{}: stopped", description());
        }
    }

    private SplitOptions.Builder document(ContentType type) {
        return SplitOptions.builder()
                .contentType(type)
                .splitter(OciImportTask::wholly)
                .heal(options.heal());
    }

    /** Makes everything one object, as composefs-rs does for what it may sign. */
    private static void wholly(SplitInput input, SplitSink sink) throws IOException {
        long size = input.available(Long.MAX_VALUE);
        if (size > 0) {
            sink.object(size, null);
        }
    }

    // ---- blobs

    private void addLayer(TransferContext context, OciLayer layer) throws IOException, InterruptedException {
        String name = OciNames.layer(layer.id());
        ContentType type = layer.isTar() ? ContentType.OCI_LAYER : ContentType.OCI_BLOB;
        if (addPresent(context, name, type, layer.descriptor(), Map.of())) {
            return;
        }
        SplitOptions.Builder split = SplitOptions.builder()
                .contentType(type)
                .splitter(layer.isTar() ? Splitter.tar() : OciImportTask::wholly)
                .heal(options.heal());
        if (!layer.isCompressed() || !layer.id().equals(layer.descriptor().digest())) {
            split.expected(layer.id());
        }
        BlobContext own = new BlobContext(context, image, layer.descriptor(), !layer.isCompressed());
        if (layer.isCompressed()) {
            InputStream opened = layer.open(options.maxLayerBytes(), context::moved);
            content = opened;
            add(own, name, SplitTask.of(repository, name, new InputStreamChannel(opened), split.build(), threads));
            content = null;
            opened.close();
        } else {
            SplitTask task;
            try (MappedFile blob = MappedFile.open(layer.blob())) {
                task = SplitTask.of(repository, name, blob.region(), split.build(), threads); // retains it
            }
            add(own, name, task);
        }
    }

    private void addDocument(
            TransferContext context, OciDescriptor descriptor, String name, SplitOptions.Builder split, BlobSource text)
            throws IOException, InterruptedException {
        SplitOptions built = split.build();
        if (!addPresent(context, name, built.contentType(), descriptor, built.streams())) {
            SplitTask task = SplitTask.of(repository, name, text, built, threads);
            add(new BlobContext(context, image, descriptor, true), name, task);
        }
    }

    /** Adds a stream that the repository has, and that refers to the same streams as a new one would. */
    private boolean addPresent(
            TransferContext context,
            String name,
            ContentType type,
            OciDescriptor descriptor,
            Map<String, String> streams)
            throws IOException, InterruptedException {
        WorkQueue.requireRunning(context);
        ObjectStore.Session current = Optional.ofNullable(session).orElseThrow(IllegalStateException::new);
        PresentStream.Search search = new PresentStream.Search(repository, current, context, threads, options.heal());
        Optional<PresentStream> found = search.find(name, type);
        if (found.isEmpty()) {
            return false;
        }
        for (Map.Entry<String, String> reference : streams.entrySet()) {
            Blob blob = blobs.get(reference.getValue());
            ObjectId named = found.get().names().get(reference.getKey());
            if (blob == null || !Objects.equals(blob.stream(), named)) {
                return false;
            }
        }
        context.moved(descriptor.size());
        blobs.put(name, new Blob(name, found.get().id(), true, new SplitProgress(0, 0, 0, 0, 0, 0, 0)));
        return true;
    }

    private void add(BlobContext context, String name, SplitTask task) throws IOException, InterruptedException {
        split = task;
        task.joining(Optional.ofNullable(session).orElseThrow(IllegalStateException::new));
        context.run(() -> task.begin(context));
        WorkQueue.requireRunning(context);
        SplitResult result = task.complete(context);
        split = null;
        task.release(null);
        blobs.put(name, new Blob(name, result.stream(), false, result.progress()));
    }

    // ---- the end

    @Override
    public OciImportResult complete(TransferContext context) throws IOException, InterruptedException {
        Sha256 digest = image.manifest().digest();
        String stream = OciNames.manifest(digest);
        ObjectId id = Optional.ofNullable(blobs.get(stream)).orElseThrow(IllegalStateException::new).stream();
        ObjectStore.Session current = Optional.ofNullable(session).orElseThrow(IllegalStateException::new);
        context.retrying("link ref", () -> {
            current.sync(); // it may rely on streams that were present
            repository.objects().setLink(RepositoryPaths.ref(ref), RepositoryPaths.stream(stream));
            return id;
        });
        return new OciImportResult(ref, digest, id, List.copyOf(blobs.values()));
    }

    @Override
    public void release(@Nullable Throwable problem) {
        SplitTask unfinished = split;
        if (unfinished != null) {
            unfinished.release(problem);
        }
        for (Closeable resource : Arrays.asList(content, session)) {
            try {
                if (resource != null) {
                    resource.close();
                }
            } catch (IOException | RuntimeException e) {
                if (problem != null) {
                    problem.addSuppressed(e);
                }
                LOG.warn("{}: a resource was not released", description(), e);
            }
        }
    }
}
