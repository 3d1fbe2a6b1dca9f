package io.blobstore.bench;

import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A command that measures rows, and can do so with a part of the content. */
abstract class ScaledBench extends RowBench {
    @Option(
            names = "--scale",
            paramLabel = "PART",
            description = "The part of the content that is used, to try the benchmark out. Default: ${DEFAULT-VALUE}.")
    double scale = 1;

    ScaledBench(int rounds, int warmUp) {
        super(rounds, warmUp);
    }

    @Override
    final double scale() {
        if (!(scale > 0 && scale <= 1)) {
            throw new ParameterException(command.commandLine(), "--scale must be more than 0, and at most 1");
        }
        return scale;
    }
}
