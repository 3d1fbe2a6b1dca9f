package io.blobstore.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a transfer in parallel parts, up or down. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class PartOptions {
    /** More threads than any store needs from one client. */
    private static final int MAX_CONCURRENCY = 1024;

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--part-size",
            converter = ByteSize.Converter.class,
            paramLabel = "SIZE",
            description = "The size of a part, adjusted to the store's limits; less content is sent in one request."
                    + " Default: 16MiB for uploads, 8MiB for downloads.")
    @Nullable ByteSize partSize;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "The number of parts in parallel. Default: 8 for uploads, 4 for downloads.")
    @Nullable Integer concurrency;

    /**
     * Returns the size of a part in bytes.
     *
     * @throws ParameterException if it is 0
     */
    long partSize(long defaultSize) {
        if (partSize == null) {
            return defaultSize;
        }
        if (partSize.bytes() < 1) {
            throw new ParameterException(command.commandLine(), "--part-size must be 1 or more");
        }
        return partSize.bytes();
    }

    /**
     * Returns the number of parts in parallel.
     *
     * @throws ParameterException if it is out of range
     */
    int concurrency(int defaultNumber) {
        if (concurrency == null) {
            return defaultNumber;
        }
        if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
            throw new ParameterException(
                    command.commandLine(), "--concurrency must be 1 to " + MAX_CONCURRENCY + "; got " + concurrency);
        }
        return concurrency;
    }
}
