package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.directory.DirectoryListener;
import io.blobstore.directory.DirectoryOptions;
import io.blobstore.directory.DirectoryResult;
import io.blobstore.directory.DirectoryTransfer;
import io.blobstore.directory.FileResult;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import picocli.CommandLine.ExitCode;

/** Runs one directory transfer, prints its failures as they occur, and its report. */
final class TreeRun {
    /** Threads for the parts of large files, beside one for each file in flight. */
    private static final int PART_THREADS = 8;

    private final OutputOption output;
    private final String title;

    /** @param title what the progress bar says */
    TreeRun(OutputOption output, String title) {
        this.output = output;
        this.title = title;
    }

    /** Starts a transfer with a listener that prints. */
    @FunctionalInterface
    interface Begin {
        Transfer<DirectoryResult> begin(DirectoryTransfer directories, DirectoryOptions options);
    }

    /** Transfers between two endpoints of which at least one is in a store. */
    int transfer(EndpointOption stores, Endpoint source, Endpoint target, DirectoryOptions options) throws IOException {
        if (source instanceof Endpoint.Local from && target instanceof Endpoint.InStore to) {
            return inStore(
                    stores,
                    to,
                    options,
                    store -> (directories, all) -> directories.upload(from.path(), store, to.name(), all));
        }
        if (source instanceof Endpoint.InStore from && target instanceof Endpoint.Local to) {
            return inStore(
                    stores,
                    from,
                    options,
                    store -> (directories, all) -> directories.download(store, from.name(), to.path(), all));
        }
        if (source instanceof Endpoint.InStore from && target instanceof Endpoint.InStore to) {
            try (StorePair pair = StorePair.open(stores, from, to)) {
                return run(
                        options,
                        pair.isOne() ? TransferRun.MOST_BYTES_IN_FLIGHT : TransferRun.partMemory(),
                        (directories, all) ->
                                directories.copy(pair.source(), from.name(), pair.target(), to.name(), all));
            }
        }
        throw localOnly(stores);
    }

    /** Returns the failure for two local endpoints. */
    static RuntimeException localOnly(EndpointOption stores) {
        return stores.wrongUsage("one of source and target must be in a store; use 'cp' of the system for local files");
    }

    /** Runs a transfer with one store, which is opened. */
    int inStore(
            EndpointOption stores,
            Endpoint.InStore endpoint,
            DirectoryOptions options,
            Function<BlobStore, Begin> transfer)
            throws IOException {
        try (BlobStore store = stores.open(endpoint)) {
            return run(options, TransferRun.MOST_BYTES_IN_FLIGHT, transfer.apply(store));
        }
    }

    private int run(DirectoryOptions options, long maxBytesInFlight, Begin begin) throws IOException {
        Printer printer = new Printer(options.dryRun());
        DirectoryOptions printing = options.toBuilder().listener(printer).build();
        ExecutorService threads = TransferRun.threads(options.concurrency() + PART_THREADS);
        try (ProgressBar bar = output.bar(title).counting(printer.files::get);
                TransferManager manager = TransferManager.builder()
                        .executor(threads)
                        .maxBytesInFlight(maxBytesInFlight)
                        .build()) {
            DirectoryTransfer directories = DirectoryTransfer.of(manager);
            Measurement<DirectoryResult> end = TransferRun.await(bar, () -> begin.begin(directories, printing));
            bar.close();
            if (isNothing(end.result())) {
                output.warn("no file was found; check the name, and the patterns");
            }
            report(end, options.dryRun());
            return end.result().failed() == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
        } catch (CancellationException e) {
            throw new IOException("cancelled; files that were transferred by then stay, each of them whole", e);
        } finally {
            threads.shutdown();
        }
    }

    private static boolean isNothing(DirectoryResult result) {
        return result.transferred() + result.unchanged() + result.skipped() + result.deleted() + result.failed() == 0;
    }

    private void report(Measurement<DirectoryResult> end, boolean dryRun) {
        DirectoryResult result = end.result();
        Report report = new Report();
        if (dryRun) {
            report.add("dryRun", true, "dry run", "nothing was changed");
        }
        output.print(report.add("files", result.transferred())
                .add("bytes", result.bytes(), "size", ByteSize.exactText(result.bytes()))
                .add("unchanged", result.unchanged())
                .add("skipped", result.skipped())
                .add("deleted", result.deleted())
                .add("failed", result.failed())
                .add("seconds", end.seconds(), "time", String.format("%.3f s", end.seconds()))
                .value("retries", end.retries()));
    }

    /** Prints each failure, and in a dry run what would be done. Called by one thread at a time. */
    private final class Printer implements DirectoryListener {
        private final boolean dryRun;
        /** The files that were transferred, found unchanged, or deleted. */
        private final AtomicLong files = new AtomicLong();

        Printer(boolean dryRun) {
            this.dryRun = dryRun;
        }

        @Override
        public void onFile(FileResult file) {
            if (file.failure().isPresent()) {
                output.failed(file.path(), file.failure().get());
                return;
            }
            files.incrementAndGet();
            if (dryRun && !output.json && file.outcome() != Outcome.UNCHANGED) {
                String what = file.outcome() == Outcome.DELETED ? "would delete " : "would transfer ";
                output.reportOut().println(what + ErrorLine.printable(file.path()));
            }
        }
    }
}
