package io.blobstore.cli;

import io.blobstore.split.oci.OciImage;
import io.blobstore.split.repository.OciImportOptions;
import io.blobstore.split.repository.OciImportResult;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitProgress;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Stores container images one after the other, and reports them together. */
final class ImageImport {
    private final Repository repository;
    private final OutputOption output;
    private final List<Map<String, Object>> images = new ArrayList<>();
    private final Report report = new Report();
    private long bytesStored;
    private long objectsStored;
    private int blobsPresent;
    private int blobs;

    ImageImport(Repository repository, OutputOption output) {
        this.repository = repository;
        this.output = output;
    }

    /** Stores images under given names; those before one that fails stay. */
    void run(Map<String, OciImage> named, boolean heal, int threads) throws IOException {
        try (TransferManager transfers = TransferManager.create()) {
            SplitEngine engine = SplitEngine.of(transfers);
            for (Map.Entry<String, OciImage> image : named.entrySet()) {
                OciImportOptions options = OciImportOptions.builder()
                        .name(image.getKey())
                        .heal(heal)
                        .concurrency(threads)
                        .build();
                try (ProgressBar bar = output.bar("Storing " + image.getKey())) {
                    add(TransferRun.await(bar, () -> engine.importImage(repository, image.getValue(), options))
                            .result());
                }
            }
        }
        output.print(report.value("images", images)
                .add("blobs", blobs)
                .add("blobsPresent", blobsPresent)
                .add("objectsStored", objectsStored)
                .add("bytesStored", bytesStored));
    }

    private void add(OciImportResult image) {
        SplitProgress progress = image.progress();
        blobs += image.blobs().size();
        blobsPresent += (int)
                image.blobs().stream().filter(OciImportResult.Blob::present).count();
        objectsStored += progress.objectsStored();
        bytesStored += progress.bytesStored();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("ref", image.ref());
        values.put("manifest", image.manifest().toString());
        values.put("stream", image.stream().toString());
        values.put(
                "streams",
                image.blobs().stream().map(OciImportResult.Blob::name).toList());
        images.add(values);
        report.line("refs/" + image.ref(), image.manifest().toString());
    }
}
