package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.IncompleteUpload;
import io.blobstore.UploadListing;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blobstore uploads}. Prints uploads as they arrive, each after it was aborted. */
@Command(
        name = "uploads",
        description = {
            "Lists incomplete uploads: time begun, id, name. They are in progress, or their process died.",
            "With --abort, aborts what it lists, which frees the space; without, it changes nothing."
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class UploadsCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PREFIX",
            arity = "0..1",
            defaultValue = "",
            description = "The prefix of the blobs' names. Default: all uploads.")
    String prefix;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            converter = DurationConverter.class,
            description = "Only uploads begun before that time: 90s, 30m, 12h, 7d. Excludes those in progress.")
    @Nullable Duration olderThan;

    @Option(names = "--abort", description = "Abort the listed uploads. An upload in progress then fails.")
    boolean abort;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Optional<Instant> before =
                Optional.ofNullable(olderThan).map(age -> Instant.now().minus(age));
        try (BlobStore target = store.open();
                UploadListing uploads = target.listUploads(prefix)) {
            return print(target, uploads, before);
        }
    }

    /** Returns whether an upload is selected; one without a known time is not older than anything. */
    private static boolean isSelected(IncompleteUpload upload, Optional<Instant> before) {
        return before.isEmpty()
                || upload.initiated().filter(before.get()::isAfter).isPresent();
    }

    private int print(BlobStore target, UploadListing uploads, Optional<Instant> before) throws IOException {
        Listing listing = output.listing();
        int code = ExitCode.OK;
        while ((abort || listing.isOpen()) && uploads.hasNext()) {
            IncompleteUpload upload = uploads.next();
            if (!isSelected(upload, before)) {
                continue;
            }
            if (abort && !isAborted(target, upload)) {
                code = ExitCode.SOFTWARE;
                continue;
            }
            String time = upload.initiated()
                    .map(initiated -> initiated.truncatedTo(ChronoUnit.SECONDS).toString())
                    .orElse("-");
            listing.print(String.format("%-20s  %s  %s", time, upload.id(), upload.key()), values(upload));
        }
        return code;
    }

    private Map<String, Object> values(IncompleteUpload upload) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("key", upload.key().toString());
        values.put("id", upload.id());
        upload.initiated().ifPresent(initiated -> values.put("initiated", initiated.toString()));
        values.put("aborted", abort);
        return values;
    }

    /** Aborts an upload; a failure is printed, and does not keep the others from being aborted. */
    private boolean isAborted(BlobStore target, IncompleteUpload upload) throws IOException {
        try {
            target.abortUpload(upload.key(), upload.id());
            return true;
        } catch (BlobStoreException e) {
            output.failed(e);
            return false;
        }
    }
}
