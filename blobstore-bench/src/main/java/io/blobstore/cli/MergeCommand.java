package io.blobstore.cli;

import io.blobstore.BlobTarget;
import io.blobstore.split.repository.MergeResult;
import io.blobstore.split.repository.SplitContent;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore merge}. */
@Command(
        name = "merge",
        description = "Writes the content of a split stream, which is verified; the file appears when it is complete.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class MergeCommand implements Callable<Integer> {
    private static final int BUFFER = 1 << 20;

    @ParentCommand
    Main main;

    @Parameters(index = "0", paramLabel = "STREAM", description = "The stream's name, or refs/REF.")
    String stream;

    @Parameters(index = "1", paramLabel = "FILE", description = "The file to write; - for standard output.")
    String file;

    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        main.holdExit();
        try (RepositoryOption.Opened opened = store.open();
                TransferManager transfers = TransferManager.create()) {
            SplitEngine engine = SplitEngine.of(transfers);
            if (file.equals("-")) {
                print(engine, opened);
                return ExitCode.OK;
            }
            try (ProgressBar bar = output.bar("Merging")) {
                MergeResult result = TransferRun.await(
                                bar, () -> engine.merge(opened.repository(), stream, BlobTarget.ofPath(Path.of(file))))
                        .result();
                output.print(new Report()
                        .add("stream", result.stream().toString())
                        .add("file", file)
                        .add("bytes", result.bytes())
                        .add("objects", result.objects()));
            }
            return ExitCode.OK;
        }
    }

    /** Writes the content in order, and each object only after it was verified. */
    private void print(SplitEngine engine, RepositoryOption.Opened opened) throws IOException {
        try (SplitContent content = engine.open(opened.repository(), stream)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
            while (content.read(buffer.clear()) > 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    main.content().write(buffer);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the stream was opened");
        }
    }
}
